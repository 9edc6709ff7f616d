"""What a mail promises becomes drafts, on each order it is about; nothing is said by them until somebody presses."""

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from procurement.acknowledgments.files.reading import read_file
from procurement.acknowledgments.services import keep_upload
from procurement.mailroom.messages import DraftLine, MailFile, Opened, Unsure
from procurement.mailroom.models import InboundMail, MailDraft
from procurement.mailroom.policies.drafting import ANSWER, CHANGE, REPLY, draft_lines, overlaps
from procurement.mailroom.policies.opening import readable
from procurement.mailroom.queries import (
    MAILROOM,
    believed_moment,
    context_of,
    known_lines,
    orders_named,
    raw_of,
)
from procurement.mailroom.services.saying import written_now
from procurement.mailroom.states import DRAFT_LIFECYCLE, DraftKind, DraftState
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import visible_orders
from procurement.orders.states import OrderState
from procurement.reading.reader import read_mail
from procurement.threads.models import Message
from procurement.threads.policies import extension_of, safe_name
from suppliers.models import User

SHEETS = ("xlsx", "csv")
MOST_UNSURE = 100  # statements of one mail; a person who finds so many reads the mail
LARGEST_SHEET = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class About:
    """A mail, the order whose thread it went to, what was said there, and what else came with it.

    `is_known`: its author is one of the supplier's. A stranger's word takes no draft of theirs away.
    """

    mail: InboundMail
    order: PurchaseOrder
    said: Message
    opened: Opened
    orders: Sequence[PurchaseOrder] = ()
    is_known: bool = True


def hold_orders(
    order: PurchaseOrder, opened: Opened, *, author: Actor, alone: bool = False
) -> list[PurchaseOrder]:
    """The order of a mail, and those it names besides: of its author's supplier, never of another. All are held.

    `alone`: its author is a stranger who has one of our mails, and is heard on that one order. Everybody holds orders
    before what hangs on them, and by id; so nobody waits for one who waits for them.
    """
    named: list[PurchaseOrder] = []
    if not alone:
        with acting(author):
            named = orders_named([opened.subject, written_now(opened)], actor=author)
    keys = [order.pk, *(one.pk for one in named if one.pk != order.pk)]
    wanted = visible_orders(MAILROOM).filter(pk__in=keys, supplier=order.supplier_id)
    wanted = wanted.select_related("company", "supplier", "ship_to").order_by("id")
    held = {one.pk: one for one in wanted.select_for_update(of=("self",))}
    return [held[pk] for pk in keys if pk in held]


def make_drafts(about: About, *, author: Actor, at: datetime) -> tuple[list[MailDraft], list[Unsure]]:
    """Read what a supplier's mail promises; returns the drafts, and what was unsure on orders without one."""
    order, opened = about.order, about.opened
    orders = [one for one in about.orders if one.state == OrderState.ISSUED]
    if not orders:
        return [], []
    written_at = believed_moment(about.mail)
    language = language_of(author, order)
    context = context_of(
        orders, written_at=written_at, writer=opened.sender_name or author.label, language=language
    )
    reading = read_mail(readable(raw_of(about.mail, actor=MAILROOM)), context)
    drafts: list[MailDraft] = []
    left: list[Unsure] = []
    for one in orders:
        said = [commitment for commitment in reading.commitments if commitment.order == one.number]
        if not said:
            continue
        found = draft_lines(
            said,
            known_lines(one, written_at=written_at),
            contradicts_itself=reading.flags.contradicts_itself,
        )
        made = [
            _draft(about, one, kind, lines, found.unsure, author=author, at=at)
            for kind, lines in (
                (DraftKind.ACKNOWLEDGMENT, found.lines[ANSWER]),
                (DraftKind.CHANGE, found.lines[CHANGE]),
                (DraftKind.REPLY, found.lines[REPLY]),
            )
            if lines
        ]
        drafts += made
        left += [] if made else found.unsure[:MOST_UNSURE]
    names: set[str] = set()
    for file in opened.files:
        sheet = _sheet(about, replace(file, name=_unlike(file.name, names)), language, author=author, at=at)
        names.update(draft.file_name for draft in sheet)
        drafts += sheet
    return drafts, left[:MOST_UNSURE]


def _unlike(name: str, names: Collection[str]) -> str:
    """The name of a file, with a number if another one of the mail has it: it tells their drafts apart."""
    safe = safe_name(name)
    stem, _dot, extension = safe.rpartition(".")
    found, number = safe, 2
    while found in names:
        found, number = f"{stem} ({number}).{extension}", number + 1
    return found


def language_of(author: Actor, order: PurchaseOrder) -> str:
    if author.user_id is None:
        return str(order.supplier.language)
    return User.objects.values_list("language", flat=True).get(pk=author.user_id)


def _draft(
    about: About,
    order: PurchaseOrder,
    kind: str,
    lines: Sequence[DraftLine],
    unsure: Sequence[Unsure],
    *,
    author: Actor,
    at: datetime,
) -> MailDraft:
    draft = _new(about, order, kind, author=author, at=at)
    draft.lines = [line.as_json() for line in lines]
    draft.unsure = [one.as_json() for one in unsure[:MOST_UNSURE]]
    if about.is_known:
        _supersede(draft, at=at)
    draft.save(force_insert=True)
    _tell(draft, {"lines": [line.number for line in lines]}, at=at)
    return draft


def _sheet(about: About, file: MailFile, language: str, *, author: Actor, at: datetime) -> list[MailDraft]:
    """One of our own answer sheets, filled in and sent back: read as if it had been uploaded, for a person to send."""
    name = safe_name(file.name)
    if extension_of(name) not in SHEETS or len(file.content) > LARGEST_SHEET:
        return []
    try:
        rows = read_file(io.BytesIO(file.content), len(file.content), language)
        with acting(author):
            upload = keep_upload(name, rows, actor=author, at=at)
    except Invalid:
        return []  # some other table
    draft = _new(about, about.order, DraftKind.SHEET, author=author, at=at)
    draft.file_name, draft.came = name[:200], {"upload": str(upload.key), "rows": len(rows)}
    draft.save(force_insert=True)
    _tell(draft, {"file": name, "lines": []}, at=at)
    return [draft]


def _new(about: About, order: PurchaseOrder, kind: str, *, author: Actor, at: datetime) -> MailDraft:
    return MailDraft(
        supplier_id=order.supplier_id,
        order=order,
        mail=about.mail,
        said=about.said if order.pk == about.order.pk else None,
        kind=kind,
        order_version=order.version,
        revision=order.revision,
        sender=author.label,
        written_at=believed_moment(about.mail),
        made_at=at,
    )


def _tell(draft: MailDraft, facts: dict[str, Any], *, at: datetime) -> None:
    record(
        "mail.draft_offered",
        draft.stream,
        actor=MAILROOM,
        at=at,
        supplier_id=draft.supplier_id,
        facts={"draft": str(draft.key), "kind": draft.kind, "sender": draft.sender, **facts},
    )


def _supersede(newer: MailDraft, *, at: datetime) -> None:
    """The newest word counts: an older draft that says nothing of any other line goes."""
    older = MailDraft.objects.filter(order=newer.order, kind=newer.kind, state=DraftState.OPEN)
    for draft in older.select_for_update().order_by("id"):
        if overlaps(draft.lines, newer.lines):
            draft.order = newer.order
            facts = {"draft": str(draft.key), "kind": draft.kind, "why": "newer"}
            fields = {"decided_at": at, "decided_by": MAILROOM.label}
            DRAFT_LIFECYCLE.move(draft, "supersede", actor=MAILROOM, at=at, facts=facts, fields=fields)
