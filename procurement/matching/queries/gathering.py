"""All that a set of claims is held against, read at once: so many queries, however many invoices and lines."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db import connection
from django.db.models import F, Q

from portal.kernel.scope import acting
from procurement.catalogue.models import Item, Unit
from procurement.invoices.models import (
    Invoice,
    InvoiceCharge,
    InvoiceFile,
    InvoiceLine,
    InvoiceTax,
    InvoiceTaxChoice,
    InvoicingProfile,
)
from procurement.invoices.queries import booked_elsewhere, with_what_they_correct
from procurement.invoices.states import LIVE, FileKind, InvoiceKind
from procurement.matching.engine import Earlier, Kind
from procurement.matching.engine.units import factors_to
from procurement.matching.queries.gathered import LATER, ZERO, Company, Gathering, Other
from procurement.matching.queries.rules import ways_of
from procurement.matching.queries.waiting import MATCHER
from procurement.orders.models import PurchaseOrderLine
from procurement.receipts.queries import rejected_by_line
from procurement.tolerances.messages import DocumentKind, Level, Measure
from procurement.tolerances.queries import LivePolicy, groups_of, live_policy, live_policy_held, stopped_of
from suppliers.banking.queries import OFFICE, frozen_suppliers, known_traces
from suppliers.onboarding.messages import PayingWaits
from suppliers.onboarding.queries import paying_waits

ITSELF = (FileKind.PICTURE, FileKind.EINVOICE)  # the same evidence may well go with two invoices
LONGEST_WINDOW = 366  # days


def gather(
    invoices: Sequence[Invoice], *, at: datetime, hold: bool = False, tried: LivePolicy | None = None
) -> Gathering:
    """Read all that these invoices are held against, with `company`, `supplier` and `corrects` at hand; with `hold` the
    tolerances stay what they are until the transaction ends; `tried` takes the place of those that act. For the buying
    side and the program itself.
    """
    ids = [one.pk for one in invoices]
    lines = _by_invoice(InvoiceLine.objects.filter(invoice__in=ids).order_by("invoice_id", "position", "id"))
    companies = {pk: _company(pk, tried, hold=hold) for pk in {one.company_id for one in invoices}}
    line_ids = {line.line_id for theirs in lines.values() for line in theirs if line.line_id}
    order_ids = {line.order_id for theirs in lines.values() for line in theirs if line.order_id}
    whole = any(one.book.uses(DocumentKind.INVOICE, Measure.DOCUMENT_AMOUNT) for one in companies.values())
    of_orders = Q(order__in=order_ids) if whole else Q(pk__in=line_ids)
    order_lines = {one.pk: one for one in PurchaseOrderLine.objects.filter(of_orders).select_related("order")}
    units = dict(Unit.objects.values_list("code", "rec20"))
    charges = _by_invoice(
        InvoiceCharge.objects.filter(invoice__in=ids).order_by("invoice_id", "position", "id")
    )
    files: dict[int, set[str]] = defaultdict(set)
    for pk, digest in InvoiceFile.objects.filter(invoice__in=ids, kind__in=ITSELF).values_list(
        "invoice_id", "sha256"
    ):
        files[pk].add(digest)
    return Gathering(
        at=at,
        invoices=invoices,
        lines=lines,
        charges=charges,
        taxes=_by_invoice(InvoiceTax.objects.filter(invoice__in=ids).order_by("invoice_id", "id")),
        files={pk: frozenset(found) for pk, found in files.items()},
        order_lines=order_lines,
        others=_others(order_lines),
        other_charges=_other_charges(order_ids) if charges else {},
        earlier=_earlier(invoices, lines, files, companies),
        companies=companies,
        groups=_groups(order_lines.values(), companies.values()),
        units=units,
        credited=_credited(invoices, units),
        elsewhere=booked_elsewhere(order_lines),
        rejected=rejected_by_line(order_lines),
        accounts=_accounts(invoices),
        frozen=frozen_suppliers({one.supplier_id for one in invoices}),
        onboarding=paying_waits({one.supplier_id for one in invoices}, at),
    )


def paying_waits_of(invoice: Invoice, *, at: datetime) -> PayingWaits | None:
    """What of its supplier's onboarding an invoice is held for, where the policy that counts for it says so."""
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        return None
    waits = paying_waits([invoice.supplier_id], at).get(invoice.supplier_id)
    if waits is None:
        return None
    with acting(MATCHER):
        found = Invoice.objects.select_related("company", "supplier", "corrects", "pay_to").get(pk=invoice.pk)
        return waits if gather([found], at=at).policy(found).waits_for_onboarding else None


def _accounts(invoices: Iterable[Invoice]) -> Mapping[int, set[str]]:
    """The accounts on record of suppliers whose invoices name one; no query where none does."""
    asked = {one.supplier_id for one in invoices if one.asked_account}
    if not asked:
        return {}
    with acting(OFFICE):
        return known_traces(asked)


def _by_invoice(rows: Iterable[InvoiceLine | InvoiceCharge | InvoiceTax]) -> dict[int, list]:
    found: dict[int, list] = defaultdict(list)
    for row in rows:
        found[row.invoice_id].append(row)
    return found


def _company(company_id: int, tried: LivePolicy | None, *, hold: bool) -> Company:
    profile = InvoicingProfile.objects.filter(company=company_id).first()
    look = live_policy_held if hold else live_policy
    policy = tried or look(company_id, DocumentKind.INVOICE)
    taxes = frozenset(
        InvoiceTaxChoice.objects.filter(company=company_id).values_list("category", "rate", "jurisdiction")
    )
    return Company(
        policy, ways_of(company_id, profile), profile, taxes or None, stopped_of(company_id) is not None
    )


def _groups(lines: Iterable[PurchaseOrderLine], companies: Iterable[Company]) -> dict[str, str]:
    """The items' groups, where a rule or a policy asks for them."""
    numbers = {line.item_number for line in lines}
    asked = [one for one in companies if one.ways.uses(Level.ITEM_GROUP)]
    for one in companies:
        if found := groups_of(numbers, one.book):
            return found
    if not asked:
        return {}
    return dict(Item.objects.filter(number__in=numbers).values_list("number", "group"))


def _others(order_lines: Mapping[int, PurchaseOrderLine]) -> dict[int, list[Other]]:
    """All that claims of these order lines: one query."""
    rows = with_what_they_correct(
        InvoiceLine.objects.filter(line__in=list(order_lines), invoice__state__in=LIVE)
    )
    found: dict[int, list[Other]] = defaultdict(list)
    for row in rows.values_list(
        "invoice_id",
        "invoice__document",
        "invoice__sent_at",
        "invoice__kind",
        "invoice__state",
        "line_id",
        "order_id",
        "quantity",
        "unit",
        "amount",
        "price_only",
    ):
        invoice, document, sent_at, kind, state, line, order, quantity, unit, amount, price_only = row
        is_credit = kind == InvoiceKind.CREDIT_NOTE
        found[line].append(
            Other(
                invoice,
                document,
                (sent_at or LATER, invoice),
                is_credit,
                state,
                line,
                order,
                quantity,
                unit,
                amount,
                price_only,
            )
        )
    return found


def _other_charges(order_ids: Iterable[int]) -> dict[int, list[tuple[int, Other, str, bool, Decimal]]]:
    """All charges of invoices that claim of these orders, by the order's id, each with its own: one query."""
    charges = InvoiceCharge.objects.filter(invoice__lines__order__in=set(order_ids), invoice__state__in=LIVE)
    rows = (
        with_what_they_correct(charges)
        .annotate(of_order=F("invoice__lines__order"))
        .values_list(
            "of_order",
            "invoice_id",
            "invoice__document",
            "invoice__sent_at",
            "invoice__kind",
            "invoice__state",
            "code",
            "is_allowance",
            "amount",
            "id",
        )
        .distinct()
    )
    found: dict[int, list[tuple[int, Other, str, bool, Decimal]]] = defaultdict(list)
    for order, invoice, document, sent_at, kind, state, code, is_allowance, amount, pk in rows:
        is_credit = kind == InvoiceKind.CREDIT_NOTE
        other = Other(
            invoice,
            document,
            (sent_at or LATER, invoice),
            is_credit,
            state,
            0,
            order,
            ZERO,
            "",
            amount,
            price_only=True,
        )
        found[order].append((pk, other, code, is_allowance, amount))
    return found


def _earlier(
    invoices: Sequence[Invoice],
    lines: Mapping[int, Sequence[InvoiceLine]],
    files: Mapping[int, set[str]],
    companies: Mapping[int, Company],
) -> dict[int, list[tuple[Earlier, tuple[datetime, int], str, int]]]:
    """Of each invoice, the others that may be the same: by number, by amount within the window, by file."""
    if not invoices:
        return {}
    widest = max((one.ways.widest_window for one in companies.values()), default=0)
    digests = {digest for found in files.values() for digest in found}
    same_file: dict[int, set[str]] = defaultdict(set)
    if digests:
        twins = InvoiceFile.objects.filter(
            supplier__in={one.supplier_id for one in invoices},
            sha256__in=digests,
            kind__in=ITSELF,
            invoice__state__in=LIVE,
        )
        for pk, digest in twins.values_list("invoice_id", "sha256"):
            same_file[pk].add(digest)
    found = Invoice.objects.filter(pk__in={*same_file, *_alike(invoices, min(widest, LONGEST_WINDOW))})
    rows = list(
        found.values_list(
            "pk",
            "key",
            "document",
            "supplier_id",
            "company_id",
            "kind",
            "number",
            "number_key",
            "currency",
            "total",
            "invoiced_on",
            "sent_at",
            "state",
        )
    )
    by_key: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    by_amount: dict[tuple[int, int, Decimal], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        by_key[row[3], row[4], row[7]].append(place)
        by_amount[row[3], row[4], row[9]].append(place)
    candidates: dict[int, set[int]] = {}
    for one in invoices:
        same = set(
            by_key.get((one.supplier_id, one.company_id, one.number_key), ()) if one.number_key else ()
        )
        same |= set(by_amount.get((one.supplier_id, one.company_id, one.total), ()))
        mine = files.get(one.pk, set())
        if mine:
            same |= {place for place, row in enumerate(rows) if mine & same_file.get(row[0], set())}
        candidates[one.pk] = {place for place in same if rows[place][2] != one.document}
    wanted = {rows[place][0] for places in candidates.values() for place in places}
    claimed: dict[int, set[int]] = defaultdict(set)
    if wanted:
        theirs = InvoiceLine.objects.filter(invoice__in=wanted, line__isnull=False)
        for pk, line in theirs.values_list("invoice_id", "line_id"):
            claimed[pk].add(line)
    told: dict[int, list[tuple[Earlier, tuple[datetime, int], str, int]]] = {}
    for invoice, places in candidates.items():
        told[invoice] = []
        for place in sorted(places):
            pk, key, _doc, _sup, _com, kind, number, number_key, currency, total, on, sent_at, state = rows[
                place
            ]
            earlier = Earlier(
                str(key),
                Kind(kind),
                number,
                number_key,
                currency,
                total,
                on,
                frozenset(claimed.get(pk, ())),
                frozenset(same_file.get(pk, ())),
            )
            told[invoice].append((earlier, (sent_at or LATER, pk), state, pk))
    return told


# Pair by pair: a list of suppliers crossed with one of numbers would be asked for every combination of both.
ALIKE = """
    SELECT other.id FROM unnest(%s::bigint[], %s::text[]) AS mine (supplier, number)
    JOIN procurement_invoice other ON other.supplier_id = mine.supplier AND other.number_key = mine.number
    WHERE other.state = ANY (%s)
    UNION
    SELECT other.id FROM unnest(%s::bigint[], %s::numeric[], %s::date[]) AS mine (supplier, total, day)
    JOIN procurement_invoice other ON other.supplier_id = mine.supplier AND other.total = mine.total
        AND other.invoiced_on BETWEEN mine.day - %s AND mine.day + %s
    WHERE other.state = ANY (%s)
"""


def _alike(invoices: Sequence[Invoice], days: int) -> list[int]:
    """The live invoices, by id, with the number of one of these, or its amount within so many days. One query."""
    numbered = [one for one in invoices if one.number_key]
    dated = [one for one in invoices if one.invoiced_on]
    live = [str(state) for state in LIVE]
    with connection.cursor() as cursor:
        cursor.execute(
            ALIKE,
            [
                [one.supplier_id for one in numbered],
                [one.number_key for one in numbered],
                live,
                [one.supplier_id for one in dated],
                [one.total for one in dated],
                [one.invoiced_on for one in dated],
                days,
                days,
                live,
            ],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _credited(invoices: Sequence[Invoice], units: Mapping[str, str]) -> dict[tuple[int, int], Fraction]:
    """At which price, for one of the order's units, the goods were claimed that a credit note gives back: where the
    invoice claims of an order line at several, their mean, each price counting for as many as it was claimed for.
    """
    notes: dict[int, list[int]] = {}
    for one in invoices:
        if one.corrects_id is not None and one.kind == InvoiceKind.CREDIT_NOTE:
            notes.setdefault(one.corrects_id, []).append(one.pk)
    if not notes:
        return {}
    rows = InvoiceLine.objects.filter(invoice__in=list(notes), line__isnull=False, price_only=False)
    claimed: dict[tuple[int, int], tuple[Fraction, Fraction]] = {}
    for invoice, line, quantity, unit, price, per, ordered_in in rows.values_list(
        "invoice_id", "line_id", "quantity", "unit", "unit_price", "price_quantity", "line__unit"
    ):
        factor = Fraction(1) if unit == ordered_in else factors_to(ordered_in, units).get(unit)
        if factor is None:
            continue
        many, worth = claimed.get((invoice, line), (Fraction(0), Fraction(0)))
        worth += Fraction(quantity) * Fraction(price) / Fraction(per)
        claimed[invoice, line] = (many + Fraction(quantity) * factor, worth)
    return {
        (note, line): worth / many
        for (invoice, line), (many, worth) in claimed.items()
        if many
        for note in notes[invoice]
    }
