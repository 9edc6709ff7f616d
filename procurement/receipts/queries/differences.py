"""Lines on which something differs, and whether both sides are done with it."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Prefetch, Q

from procurement.receipts.models import CountedRow, DifferenceWord, SheetLine, WrongItem
from procurement.receipts.policies import ZERO, Tally
from procurement.receipts.queries.counted import CountedLine, CountedWrong
from procurement.receipts.states import ANSWERS, SETTLEMENTS, SheetState


def differing_lines(order_ids: Iterable[int]) -> list[CountedLine]:
    """The lines of posted sheets that are of these orders, with their figures and what was said of each, first posted
    first: for cases. Three queries, however many.
    """
    rows = Prefetch("rows", queryset=CountedRow.objects.order_by("id"), to_attr="told_rows")
    words = Prefetch("words", queryset=DifferenceWord.objects.order_by("id"), to_attr="told_words")
    lines = SheetLine.objects.filter(order__in=list(order_ids), sheet__state=SheetState.POSTED)
    found = []
    for one in (
        lines.select_related("sheet__notice", "line")
        .prefetch_related(rows, words)
        .order_by("sheet__posted_at", "sheet_id", "position")
    ):
        tally = Tally(
            one.announced,
            one.counted_before,
            sum((row.quantity for row in one.told_rows), start=ZERO),
            sum((row.damaged for row in one.told_rows), start=ZERO),
        )
        answer, settlement = _last_words(one.told_words)
        found.append(CountedLine(one, one.told_rows, tally, answer=answer, settlement=settlement))
    return found


def wrong_items_of(order_ids: Iterable[int]) -> list[tuple[CountedWrong, int]]:
    """The wrong items on posted sheets whose first line is of these orders, each with that order's id. Two queries."""
    first = SheetLine.objects.filter(sheet=OuterRef("sheet")).order_by("position", "id").values("order")[:1]
    words = Prefetch("words", queryset=DifferenceWord.objects.order_by("id"), to_attr="told_words")
    items = WrongItem.objects.filter(sheet__state=SheetState.POSTED).annotate(first_order=first)
    items = items.filter(first_order__in=list(order_ids)).select_related("sheet__notice")
    return [
        (CountedWrong(one, *_last_words(one.told_words)), one.first_order)
        for one in items.prefetch_related(words).order_by("id")
    ]


def _last_words(
    words: Iterable[DifferenceWord],
) -> tuple[DifferenceWord | None, DifferenceWord | None]:
    said = list(words)
    answers = [one for one in said if one.word in ANSWERS]
    settlements = [one for one in said if one.word in SETTLEMENTS]
    return (answers[-1] if answers else None), (settlements[-1] if settlements else None)


def is_settled_on_a_sheet() -> Exists:
    """Of rows of notice lines: whether the buyer has settled what came of the line with the consignment."""
    settled = DifferenceWord.objects.filter(
        Q(word__in=SETTLEMENTS),
        sheet_line__line=OuterRef("line"),
        sheet__consignment=OuterRef("notice__consignment"),
        sheet__state=SheetState.POSTED,
    )
    return Exists(settled)
