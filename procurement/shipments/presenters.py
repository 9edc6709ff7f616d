"""Ship notices in words: what its checks say and where, what is packed in what, and how it stands on its way."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, moment_text, quantity_text
from procurement.findings.policies import Finding
from procurement.findings.presenters import Findings, Said, bad, said
from procurement.labels.numbers import spaced_sscc
from procurement.orders.policies import plain
from procurement.shipments.models import Milestone, Package, PackedQuantity, ShipNotice, ShipNoticeLine
from procurement.shipments.policies import ZERO
from procurement.shipments.queries import Written
from procurement.shipments.states import ALL_SETTLED, MilestoneKind, NoticeState, PackageKind

MOST_ROWS = 300  # packages shown at once; alike ones are one row

# What each carrier's page of one parcel is called, by the beginning of its name. `{}` is the tracking number.
TRACKING = {
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}",
    "ups": "https://www.ups.com/track?tracknum={}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "dpd": "https://tracking.dpd.de/status/en_US/parcel/{}",
    "gls": "https://gls-group.com/track/{}",
    "tnt": "https://www.tnt.com/express/en_gb/site/tracking.html?searchType=con&cons={}",
    "royal mail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    "maersk": "https://www.maersk.com/tracking/{}",
}


# --- what the checks say ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoticeFindings(Findings):
    """What the checks of a notice say: besides, what is packed of a line, and packages by position."""

    packing: Mapping[int, Sequence[Said]]
    packages: Mapping[int, Sequence[Said]]


def findings(found: Sequence[Finding]) -> NoticeFindings:
    """Each finding beside what it speaks of."""
    fields: dict[str, list[Said]] = defaultdict(list)
    lines: dict[int, list[Said]] = defaultdict(list)
    packing: dict[int, list[Said]] = defaultdict(list)
    packages: dict[int, list[Said]] = defaultdict(list)
    for one in found:
        if one.package is not None:
            packages[one.package].append(said(one))
        elif one.line is None:
            fields[one.field].append(said(one))
        elif one.field == "packages":
            packing[one.line].append(said(one))
        else:
            lines[one.line].append(said(one))
    return NoticeFindings(fields, lines, Counter(one.grade for one in found), packing, packages)


# --- lines --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of a notice as the editor shows it: what is typed, what is open, how much of it is packed."""

    one: ShipNoticeLine
    open: Decimal
    packed: Decimal
    quantity: str
    remainder: str
    follows_on: str
    said: Sequence[Said] = ()
    packing_said: Sequence[Said] = ()
    is_bad: bool = False
    pack: Mapping[str, Any] = field(default_factory=dict)

    @property
    def left(self) -> Decimal:
        """What is not packed yet."""
        return max(ZERO, self.one.quantity - self.packed)

    @property
    def rest(self) -> Decimal:
        """What stays open on the order line when this has left."""
        return max(ZERO, self.open - self.one.quantity)

    @property
    def is_packed(self) -> bool:
        return self.one.quantity > ZERO and self.packed == self.one.quantity


def line_rows(
    draft: Written,
    found: NoticeFindings,
    texts: Mapping[str, str],
    mistakes: Mapping[str, str],
    packing: Mapping[str, str],
) -> list[LineRow]:
    """The lines with their fields. `texts` are the fields as shown, `packing` what was typed to pack them, `mistakes`
    what of all that cannot be read.
    """
    packed = packed_by_line(draft)
    rows = []
    for one in draft.lines:
        names = [f"{name}.{one.pk}" for name in ("quantity", "remainder", "follows_on")]
        quantity, remainder, follows_on = (texts[name] for name in names)
        wrong = [bad(mistakes[name]) for name in names if name in mistakes]
        about = [*wrong, *found.lines.get(one.position, ())]
        rows.append(
            LineRow(
                one,
                draft.open_of(one),
                packed[one.pk],
                quantity,
                remainder,
                follows_on,
                said=about,
                packing_said=found.packing.get(one.position, ()),
                is_bad=any(each.tone == "stop" for each in about),
                pack=_pack_fields(one.position, packing, mistakes),
            )
        )
    return rows


def _pack_fields(position: int, packing: Mapping[str, str], mistakes: Mapping[str, str]) -> dict[str, Any]:
    """The row "40 cartons of 12" of a line: as it was typed, and what of it is to be mended."""
    names = ("count", "each", "lot", "kind")
    fields: dict[str, Any] = {name: packing.get(f"{name}.{position}", "") for name in names}
    fields["kind"] = fields["kind"] or PackageKind.CARTON.value
    return fields | {f"bad_{name}": f"{name}.{position}" in mistakes for name in names}


def packed_by_line(draft: Written) -> dict[int, Decimal]:
    """How much of each line lies in packages, by the notice's line."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for package in draft.packages:
        for content in package.packed_here:
            found[content.notice_line_id] += content.quantity
    return found


# --- packages -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Content:
    """So much of a line in a package, in words."""

    line: str
    item: str
    quantity: Decimal
    unit: str
    decimals: int
    notes: str = ""


@dataclass(frozen=True, slots=True)
class PackageRow:
    """One package, or several alike that stand together: "packages 7 to 46, cartons of 12"."""

    first: int
    last: int
    depth: int
    kind: str
    number: str
    contents: Sequence[Content]
    measures: str
    has_inner: bool = False
    is_opened: bool = False
    said: Sequence[Said] = ()

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    @property
    def name(self) -> str:
        """As a sentence calls it."""
        if self.count == 1:
            return f"{self.kind} {self.first}"
        return f"{self.count} × {self.kind}, {self.first}–{self.last}"

    @property
    def value(self) -> str:
        """How its tick names it."""
        return f"{self.first}-{self.last}"


def package_rows(
    draft: Written, found: NoticeFindings | None = None, *, opened: frozenset[int] = frozenset()
) -> list[PackageRow]:
    """What is packed as a tree, outer before inner, those alike in one row unless their first is `opened`."""
    inner: dict[int | None, list[Package]] = defaultdict(list)
    for package in draft.packages:
        inner[package.parent_id].append(package)
    names = {one.pk: one for one in draft.lines}
    rows: list[PackageRow] = []
    todo: list[tuple[int, list[Package], bool]] = [
        (0, *group) for group in reversed(list(_alike(inner[None], inner, opened)))
    ]
    while todo:
        depth, group, is_opened = todo.pop()
        rows.append(
            _package_row(depth, group, names, found, has_inner=bool(inner[group[0].pk]), is_opened=is_opened)
        )
        if len(group) == 1:
            below = list(_alike(inner[group[0].pk], inner, opened))
            todo += [(depth + 1, *each) for each in reversed(below)]
    return rows


def _alike(
    packages: Sequence[Package], inner: Mapping[int | None, Sequence[Package]], opened: frozenset[int]
) -> Iterator[tuple[list[Package], bool]]:
    groups: list[list[Package]] = []
    looks: Any = None
    for package in packages:
        look = None if inner.get(package.pk) else _look(package)
        goes_on = groups and look is not None and look == looks
        if goes_on and groups[-1][-1].position + 1 == package.position:
            groups[-1].append(package)
        else:
            groups.append([package])
        looks = look
    for group in groups:
        if len(group) > 1 and group[0].position in opened:
            yield from (([package], True) for package in group)
        else:
            yield group, False


def _look(package: Package) -> tuple[Any, ...]:
    """What two packages have in common that are alike for whoever packs them."""
    contents = tuple(
        (
            one.notice_line_id,
            one.quantity,
            one.lot,
            tuple(one.serials),
            one.expires_on,
            one.origin,
            one.dangerous_goods,
        )
        for one in package.packed_here
    )
    measures = (package.gross_kg, package.length_cm, package.width_cm, package.height_cm)
    return (package.kind, contents, *measures, package.tracking_number)


def _package_row(
    depth: int,
    group: Sequence[Package],
    names: Mapping[int, ShipNoticeLine],
    found: NoticeFindings | None,
    *,
    has_inner: bool,
    is_opened: bool,
) -> PackageRow:
    first, last = group[0], group[-1]
    numbers = [number_of(package) for package in (first, last) if number_of(package)]
    about = [
        each for package in group for each in (found.packages.get(package.position, ()) if found else ())
    ]
    return PackageRow(
        first.position,
        last.position,
        depth,
        str(PackageKind(first.kind).label),
        " – ".join(dict.fromkeys(numbers)),
        [content_of(one, names[one.notice_line_id]) for one in first.packed_here],
        measures_text(first),
        has_inner,
        is_opened,
        about[:3],
    )


def number_of(package: Package) -> str:
    """Its number as people read it, in groups."""
    return spaced_sscc(package.sscc) if package.sscc else package.carton_number


def content_of(one: PackedQuantity, line: ShipNoticeLine) -> Content:
    """What lies there, with what it is known by."""
    asked = line.line
    notes = [
        _("lot %(lot)s") % {"lot": one.lot} if one.lot else "",
        ngettext("%(n)d serial number", "%(n)d serial numbers", len(one.serials)) % {"n": len(one.serials)}
        if one.serials
        else "",
        _("use by %(day)s") % {"day": day_text(one.expires_on)} if one.expires_on else "",
        _("made in %(country)s") % {"country": one.origin} if one.origin else "",
        one.dangerous_goods,
    ]
    return Content(
        f"{asked.order.number} · {asked.number}",
        asked.item_number,
        one.quantity,
        asked.unit,
        asked.unit_decimals,
        ", ".join(filter(None, notes)),
    )


def measures_text(package: Package) -> str:
    """Weight and size: "12.5 kg, 40 × 30 × 20 cm"."""
    sides = (package.length_cm, package.width_cm, package.height_cm)
    parts = []
    if package.gross_kg is not None:
        parts.append(quantity_text(package.gross_kg, "kg"))
    if all(side is not None for side in sides):
        parts.append(" × ".join(plain(side) for side in sides if side is not None) + " cm")
    return ", ".join(parts)


def hosts_of(draft: Written) -> list[tuple[str, str]]:
    """The packages that others can stand on or lie in, pallets first, each with its name."""
    kinds = (PackageKind.PALLET, PackageKind.CRATE)
    found = [package for package in draft.packages if package.kind in kinds]
    return [(str(one.position), f"{PackageKind(one.kind).label} {one.position}") for one in found[:200]]


@dataclass(frozen=True, slots=True)
class Totals:
    """What stands in the bar at the foot: how much of it goes, is packed, in how many pieces, and how heavy."""

    lines: int
    packed_lines: int
    packages: int
    outer: int
    gross_kg: Decimal | None

    @property
    def text(self) -> str:
        """In one line."""
        parts = [ngettext("%(n)d line goes", "%(n)d lines go", self.lines) % {"n": self.lines}]
        if self.packages:
            parts.append(
                _("%(packed)d of %(lines)d packed") % {"packed": self.packed_lines, "lines": self.lines}
            )
            text = ngettext("%(n)d package", "%(n)d packages", self.packages)
            parts.append(text % {"n": self.packages})
        else:
            parts.append(_("nothing packed"))
        if self.gross_kg:
            parts.append(quantity_text(self.gross_kg, "kg"))
        return " · ".join(parts)


def totals(draft: Written) -> Totals:
    """What a notice adds up to."""
    packed = packed_by_line(draft)
    going = [one for one in draft.lines if one.quantity > ZERO]
    outer = [package for package in draft.packages if package.parent_id is None]
    weights = [package.gross_kg for package in outer if package.gross_kg is not None]
    total = sum(weights, start=ZERO) if len(weights) == len(outer) else None
    return Totals(
        len(going),
        sum(packed[one.pk] == one.quantity for one in going),
        len(draft.packages),
        len(outer),
        draft.notice.gross_kg or total,
    )


# --- on its way ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Headline:
    """The sentence at the top of a notice: who is to act, and how it stands."""

    tone: str
    glyph: str
    turn: str
    yours: bool
    sentence: str | SafeString


def days_late(notice: ShipNotice, today: date) -> int:
    """By how many days a notice that has not arrived is late; zero where it is not."""
    if notice.state not in (NoticeState.SENT, NoticeState.IN_TRANSIT) or notice.expected_on is None:
        return 0
    return max(0, (today - notice.expected_on).days)


def headline(notice: ShipNotice, *, is_supplier: bool, today: date) -> Headline:
    """Where a notice stands, for whoever reads it. `today` is the date where the goods go."""
    late = days_late(notice, today)
    day = day_text(notice.expected_on) if notice.expected_on else ""
    place = notice.ship_to.name if notice.ship_to else notice.company.name
    if late:
        text = ngettext(
            "Expected at {place} on <b>{day}</b>, {n} day ago. Tell what happened, or a new day.",
            "Expected at {place} on <b>{day}</b>, {n} days ago. Tell what happened, or a new day.",
            late,
        )
        turn = _("Your turn") if is_supplier else _("Late")
        return Headline("stop", "alert", turn, is_supplier, format_html(text, place=place, day=day, n=late))
    if notice.state in (NoticeState.SENT, NoticeState.IN_TRANSIT):
        text = _("Expected at {place} on <b>{day}</b>.")
        word = _("On its way") if notice.state == NoticeState.IN_TRANSIT else _("Announced")
        return Headline("move", "half", word, False, format_html(text, place=place, day=day))
    if notice.state == NoticeState.ARRIVED:
        text = _("It has arrived at %(place)s and waits to be counted.") % {"place": place}
        return Headline("wait", "most", _("Arrived"), not is_supplier, text)
    if notice.state == NoticeState.PARTLY_RECEIVED:
        text = _("Part of it is booked in. What was counted of it stands under “At the dock”.")
        return Headline("move", "most", _("Partly received"), False, text)
    if notice.state == NoticeState.CANCELLED:
        text = _("Taken back: “%(why)s”. Its quantities are open again.") % {"why": notice.end_reason}
        return Headline("quiet", "stop", _("Taken back"), False, text)
    if notice.state == NoticeState.REPLACED:
        return Headline("quiet", "stale", _("Replaced"), False, _("A newer version has taken its place."))
    if notice.state == NoticeState.DISCARDED:
        return Headline("quiet", "none", _("Discarded"), False, _("This draft was thrown away."))
    if notice.state == NoticeState.CLOSED and notice.end_reason:
        is_ours = notice.end_reason == ALL_SETTLED
        why = _("All that came otherwise is settled.") if is_ours else notice.end_reason
        text = _("Nothing more of it is awaited: “%(why)s”.") % {"why": why}
        return Headline("done", "full", _("Closed"), False, text)
    return Headline("done", "full", _("Done"), False, _("All that came of it has been counted."))


def milestone_entries(told: Iterable[Milestone]) -> list[dict[str, Any]]:
    """What happened on the way, newest first, for the timeline."""
    looks = {
        MilestoneKind.EXCEPTION: ("stop", "alert"),
        MilestoneKind.ESTIMATED: ("talk", "stale"),
        MilestoneKind.ARRIVED: ("done", "most"),
        MilestoneKind.DELIVERED: ("done", "full"),
    }
    entries = []
    for one in reversed(list(told)):
        tone, glyph = looks.get(MilestoneKind(one.kind), ("move", "half"))
        words = [str(MilestoneKind(one.kind).label), one.place]
        if one.estimated_on:
            words.append(_("expected on %(day)s") % {"day": day_text(one.estimated_on)})
        told_by = _("told by %(name)s, %(at)s") % {"name": one.told_by, "at": moment_text(one.told_at)}
        entries.append(
            {
                "tone": tone,
                "glyph": glyph,
                "text": ", ".join(filter(None, words)),
                "at": one.happened_at,
                "note": " · ".join(filter(None, (one.note, told_by))),
            }
        )
    return entries


@dataclass(frozen=True, slots=True)
class Tracking:
    """A tracking number, and where its carrier shows it, as far as we know the carrier."""

    number: str
    url: str = ""


def tracking_of(notice: ShipNotice) -> list[Tracking]:
    """The tracking numbers of a notice with the carrier's page for each."""
    carrier = notice.carrier.casefold()
    pattern = next((url for name, url in TRACKING.items() if carrier.startswith(name)), "")
    return [
        Tracking(number, pattern.format(quote(number, safe="")) if pattern else "")
        for number in notice.tracking_numbers
    ]
