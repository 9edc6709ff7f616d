"""A ship notice in the words of its papers: labels of its packages, delivery note, packing slip.

The papers speak the supplier's language: its own people print and sign them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _

from portal.kernel.templatetags.portal_ui import day_text
from procurement.catalogue.models import Company, Site
from procurement.labels.elements import BadElement, Element, count_element, day_element, key_element
from procurement.labels.papers import DeliveryPaper, Label, PackedItem, PaperLine, PaperPackage, Party
from procurement.shipments.models import Package, PackedQuantity, ShipNotice, ShipNoticeLine
from procurement.shipments.policies import ZERO
from procurement.shipments.presenters import measures_text, number_of
from procurement.shipments.queries import Written
from procurement.shipments.states import PackageKind

MOST_SERIALS_SAID = 20


def labels_of(draft: Written, positions: Iterable[int] | None = None) -> list[Label]:
    """A label for each package that has a number, by position; of some of them only, where that is asked."""
    wanted = None if positions is None else set(positions)
    notice = draft.notice
    lines = {one.pk: one for one in draft.lines}
    inside = _all_inside(draft)
    ship_from, ship_to = _ship_from(notice), _ship_to(notice)
    total = len(draft.packages)
    with translation.override(notice.supplier.language):
        return [
            _label(notice, package, place, total, inside[package.pk], lines, ship_from, ship_to)
            for place, package in enumerate(draft.packages, start=1)
            if (package.sscc or package.carton_number) and (wanted is None or package.position in wanted)
        ]


def _all_inside(draft: Written) -> dict[int, list[PackedQuantity]]:
    """What lies in each package and in all that stands on it."""
    parents = {package.pk: package.parent_id for package in draft.packages}
    found: dict[int, list[PackedQuantity]] = defaultdict(list)
    for package in draft.packages:
        here: int | None = package.pk
        while here is not None:
            found[here] += package.packed_here
            here = parents.get(here)
    return found


def _label(
    notice: ShipNotice,
    package: Package,
    place: int,
    total: int,
    contents: Sequence[PackedQuantity],
    lines: dict[int, ShipNoticeLine],
    ship_from: Party,
    ship_to: Party,
) -> Label:
    asked = [lines[one.notice_line_id].line for one in contents]
    items = {line.item_number for line in asked}
    first = asked[0] if len(items) == 1 else None
    lots = {one.lot for one in contents}
    expiries = {one.expires_on for one in contents}
    origins = {one.origin for one in contents}
    serials = [serial for one in contents for serial in one.serials]
    lot = next(iter(lots)) if len(lots) == 1 and first else ""
    expires_on = next(iter(expiries)) if len(expiries) == 1 and first else None
    quantity = sum((one.quantity for one in contents), start=ZERO) if first else None
    return Label(
        ship_from=ship_from,
        ship_to=ship_to,
        sscc=package.sscc,
        carton_number=package.carton_number,
        orders=tuple(dict.fromkeys(line.order.number for line in asked)),
        notice=notice.number,
        carrier=notice.carrier,
        tracking=package.tracking_number,
        item=first.supplier_part_number if first else "",
        buyer_item=first.item_number if first else "",
        description=first.description if first else "",
        is_mixed=len(items) > 1,
        quantity=quantity,
        unit=first.unit if first else "",
        lot=lot,
        serial=serials[0] if len(serials) == 1 else "",
        expires_on=expires_on,
        gross_kg=package.gross_kg,
        origin=next(iter(origins)) if len(origins) == 1 else "",
        position=place,
        total=total,
        elements=_elements(first.gtin if first else "", quantity, lot, expires_on),
        language=notice.supplier.language,
    )


def _elements(gtin: str, quantity: Decimal | None, lot: str, expires_on: date | None) -> tuple[Element, ...]:
    """What a second barcode says of one item's package: (02) GTIN, (37) count, (17) expiry, (10) lot. None without a
    GTIN: a count without its item says nothing.
    """
    if not gtin or quantity is None or quantity != quantity.to_integral_value() or not 0 < quantity < 10**8:
        return ()
    try:
        found = [key_element("02", gtin.zfill(14)), count_element("37", int(quantity))]
        if expires_on is not None:
            found.append(day_element("17", expires_on))
        if lot:
            found.append(Element("10", lot))
    except (BadElement, ValueError):
        return ()
    return tuple(found)


# --- delivery note and packing slip -------------------------------------------------------------------------


def delivery_paper(draft: Written, positions: Iterable[int] | None = None) -> DeliveryPaper:
    """What both papers say: who sends what to whom, and in which packages.

    Of some packages only, by position, where a slip of all would be too long; each with all that stands on it.
    """
    notice = draft.notice
    wanted = None if positions is None else set(positions)
    with translation.override(notice.supplier.language):
        lots = _lots(draft)
        return DeliveryPaper(
            number=notice.number or _("Draft"),
            ship_from=_ship_from(notice),
            ship_to=_ship_to(notice),
            lines=tuple(_paper_line(one, draft, lots) for one in draft.lines if one.quantity),
            packages=_paper_packages(draft, wanted),
            sold_by=Party(notice.supplier.name, country=notice.supplier.country),
            ordered_by=_company(notice.company),
            notice=str(notice.issue) if notice.issue > 1 else "",
            shipped_on=notice.ship_on,
            expected_on=notice.delivery_on,
            carrier=notice.carrier,
            service=notice.service,
            tracking=tuple(notice.tracking_numbers),
            bill_of_lading=notice.bill_of_lading,
            seal=notice.seal,
            freight_terms=str(notice.get_freight_terms_display()) if notice.freight_terms else "",
            gross_kg=notice.gross_kg,
            note=notice.note,
            language=notice.supplier.language,
        )


def _lots(draft: Written) -> dict[int, tuple[str, ...]]:
    """The lots of each line, with their days, by the notice's line."""
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for package in draft.packages:
        for one in package.packed_here:
            for text in _lot_texts(one):
                found[one.notice_line_id][text] = None
    return {line: tuple(texts) for line, texts in found.items()}


def _lot_texts(one: PackedQuantity) -> list[str]:
    day = _("use by %(day)s") % {"day": day_text(one.expires_on)} if one.expires_on else ""
    texts = [", ".join(filter(None, (one.lot, day)))] if one.lot or day else []
    said = one.serials[:MOST_SERIALS_SAID]
    return [*texts, *said, *(["…"] if len(one.serials) > len(said) else [])]


def _paper_line(one: ShipNoticeLine, draft: Written, lots: dict[int, tuple[str, ...]]) -> PaperLine:
    line = one.line
    rest = draft.open_of(one) - one.quantity
    return PaperLine(
        order=line.order.number,
        line=str(line.number),
        item=line.item_number,
        quantity=one.quantity,
        unit=line.unit,
        description=line.description,
        supplier_item=line.supplier_part_number,
        ordered=line.quantity,
        follows=rest if rest > ZERO and one.remainder == "follows" else None,
        lots=lots.get(one.pk, ()),
    )


def parts_of_labels(draft: Written, most: int) -> list[str]:
    """The packages that have a number, in parts of so many, as an address names them: "1-150"."""
    places = [package.position for package in draft.packages if number_of(package)]
    return [_span(places[start : start + most]) for start in range(0, len(places), most)]


def parts_of_slip(draft: Written, most: int) -> list[str]:
    """The packages that stand by themselves, in parts with no more than so many in all (one alone may hold more)."""
    roots = {package.pk: package for package in draft.packages if package.parent_id is None}
    parents = {package.pk: package.parent_id for package in draft.packages}
    held: dict[int, int] = defaultdict(int)
    for package in draft.packages:
        here = package.pk
        while (above := parents.get(here)) is not None:
            here = above
        held[here] += 1
    parts: list[list[int]] = []
    room = 0
    for pk, package in roots.items():
        if held[pk] > room:
            parts.append([])
            room = most
        parts[-1].append(package.position)
        room -= held[pk]
    return [_span(places) for places in parts]


def _span(places: Sequence[int]) -> str:
    return f"{places[0]}-{places[-1]}"


def _paper_packages(draft: Written, wanted: set[int] | None) -> tuple[PaperPackage, ...]:
    inner: dict[int | None, list[Package]] = defaultdict(list)
    for package in draft.packages:
        inner[package.parent_id].append(package)
    lines = {one.pk: one for one in draft.lines}

    def paper(package: Package) -> PaperPackage:
        return PaperPackage(
            kind=str(PackageKind(package.kind).label),
            number=number_of(package) or str(package.position),
            contents=tuple(_packed_item(one, lines[one.notice_line_id]) for one in package.packed_here),
            inner=tuple(paper(each) for each in inner[package.pk]),
            gross_kg=package.gross_kg,
            size=_size(package),
        )

    return tuple(paper(package) for package in inner[None] if wanted is None or package.position in wanted)


def _size(package: Package) -> str:
    """The sides alone: the weight has its own place on the paper."""
    text = measures_text(package)
    return text.rpartition(", ")[2] if "×" in text else ""


def _packed_item(one: PackedQuantity, line: ShipNoticeLine) -> PackedItem:
    asked = line.line
    return PackedItem(
        item=asked.item_number,
        quantity=one.quantity,
        unit=asked.unit,
        description=asked.description,
        order=asked.order.number,
        line=str(asked.number),
        lots=tuple(_lot_texts(one)),
    )


# --- parties ------------------------------------------------------------------------------------------------


def _ship_from(notice: ShipNotice) -> Party:
    place = notice.ship_from
    if place is None:
        return Party(notice.supplier.name, country=notice.supplier.country)
    street = "\n".join(filter(None, (place.name if place.name != notice.supplier.name else "", place.street)))
    return Party(
        notice.supplier.name,
        street,
        place.postal_code,
        place.city,
        country=place.country or notice.supplier.country,
    )


def _ship_to(notice: ShipNotice) -> Party:
    place: Site | None = notice.ship_to
    if place is None:
        return _company(notice.company)
    return Party(
        place.name, place.street, place.postal_code, place.city, country=place.country, gln=place.gln
    )


def _company(company: Company) -> Party:
    return Party(company.name, country=company.country)
