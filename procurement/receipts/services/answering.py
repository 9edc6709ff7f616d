"""What both sides say of a difference: the supplier agrees or disputes, the buyer settles it and gives the reason.

A word is a fact and is never altered. The newest answer of the supplier counts, until the buyer has settled.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, Problem
from portal.kernel.scope import requires_scope
from procurement.receipts.messages import NewPhoto, SayOfDifference
from procurement.receipts.models import DifferenceWord, ReceivingSheet
from procurement.receipts.queries import counted_sheet, find_sheet, hold_sheet
from procurement.receipts.services.writing import keep_photos
from procurement.receipts.states import ANSWERS, SETTLEMENTS, SheetState, Word
from suppliers.roles import Permission

LONGEST_TEXT = 2000


@requires_scope
def answer_difference(command: SayOfDifference, *, actor: Actor, at: datetime) -> DifferenceWord:
    """The supplier's word on a difference: agreed, or disputed with a sentence, and pictures where it has some.

    Raises `NotAllowed`, `Invalid` with every problem, `IllegalTransition` once it is settled or the count taken back.
    """
    if not actor.is_supplier or not actor.may(Permission.SHIPMENT_WRITE):
        raise NotAllowed(
            _("Somebody of the supplier who ships or answers orders says whether this is right.")
        )
    problems = []
    if command.word not in ANSWERS:
        message = _("Say whether you agree or dispute it.")
        problems.append(Problem("word", message, command.word[:40], "unknown"))
    if command.word == Word.DISPUTED and not command.text.strip():
        message = _("Say why you dispute it: the buyer decides with your words beside the dock’s.")
        problems.append(Problem("text", message, "", "required"))
    return _say(command, "count.difference_answered", problems, actor=actor, at=at)


@requires_scope
def settle_difference(command: SayOfDifference, *, actor: Actor, at: datetime) -> DifferenceWord:
    """The buyer's word: credit expected, replacement follows, goes back, accepted, or closed; always with a reason.

    Raises `NotAllowed`, `Invalid` with every problem, `IllegalTransition` once it is settled or the count taken back.
    """
    if actor.is_supplier or not actor.may(Permission.ORDER_DECIDE):
        raise NotAllowed(_("Settling a difference is for who decides on orders. Ask one of them."))
    problems = []
    if command.word not in SETTLEMENTS:
        message = _("Choose how it is settled.")
        problems.append(Problem("word", message, command.word[:40], "unknown"))
    if not command.text.strip():
        message = _("Say why: the supplier reads it.")
        problems.append(Problem("text", message, "", "required"))
    return _say(command, "count.difference_settled", problems, actor=actor, at=at)


def _say(
    command: SayOfDifference, kind: str, problems: list[Problem], *, actor: Actor, at: datetime
) -> DifferenceWord:
    text = command.text.strip()
    if len(text) > LONGEST_TEXT:
        message = _("This has %(length)d characters; there is room for %(most)d.")
        values = {"length": len(text), "most": LONGEST_TEXT}
        problems.append(Problem("text", message % values, text[:80], "too_long"))
    if problems:
        raise Invalid(problems[0].message, problems)
    sheet = _hold_for_words(command, actor)
    line, item, is_settled, told = _subject(sheet, command)
    if is_settled:
        raise IllegalTransition(_("This difference is settled. Nothing more is said of it."))
    word = DifferenceWord(
        supplier_id=sheet.supplier_id,
        sheet=sheet,
        sheet_line_id=line,
        wrong_item_id=item,
        word=command.word,
        text=text,
        said_at=at,
        said_by=actor.label,
        channel=actor.channel,
    )
    word.save(force_insert=True)
    if command.photos:
        photos = [NewPhoto(one.content, one.name, line, item) for one in command.photos]
        keep_photos(sheet, photos, word=word, actor=actor, at=at)
    facts = {"sheet": str(sheet.key), "number": sheet.reference, "word": word.word, "why": text, **told}
    record(kind, sheet.stream, actor=actor, at=at, supplier_id=sheet.supplier_id, facts=facts)
    return word


def _hold_for_words(command: SayOfDifference, actor: Actor) -> ReceivingSheet:
    """The sheet, held where the actor may hold it: two words on one difference come one after the other.

    A supplier has no right to hold a row that it may not change; the unique right to settle is the buyer's, who does.
    """
    sheet = find_sheet(command.sheet, actor=actor)
    if not actor.is_supplier:
        sheet = hold_sheet(command.sheet, actor=actor)
    if sheet.state != SheetState.POSTED:
        message = _("This count is %(state)s: nothing of it is open.")
        message %= {"state": sheet.get_state_display().lower()}
        raise IllegalTransition(message, details={"state": sheet.state})
    return sheet


def _subject(
    sheet: ReceivingSheet, command: SayOfDifference
) -> tuple[int | None, int | None, bool, dict[str, object]]:
    """What a word is about: line or wrong item by id, whether it is settled, and how facts name it."""
    found = counted_sheet(sheet)
    for each in found.differences:
        if command.line == each.one.pk:
            line = each.one.line
            named: dict[str, object] = {"order": line.order.number, "line": line.number}
            return each.one.pk, None, each.settlement is not None, named
    for wrong in found.wrong:
        if command.wrong_item == wrong.one.pk:
            return None, wrong.one.pk, wrong.settlement is not None, {"item": wrong.one.text}
    raise NotFound(_("There is no such difference on this sheet."))
