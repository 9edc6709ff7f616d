"""How a receiving sheet reads: lines with what differs, packages to tick, what both sides said, what can be done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.errors import Problem
from portal.kernel.templatetags.portal_ui import plain_figure, quantity_text
from procurement.orders.policies import plain
from procurement.receipts.models import CountedRow, DifferenceWord, PackageSeen, SheetPhoto
from procurement.receipts.policies import ZERO, Tally
from procurement.receipts.queries import Carton, Counted, CountedLine, CountedWrong
from procurement.receipts.states import SheetState

MOST_PACKAGES = 200


@dataclass(frozen=True, slots=True)
class RowField:
    """One row of a line with its field: by name, what stands in it, and what it said before (as figures are kept)."""

    row: CountedRow | None
    name: str
    text: str
    was: str
    is_bad: bool = False

    @property
    def was_name(self) -> str:
        return self.name.replace("good.", "was.", 1)

    @property
    def id(self) -> str:
        return self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Line:
    """One line on the page: its figures, in words how it differs, its fields and pictures."""

    counted: CountedLine
    tone: str
    glyph: str
    words: str
    fields: Sequence[RowField] = ()
    photos: Sequence[SheetPhoto] = ()


def difference_words(counted: CountedLine) -> str:
    """How a line differs, in one sentence; empty where it does not."""
    return difference_text(counted.tally, counted.one.rest, counted.one.line.unit)


def difference_text(tally: Tally, rest: str, unit: str) -> str:
    """How the figures of a line differ, given what becomes of the rest; empty where they do not."""
    parts = []
    if tally.damaged:
        parts.append(_("%(n)s damaged") % {"n": quantity_text(tally.damaged, unit)})
    if tally.missing:
        text = {
            "short": _("%(n)s missing"),
            "follows": _("%(n)s come later"),
        }.get(rest, _("%(n)s not here yet"))
        parts.append(text % {"n": quantity_text(tally.missing, unit)})
    if tally.over:
        parts.append(_("%(n)s more than announced") % {"n": quantity_text(tally.over, unit)})
    return ", ".join(parts)


def _look(counted: CountedLine, *, is_counting: bool) -> tuple[str, str]:
    tally = counted.tally
    if tally.damaged or tally.over or counted.is_missing:
        return "stop", "alert"
    if tally.missing:
        return ("wait", "half") if tally.counted or tally.before else ("quiet", "none")
    if is_counting and not tally.counted and not tally.before:
        return "quiet", "none"
    return "done", "full"


def lines_of(
    found: Counted, *, texts: Mapping[str, str] | None = None, bad: Iterable[str] = ()
) -> list[Line]:
    """The lines of a sheet as the page shows them; `texts` is what was typed and not kept, `bad` the fields marked."""
    typed, marked = texts or {}, set(bad)
    shown = []
    for counted in found.lines:
        tone, glyph = _look(counted, is_counting=found.sheet.is_counting)
        words = difference_words(counted)
        if not words:
            words = _("as announced") if counted.tally.announced is not None else _("unannounced")
        fields = []
        rows: Sequence[CountedRow | None] = counted.rows or (None,)
        for row in rows:
            name = f"good.{counted.one.pk}.{row.pk if row else 0}"
            now = row.quantity if row else ZERO
            is_bad = name in marked
            text = typed[name] if is_bad and name in typed else plain_figure(now) if now else ""
            fields.append(RowField(row, name, text, plain(now), is_bad))
        photos = [one for one in found.photos if one.sheet_line_id == counted.one.pk and not one.word_id]
        shown.append(Line(counted, tone, glyph, words, fields, photos))
    return shown


@dataclass(frozen=True, slots=True)
class Tick:
    """One package to tick off."""

    number: str
    label: str
    depth: int
    is_seen: bool
    by: str = ""
    is_before: bool = False
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Ticks:
    """The packages of a sheet: those to be shown, how many more there are, and how far the ticking is."""

    rows: Sequence[Tick] = ()
    more: int = 0
    seen: int = 0
    count: int = 0


def ticks_of(found: Counted, cartons: Mapping[str, Carton], before: Mapping[str, PackageSeen]) -> Ticks:
    """The packages of a sheet: what is still to be seen first, when there are more than a page has room for."""
    depths: dict[int, int] = {}
    rows = []
    for number, carton in cartons.items():
        package = carton.package
        depth = depths.get(package.parent_id or 0, -1) + 1
        depths[package.pk] = depth
        here, earlier = found.seen.get(number), before.get(number)
        seen = here or earlier
        label = _("%(kind)s %(number)s") % {"kind": package.get_kind_display(), "number": number}
        inside = ngettext("%(n)d package in it", "%(n)d packages in it", len(carton.inner))
        rows.append(
            Tick(
                number,
                label,
                min(depth, 3),
                seen is not None,
                seen.seen_by if seen else "",
                here is None and earlier is not None,
                inside % {"n": len(carton.inner)} if carton.inner else "",
            )
        )
    count = sum(row.is_seen for row in rows)
    shown = rows if len(rows) <= MOST_PACKAGES else [row for row in rows if not row.is_seen]
    return Ticks(shown[:MOST_PACKAGES], max(0, len(shown) - MOST_PACKAGES), count, len(rows))


# --- posted -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference of a posted sheet, of a line or a wrong item: in words, with pictures, and what both sides said.

    `name` is how its form names it.
    """

    name: str
    title: str
    words: str
    why: str
    answer: DifferenceWord | None
    settlement: DifferenceWord | None
    photos: Sequence[SheetPhoto] = ()
    answer_photos: Sequence[SheetPhoto] = ()
    text: str = ""
    word: str = ""
    problems: Sequence[Problem] = field(default_factory=tuple)

    @property
    def tone(self) -> str:
        if self.settlement:
            return "done"
        return "talk" if self.answer else "wait"


def differences_of(
    found: Counted, *, name: str = "", text: str = "", word: str = "", problems: Sequence[Problem] = ()
) -> list[Difference]:
    """The differences of a sheet; what was typed into the form of one, and what is wrong with it, stays with it."""
    rows = []
    for counted in found.differences:
        line = counted.one.line
        title = _("Order %(order)s line %(line)s: %(item)s")
        values = {"order": line.order.number, "line": line.number, "item": line.item_number}
        why = "; ".join(dict.fromkeys(row.wrong for row in counted.rows if row.wrong))
        photos = [one for one in found.photos if one.sheet_line_id == counted.one.pk]
        rows.append(
            _difference(
                f"line-{counted.one.pk}", title % values, difference_words(counted), why, counted, photos
            )
        )
    for wrong in found.wrong:
        title = _("On no line: %(item)s") % {"item": wrong.one.text}
        words = _("came and was not ordered")
        if wrong.one.quantity:
            values = {"n": quantity_text(wrong.one.quantity, "")}
            words = _("%(n)s came and were not ordered") % values
        photos = [one for one in found.photos if one.wrong_item_id == wrong.one.pk]
        rows.append(_difference(f"wrong-{wrong.one.pk}", title, words, "", wrong, photos))
    return [
        one
        if one.name != name
        else Difference(
            one.name,
            one.title,
            one.words,
            one.why,
            one.answer,
            one.settlement,
            one.photos,
            one.answer_photos,
            text,
            word,
            problems,
        )
        for one in rows
    ]


def _difference(
    name: str,
    title: str,
    words: str,
    why: str,
    said: CountedLine | CountedWrong,
    photos: Sequence[SheetPhoto],
) -> Difference:
    return Difference(
        name,
        title,
        words,
        why,
        said.answer,
        said.settlement,
        [one for one in photos if not one.word_id],
        [one for one in photos if one.word_id],
    )


@dataclass(frozen=True, slots=True)
class Headline:
    """The sentence at the top of a sheet: who is to act, and how it stands."""

    tone: str
    glyph: str
    turn: str
    yours: bool
    sentence: str


def headline(found: Counted, differences: Sequence[Difference], *, is_supplier: bool) -> Headline:
    """Where a sheet stands, for whoever reads it."""
    sheet = found.sheet
    if sheet.state == SheetState.COUNTING:
        text = _("%(name)s is counting; nothing is posted yet.") % {"name": sheet.counted_by}
        return Headline("move", "half", _("Counting"), False, text)
    if sheet.state == SheetState.DISCARDED:
        return Headline("quiet", "none", _("Thrown away"), False, _("Nothing of this count counts."))
    if sheet.state == SheetState.REVERSED:
        values = {"name": sheet.reversed_by, "why": sheet.reverse_reason}
        text = _("Taken back by %(name)s: “%(why)s”. It counts no more.") % values
        return Headline("quiet", "stop", _("Taken back"), False, text)
    still = [one for one in differences if one.settlement is None]
    unanswered = [one for one in still if one.answer is None]
    if unanswered and is_supplier:
        text = ngettext(
            "One thing came otherwise than announced. Say whether you agree.",
            "%(n)d things came otherwise than announced. Say whether you agree.",
            len(unanswered),
        )
        return Headline("wait", "wait", _("Your turn"), True, text % {"n": len(unanswered)})
    if still:
        text = ngettext(
            "One difference waits to be settled.", "%(n)d differences wait to be settled.", len(still)
        )
        return Headline("talk", "talk", _("Differs"), not is_supplier, text % {"n": len(still)})
    waiting = [one for one in found.lines if one.tally.good > one.booked]
    if waiting and not is_supplier:
        return Headline(
            "move", "most", _("Posted"), False, _("The ERP is asked to book it, and has not yet.")
        )
    if differences:
        return Headline("done", "full", _("Settled"), False, _("All that differed is settled."))
    if sheet.notice is None:
        return Headline("done", "full", _("Posted"), False, _("All of it is good. Nobody had announced it."))
    if any(one.tally.missing for one in found.lines):
        text = _("What is here is as it was announced; the rest comes later.")
        return Headline("done", "half", _("Posted"), False, text)
    return Headline("done", "full", _("Posted"), False, _("All of it was counted as it was announced."))


def summary_of(found: Counted, ticks: Ticks) -> str:
    """How far a count is, in one line: lines that are whole, packages seen."""
    whole = sum(not one.tally.missing and bool(one.tally.counted or one.tally.before) for one in found.lines)
    parts = [
        ngettext("%(whole)d of %(n)d line whole", "%(whole)d of %(n)d lines whole", len(found.lines))
        % {"whole": whole, "n": len(found.lines)}
    ]
    if ticks.count:
        text = ngettext("%(seen)d of %(n)d package seen", "%(seen)d of %(n)d packages seen", ticks.count)
        parts.append(text % {"seen": ticks.seen, "n": ticks.count})
    return " · ".join(parts)
