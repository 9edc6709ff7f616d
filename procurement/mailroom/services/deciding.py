"""A press on a draft: the supplier's own, or a buyer's who takes the mail as the supplier's word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Problem, Refusal, StaleDocument
from portal.kernel.scope import acting, requires_scope
from procurement.acknowledgments.forms import plain_amount, plain_day, read_line
from procurement.acknowledgments.messages import AcknowledgeOrder, LineAnswer, TypedPiece
from procurement.acknowledgments.queries import find_upload, rules_of
from procurement.acknowledgments.services import Acknowledged, acknowledge_order, save_draft_lines
from procurement.changes.messages import AnswerChange, ProposeChange, ReviseChange, WantedPiece, Wish
from procurement.changes.models import OrderChange
from procurement.changes.services import Proposed, accept_change, counter_change, propose_changes
from procurement.changes.states import OPEN
from procurement.mailroom.messages import DecideDraft, DraftLine, line_from_json
from procurement.mailroom.models import MailDraft
from procurement.mailroom.queries import MAILROOM, find_draft, may_decide
from procurement.mailroom.states import DRAFT_LIFECYCLE, DraftKind, DraftState
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lines_of, lock_order
from procurement.orders.states import OrderState
from suppliers.roles import Permission

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What came of a confirmed draft: an answer, change requests with what came of each, or requests answered."""

    draft: MailDraft
    answer: Acknowledged | None = None
    changes: Sequence[Proposed] = ()
    answered: Sequence[OrderChange] = ()


@requires_scope
def confirm_draft(command: DecideDraft, *, actor: Actor, at: datetime) -> Confirmed:
    """Take a draft as the supplier's word: the answer is given, or the change requests are made, by mail.

    A buyer gives it on the supplier's behalf, marked so for ever. The rules are those of every other door. Raises
    `StaleDocument` when a line moved since the mail was read, `Invalid` with every problem found.
    """
    order, draft = _hold(command, actor)
    if draft.kind == DraftKind.SHEET:
        raise Refusal(_("An answer sheet is looked at first: open it, then send it."))
    lines = [line_from_json(line) for line in draft.lines]
    if draft.kind == DraftKind.ACKNOWLEDGMENT:
        answer = _answer(order, draft, lines, actor=actor, at=at)
        came: dict[str, Any] = {"answer": str(answer.paper.key)}
        confirmed = Confirmed(draft, answer=answer)
    elif draft.kind == DraftKind.REPLY:
        answered = _reply(order, draft, lines, actor=actor, at=at)
        came = {"changes": [str(change.key) for change in answered]}
        confirmed = Confirmed(draft, answered=answered)
    else:
        proposed = _propose(order, draft, lines, actor=actor, at=at)
        made = [one.change for one in proposed if one.change]
        if not made:
            raise next(one.refusal for one in proposed if one.refusal)
        came = {
            "changes": [str(change.key) for change in made],
            "left": [
                {"line": one.command.line_key, "why": one.refusal.message} for one in proposed if one.refusal
            ],
        }
        confirmed = Confirmed(draft, changes=proposed)
    facts = _facts(draft) | {"on_behalf": actor.is_company}
    fields = {"decided_at": at, "decided_by": actor.label, "came": came}
    DRAFT_LIFECYCLE.move(draft, "confirm", actor=_by_mail(actor), at=at, facts=facts, fields=fields)
    return confirmed


@requires_scope
def correct_draft(command: DecideDraft, *, actor: Actor, at: datetime) -> MailDraft:
    """Put a draft of an answer into the fields of the answer grid, to be corrected there and sent.

    What was typed on the same lines before is overwritten; the page shows where the order moved since.
    """
    order, draft = _hold(command, actor)
    if draft.kind != DraftKind.ACKNOWLEDGMENT:
        raise Refusal(_("Only an answer is corrected in the grid. Ask for the change on the line instead."))
    typed = {line.key: line.pieces for line in map(line_from_json, draft.lines) if line.pieces}
    save_draft_lines(order, typed, version=draft.order_version, actor=actor, at=at)
    fields = {"decided_at": at, "decided_by": actor.label}
    DRAFT_LIFECYCLE.move(draft, "correct", actor=actor, at=at, facts=_facts(draft), fields=fields)
    return draft


@requires_scope
def discard_draft(command: DecideDraft, *, actor: Actor, at: datetime) -> MailDraft:
    """Throw a draft away, saying why: what the mail says stays in the thread."""
    _order, draft = _hold(command, actor)
    reason = " ".join(command.reason.split())
    if not reason:
        message = _("Say why it is discarded: “already answered by phone” is enough.")
        raise Invalid(message, [Problem("reason", message, "", "required")])
    if len(reason) > LONGEST_REASON:
        message = _("At most %(most)d characters fit here. Shorten it.") % {"most": LONGEST_REASON}
        raise Invalid(message, [Problem("reason", message, reason[:40], "too_long")])
    facts = _facts(draft) | {"reason": reason}
    fields = {"decided_at": at, "decided_by": actor.label, "reason": reason}
    DRAFT_LIFECYCLE.move(draft, "discard", actor=actor, at=at, facts=facts, fields=fields)
    return draft


@requires_scope
def close_overtaken_drafts(streams: Iterable[str], *, at: datetime) -> int:
    """Close the drafts on these orders whose every line moved since, and note the sheets that were sent."""
    keys = [stream.removeprefix("order:") for stream in streams if stream.startswith("order:")]
    open_ones = MailDraft.objects.filter(order__key__in=keys, state=DraftState.OPEN)
    ids = list(open_ones.order_by("order_id", "id").values_list("pk", flat=True))
    closed = 0
    for draft_id in ids:
        order = lock_order(
            MailDraft.objects.values_list("order__key", flat=True).get(pk=draft_id), actor=MAILROOM
        )
        draft: MailDraft = MailDraft.objects.select_for_update().get(pk=draft_id)
        if draft.state != DraftState.OPEN:
            continue
        draft.order = order
        if verb := _overtaken(draft):
            by = {"decided_at": at, "decided_by": MAILROOM.label}
            facts = _facts(draft) | ({"why": "moved"} if verb == "supersede" else {})
            DRAFT_LIFECYCLE.move(draft, verb, actor=MAILROOM, at=at, facts=facts, fields=by)
            closed += 1
    return closed


# What can take the ground from under a draft, or do what it says by another way.
HEARD = frozenset(
    {
        "order.acknowledged",
        "order.answer_accepted",
        "order.cancelled",
        "order.closed",
        "order.revised",
        "change.accepted",
        "change.countered",
        "change.declined",
        "change.edited",
        "change.proposed",
        "change.withdrawn",
    }
)


def hear(events: Sequence[AuditEvent], at: datetime) -> str:
    """The mailroom's reaction: close the drafts that nobody needs to press any more."""
    with acting(MAILROOM):
        closed = close_overtaken_drafts(sorted({event.stream for event in events}), at=at)
    return "closed" if closed else "nothing to close"


# --- what they share


def _hold(command: DecideDraft, actor: Actor) -> tuple[PurchaseOrder, MailDraft]:
    """The order and the draft, held in that order as everybody does, if this actor may press and it still waits."""
    seen = find_draft(command.draft, actor=actor)
    if not may_decide(seen.kind, actor):
        raise NotAllowed(_("Your role reads drafts. Ask somebody who may answer for this supplier."))
    order = lock_order(seen.order.key, actor=actor)
    draft: MailDraft = MailDraft.objects.visible_to(actor).select_for_update().get(pk=seen.pk)
    draft.order = order
    if draft.state != DraftState.OPEN or draft.version != command.version:
        message = _("This draft is %(state)s meanwhile.") % {"state": draft.get_state_display().lower()}
        raise StaleDocument(message, details={"state": draft.state, "version": draft.version})
    return order, draft


def _facts(draft: MailDraft) -> dict[str, object]:
    return {
        "draft": str(draft.key),
        "kind": draft.kind,
        "sender": draft.sender,
        "lines": [line["number"] for line in draft.lines],
    }


def _by_mail(actor: Actor) -> Actor:
    return replace(actor, channel=Channel.MAIL)


def _answer(
    order: PurchaseOrder, draft: MailDraft, lines: Sequence[DraftLine], *, actor: Actor, at: datetime
) -> Acknowledged:
    theirs = {line.key: line for line in lines_of(order)}
    if any(line.key not in theirs for line in lines):
        raise StaleDocument(_("A line of this draft is not on the order any more."))
    rules = rules_of(order, [theirs[line.key] for line in lines])
    answers: list[LineAnswer] = []
    problems: list[Problem] = []
    for line in lines:
        read = read_line(rules[theirs[line.key].pk], line.pieces)
        answers.append(LineAnswer(line.key, read.pieces))
        problems += read.problems
    if problems:
        raise Invalid(problems[0].message, problems)
    command = AcknowledgeOrder(order.key, draft.order_version, tuple(answers))
    return acknowledge_order(command, actor=_by_mail(actor), at=at)


def _propose(
    order: PurchaseOrder, draft: MailDraft, lines: Sequence[DraftLine], *, actor: Actor, at: datetime
) -> list[Proposed]:
    """Make the change requests, as the supplier's wish: a buyer's press does not make them the buyer's."""
    author = _author(order, draft, actor)
    note = _("By mail of %(sender)s: “%(words)s”")
    commands = [
        ProposeChange(
            order.key,
            draft.order_version,
            line.key,
            Wish(pieces=tuple(_wanted(piece) for piece in line.pieces), cancel=line.cancel),
            note=note % {"sender": draft.sender, "words": _words(line)},
        )
        for line in lines
    ]
    with acting(author):
        return propose_changes(commands, actor=author, at=at)


def _author(order: PurchaseOrder, draft: MailDraft, actor: Actor) -> Actor:
    """Who speaks: the supplier's person, or a buyer in the supplier's place, by the words of a mail."""
    author = _by_mail(actor)
    if not actor.is_company:
        return author
    label = _("%(sender)s, taken from a mail by %(buyer)s")
    label %= {"sender": draft.sender, "buyer": actor.label}
    return replace(
        author,
        label=label[:200],
        side=Side.SUPPLIER,
        role="",
        supplier_ids=(order.supplier_id,),
        all_supplier_ids=(order.supplier_id,),
        permissions=frozenset({Permission.ORDER_VIEW, Permission.CHANGE_NEGOTIATE}),
    )


def _reply(
    order: PurchaseOrder, draft: MailDraft, lines: Sequence[DraftLine], *, actor: Actor, at: datetime
) -> list[OrderChange]:
    """Answer the buyer's change requests as the mail does: all of them or, where one moved meanwhile, none."""
    author = _author(order, draft, actor)
    note = _("By mail of %(sender)s: “%(words)s”")
    answered = []
    with acting(author):
        for line in lines:
            key, version = UUID(line.change), line.change_version
            words = note % {"sender": draft.sender, "words": _words(line)}
            if "accepts" in line.marks:
                answered.append(accept_change(AnswerChange(key, version, note=words), actor=author, at=at))
            else:
                wish = Wish(pieces=tuple(_wanted(piece) for piece in line.pieces))
                command = ReviseChange(key, version, wish, note=words)
                answered.append(counter_change(command, actor=author, at=at))
    return answered


def _words(line: DraftLine) -> str:
    return " … ".join(dict.fromkeys(" ".join(one.split()) for one in line.evidence.values()))[:1_000]


def _wanted(piece: TypedPiece) -> WantedPiece:
    return WantedPiece(
        quantity=plain_amount(piece.quantity),
        delivery_on=plain_day(piece.delivery_on),
        price=plain_amount(piece.price),
        item_number=piece.item_number,
    )


def _overtaken(draft: MailDraft) -> str:
    """The verb that closes a draft which nobody needs to press any more; empty while somebody does."""
    if draft.kind == DraftKind.SHEET:
        try:
            upload = find_upload(draft.came.get("upload"), actor=MAILROOM)
        except NotFound:
            return "supersede"
        return "confirm" if upload.applied_at else ""
    if draft.order.state != OrderState.ISSUED:
        return "supersede"
    if draft.kind == DraftKind.REPLY:
        asked = {(line["change"], line["change_version"]) for line in draft.lines}
        found = OrderChange.objects.filter(order=draft.order, state__in=OPEN, turn="supplier")
        on_the_table = {(str(key), version) for key, version in found.values_list("key", "version")}
        return "" if asked & on_the_table else "supersede"
    keys = [line["key"] for line in draft.lines]
    lines = {line.key: line for line in draft.order.lines.filter(key__in=keys)}
    talked_of: set[int] = set()
    if draft.kind == DraftKind.CHANGE:
        changes = OrderChange.objects.filter(order=draft.order, state__in=OPEN)
        talked_of = set(changes.values_list("line_id", flat=True))
    stands = any(
        line.is_open and line.touched_version <= draft.order_version and line.pk not in talked_of
        for line in lines.values()
    )
    return "" if stands else "supersede"
