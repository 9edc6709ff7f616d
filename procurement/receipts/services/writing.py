"""What is typed on a sheet: counts, damage, lots; things that belong to no line; pictures.

Note [Row by row]: several people write on one sheet at once, and scanners count on it meanwhile. Each row that somebody
typed into is held against what the page had shown: a row that nobody else touched takes the typing, one that moved
meanwhile is told, and the others are kept.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, NotFound, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.orders.policies import plain
from procurement.receipts.messages import CountRow, NewPhoto, NewWrongItem, Typed
from procurement.receipts.models import (
    CountedRow,
    DifferenceWord,
    ReceivingSheet,
    SheetLine,
    SheetPhoto,
    WrongItem,
)
from procurement.receipts.policies import (
    LARGEST,
    LARGEST_PHOTO,
    MOST_PHOTOS,
    MOST_PHOTOS_AT_ONCE,
    MOST_WRONG_ITEMS,
    ZERO,
    picture_kind,
    quantity_problem,
)
from procurement.receipts.queries import rows_of
from procurement.receipts.services.sheets import hold_counting, touch

MOST_SERIALS = 1000
LONGEST = {"lot": 20, "wrong": 500, "note": 500}


# --- counts -------------------------------------------------------------------------------------------------


@requires_scope
def save_counts(
    key: uuid.UUID, typed: Sequence[Typed], *, actor: Actor, at: datetime
) -> tuple[ReceivingSheet, list[Problem]]:
    """Keep what was typed, row by row (Note [Row by row]); returns what was not kept, and why.

    Raises `IllegalTransition` where the sheet is posted or thrown away.
    """
    sheet = hold_counting(key, actor=actor)
    lines = {one.pk: one for one in sheet.lines.select_related("line__order")}
    rows = {row.pk: row for theirs in rows_of(lines.values()).values() for row in theirs}
    first = {(row.sheet_line_id, row.lot): row for row in rows.values()}
    refused: list[Problem] = []
    is_touched = False
    for one in typed:
        line = lines.get(one.line)
        if line is None or one.quantity == one.was:
            continue
        row = rows.get(one.row) if one.row else first.get((line.pk, ""))
        now = row.quantity if row is not None else ZERO
        name = f"good.{one.line}.{one.row or 0}"
        if problem := quantity_problem(
            name, one.quantity, unit=line.line.unit, decimals=line.line.unit_decimals
        ):
            refused.append(problem)
        elif now not in (one.was, one.quantity) and row is not None:
            refused.append(_moved(name, one.quantity, row, line))
        elif now != one.quantity:
            row = row or CountedRow(supplier_id=sheet.supplier_id, sheet_line=line)
            row.quantity, row.counted_at, row.counted_by = one.quantity, at, actor.label
            row.save()
            is_touched = True
    if is_touched:
        touch(sheet, actor=actor, at=at)
    return sheet, refused


def _moved(name: str, typed: Decimal, row: CountedRow, line: SheetLine) -> Problem:
    message = _("Line %(line)s: %(name)s counts %(now)s now, you typed %(typed)s. Look, then type it again.")
    values = {
        "line": line.line.number,
        "name": row.counted_by,
        "now": plain(row.quantity),
        "typed": plain(typed),
    }
    return Problem(name, message % values, plain(typed), "stale")


@requires_scope
def write_row(key: uuid.UUID, command: CountRow, *, actor: Actor, at: datetime) -> CountedRow:
    """Say all there is to say of one row: good, damaged and what is wrong with it, lot, expiry, serials.

    Raises `Invalid` with every problem found, `StaleDocument` where somebody else has counted on the row meanwhile.
    """
    sheet = hold_counting(key, actor=actor)
    line = line_on(sheet, command.line)
    row = line.rows.filter(pk=command.row).first() if command.row else None
    if command.row and row is None:
        raise NotFound(_("This row is gone meanwhile. Look at the sheet, then go on."))
    if row is not None and (row.quantity, row.damaged) not in (
        command.was,
        (command.quantity, command.damaged),
    ):
        message = _(
            "%(name)s has counted here meanwhile: %(good)s good, %(damaged)s damaged. Look, then go on."
        )
        values = {"name": row.counted_by, "good": plain(row.quantity), "damaged": plain(row.damaged)}
        raise StaleDocument(message % values)
    problems = list(row_problems(command, line))
    lot = command.lot.strip()
    if line.rows.filter(lot=lot).exclude(pk=row.pk if row else None).exists():
        said = _("Lot %(lot)s is on this line already. Count there.") % {"lot": lot}
        text = (
            said if lot else _("There is a row without a lot already. Count there, or say which lot this is.")
        )
        problems.append(Problem("lot", text, lot, "twice"))
    if problems:
        raise Invalid(problems[0].message, problems)
    row = row or CountedRow(supplier_id=sheet.supplier_id, sheet_line=line)
    row.lot, row.quantity, row.damaged = lot, command.quantity, command.damaged
    row.wrong, row.note = command.wrong.strip(), command.note.strip()
    row.expires_on, row.serials = command.expires_on, list(command.serials)
    row.counted_at, row.counted_by = at, actor.label
    row.save()
    touch(sheet, actor=actor, at=at)
    return row


def row_problems(command: CountRow, line: SheetLine) -> Iterator[Problem]:
    """What is wrong with a row that somebody counted."""
    unit, decimals = line.line.unit, line.line.unit_decimals
    for name, amount in (("quantity", command.quantity), ("damaged", command.damaged)):
        if problem := quantity_problem(name, amount, unit=unit, decimals=decimals):
            yield problem
    if command.damaged > ZERO and not command.wrong.strip():
        message = _("Say what is wrong with what is damaged: the supplier reads it and can act on it.")
        yield Problem("wrong", message, "", "required")
    for name, most in LONGEST.items():
        text = getattr(command, name)
        if len(text) > most:
            message = _("This has %(length)d characters; there is room for %(most)d.")
            yield Problem(name, message % {"length": len(text), "most": most}, text[:80], "too_long")
    serials = command.serials
    if len(set(serials)) < len(serials):
        message = _("A serial number is there twice. Each piece has its own.")
        yield Problem("serials", message, "", "twice")
    if len(serials) > MOST_SERIALS or any(len(one) > 20 for one in serials):
        message = _("A row has at most %(most)d serial numbers, of 20 characters each.")
        yield Problem("serials", message % {"most": MOST_SERIALS}, "", "too_many")


@requires_scope
def drop_row(key: uuid.UUID, row_id: int, *, actor: Actor, at: datetime) -> ReceivingSheet:
    """Take a row that was counted by mistake off the sheet."""
    sheet = hold_counting(key, actor=actor)
    CountedRow.objects.filter(sheet_line__sheet=sheet, pk=row_id).delete()
    touch(sheet, actor=actor, at=at)
    return sheet


def line_on(sheet: ReceivingSheet, line_id: int | None) -> SheetLine:
    """A line of a sheet. Raises `NotFound`."""
    found: SheetLine | None = sheet.lines.select_related("line__order").filter(pk=line_id).first()
    if found is None:
        raise NotFound(_("There is no such line on this sheet."))
    return found


# --- what belongs to no line --------------------------------------------------------------------------------


@requires_scope
def note_wrong_item(key: uuid.UUID, new: NewWrongItem, *, actor: Actor, at: datetime) -> WrongItem:
    """Note something that came and that nobody ordered. Raises `Invalid`."""
    sheet = hold_counting(key, actor=actor)
    text = " ".join(new.text.split())
    problems = []
    if not text:
        message = _("Say what it is: its number, or what is written on it.")
        problems.append(Problem("text", message, "", "required"))
    if len(text) > 300:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        said = message % {"length": len(text), "most": 300}
        problems.append(Problem("text", said, text[:80], "too_long"))
    if new.quantity is not None and not ZERO < new.quantity < LARGEST:
        message = _("How many must be more than zero, or left out.")
        problems.append(Problem("quantity", message, plain(new.quantity), "below_zero"))
    if sheet.wrong_items.count() >= MOST_WRONG_ITEMS:
        message = _("A sheet has room for %(most)d wrong items.") % {"most": MOST_WRONG_ITEMS}
        problems.append(Problem("text", message, text[:80], "too_many"))
    if problems:
        raise Invalid(problems[0].message, problems)
    item = WrongItem.objects.create(
        supplier_id=sheet.supplier_id,
        sheet=sheet,
        text=text,
        quantity=new.quantity,
        noted_at=at,
        noted_by=actor.label,
    )
    touch(sheet, actor=actor, at=at)
    return item


@requires_scope
def drop_wrong_item(key: uuid.UUID, item_id: int, *, actor: Actor, at: datetime) -> ReceivingSheet:
    """Take a wrong item and its pictures off the sheet again."""
    sheet = hold_counting(key, actor=actor)
    sheet.photos.filter(wrong_item=item_id).delete()
    sheet.wrong_items.filter(pk=item_id).delete()
    touch(sheet, actor=actor, at=at)
    return sheet


# --- pictures -----------------------------------------------------------------------------------------------


@requires_scope
def add_photos(key: uuid.UUID, photos: Sequence[NewPhoto], *, actor: Actor, at: datetime) -> list[SheetPhoto]:
    """Keep pictures of what came, as `photos.clean_photo` has left them. Raises `Invalid`."""
    sheet = hold_counting(key, actor=actor)
    if not photos:
        message = _("Take or choose a picture first.")
        raise Invalid(message, [Problem("photos", message, "", "required")])
    for one in photos:
        if one.line is not None:
            line_on(sheet, one.line)
        if one.wrong_item is not None and not sheet.wrong_items.filter(pk=one.wrong_item).exists():
            raise NotFound(_("There is no such wrong item on this sheet."))
    kept = keep_photos(sheet, photos, actor=actor, at=at)
    touch(sheet, actor=actor, at=at)
    return kept


def keep_photos(
    sheet: ReceivingSheet,
    photos: Sequence[NewPhoto],
    *,
    word: DifferenceWord | None = None,
    actor: Actor,
    at: datetime,
) -> list[SheetPhoto]:
    """Pictures of a sheet as rows. Raises `Invalid` for what is none, too large, or more than there is room for."""
    problems = list(_photo_problems(sheet, photos))
    if problems:
        raise Invalid(problems[0].message, problems)
    return SheetPhoto.objects.bulk_create(
        SheetPhoto(
            supplier_id=sheet.supplier_id,
            sheet=sheet,
            sheet_line_id=one.line,
            wrong_item_id=one.wrong_item,
            word=word,
            content_type=picture_kind(one.content),
            size=len(one.content),
            sha256=hashlib.sha256(one.content).hexdigest(),
            content=one.content,
            added_at=at,
            added_by=actor.label,
        )
        for one in photos
    )


def _photo_problems(sheet: ReceivingSheet, photos: Sequence[NewPhoto]) -> Iterable[Problem]:
    if len(photos) > MOST_PHOTOS_AT_ONCE:
        message = _("At most %(most)d pictures at a time. Send the others afterwards.")
        text = message % {"most": MOST_PHOTOS_AT_ONCE}
        yield Problem("photos", text, str(len(photos)), "too_many")
    elif sheet.photos.count() + len(photos) > MOST_PHOTOS:
        message = _("A sheet has room for %(most)d pictures.") % {"most": MOST_PHOTOS}
        yield Problem("photos", message, str(len(photos)), "too_many")
    for one in photos:
        if not picture_kind(one.content):
            message = _("%(name)s is no picture that is taken here: JPEG, PNG or WebP.")
            name = one.name or _("This file")
            yield Problem("photos", message % {"name": name}, one.name, "not_taken")
        elif len(one.content) > LARGEST_PHOTO:
            message = _("%(name)s is larger than %(most)d MB. Send a smaller one.")
            values = {"name": one.name or _("This picture"), "most": LARGEST_PHOTO // (1024 * 1024)}
            yield Problem("photos", message % values, one.name, "too_large")


@requires_scope
def drop_photo(key: uuid.UUID, photo: uuid.UUID, *, actor: Actor, at: datetime) -> ReceivingSheet:
    """Take a picture off a sheet that is being counted."""
    sheet = hold_counting(key, actor=actor)
    sheet.photos.filter(key=photo).delete()
    touch(sheet, actor=actor, at=at)
    return sheet
