"""Invoices for programs: a whole one in one call, its corrections, what is given back; and what becomes of them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    program_door,
    read,
    read_query,
    version_answered,
)
from portal.kernel.rest.fields import Day, Exact, Flag, Key, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import IDEMPOTENCY_KEY, IF_MATCH, REPLAYED
from procurement.invoices.messages import (
    ChargeEntry,
    InvoiceHeader,
    InvoiceNamed,
    SaveDraft,
    TaxWord,
    WholeInvoice,
    WholeLine,
)
from procurement.invoices.models import Invoice, InvoiceFile
from procurement.invoices.policies.checks import MOST_LINES, Finding
from procurement.invoices.policies.picture import FACTS, STATES, Outcome, hold_against
from procurement.invoices.queries import (
    data_of,
    find_invoice,
    visible_invoices,
    with_lines,
    with_order_numbered,
)
from procurement.invoices.services import (
    discard_draft,
    findings_of,
    header_of,
    reject_invoice,
    revise_whole,
    save_draft,
    send_invoice,
    send_whole,
    start_credit_note,
    withdraw_invoice,
    write_whole,
)
from procurement.invoices.services.draft import HEADER, MOST_CHARGES
from procurement.invoices.states import Acts, FileKind, InvoiceKind, InvoiceState, TaxCategory
from procurement.orders.api import CompanyRef, OrderRef, SupplierRef
from suppliers.roles import Permission

ZERO = Decimal(0)

# --- what is sent -------------------------------------------------------------------------------------------


class ClaimedCharge(Shape):
    """A charge or an allowance: so much, or so many percent."""

    is_allowance = Flag(default=False, help_text="true: it is taken off.")
    code = Text(
        required=False,
        allow_blank=True,
        max_length=10,
        help_text="UNCL 7161 for a charge (FC is freight), UNCL 5189 for an allowance (95 is a discount).",
    )
    reason = Text(required=False, allow_blank=True, max_length=200)
    amount = Exact(required=False, help_text="No less than zero. Or say percent.")
    percent = Exact(required=False, help_text="Of the line, or of the sum of the lines.")
    category = Word(
        required=False, choices=TaxCategory.choices, help_text="UNCL 5305. Of the whole invoice alone."
    )
    tax_rate = Exact(required=False, help_text="In percent.")
    jurisdiction = Text(required=False, allow_blank=True, max_length=60)


class ClaimedLine(Shape):
    """What is claimed of one order line; without order and line, of what was not ordered."""

    order = Text(required=False, max_length=60, help_text="The order's number.")
    line = Text(required=False, max_length=60, help_text="The line's key.")
    quantity = Exact(help_text="In the line's unit.")
    unit_price = Exact()
    price_quantity = Exact(
        required=False, help_text="The price is for so many units; the order line's if left out."
    )
    price_only = Flag(default=False, help_text="Only money moves: the goods are claimed already.")
    unit = Text(required=False, max_length=20)
    description = Text(required=False, allow_blank=True, max_length=300)
    supplier_item = Text(required=False, allow_blank=True, max_length=60)
    category = Word(
        required=False,
        choices=TaxCategory.choices,
        help_text="UNCL 5305. Left out with the rate: as the supplier's last invoice to the company, else its usual.",
    )
    tax_rate = Exact(required=False, help_text="In percent.")
    jurisdiction = Text(required=False, allow_blank=True, max_length=60)
    charges = serializers.ListField(child=ClaimedCharge(), required=False, max_length=MOST_CHARGES)


class UntaxedReason(Shape):
    """Why what is taxed like this is not taxed."""

    category = Word(choices=TaxCategory.choices)
    exemption_reason = Text(max_length=300)
    tax_rate = Exact(required=False)
    jurisdiction = Text(required=False, allow_blank=True, max_length=60)


class InvoiceContent(Shape):
    """All that an invoice says. Sums are worked out; `typed_total` is held against them."""

    invoiced_on = Day()
    supplied_on = Day(required=False, help_text="The tax point.")
    payment_days = Whole(required=False, max_value=365, help_text="To be paid within so many days.")
    due_on = Day(required=False, help_text="Worked out from payment_days if left out.")
    discount_percent = Exact(required=False, help_text="2 in 2/10 net 30.")
    discount_days = Whole(required=False, max_value=365, help_text="10 in 2/10 net 30.")
    corrects_number = Text(required=False, allow_blank=True, max_length=60)
    reason = Text(required=False, allow_blank=True, max_length=2000, help_text="Of a credit or debit note.")
    buyer_reference = Text(required=False, allow_blank=True, max_length=100)
    supplier_tax_id = Text(required=False, allow_blank=True, max_length=30)
    company_tax_id = Text(required=False, allow_blank=True, max_length=30)
    withholding_note = Text(required=False, allow_blank=True, max_length=2000)
    note = Text(required=False, allow_blank=True, max_length=4000)
    typed_total = Exact(
        required=False, help_text="What is to be paid, as you have it. Refused if it differs."
    )
    lines = serializers.ListField(child=ClaimedLine(), min_length=1, max_length=MOST_LINES)
    charges = serializers.ListField(child=ClaimedCharge(), required=False, max_length=MOST_CHARGES)
    untaxed = serializers.ListField(child=UntaxedReason(), required=False, max_length=20)


class NewInvoice(InvoiceContent):
    """An invoice, a credit or a debit note, to be sent at once or kept as a draft."""

    company = Text(max_length=20, help_text="The code of the company that ordered.")
    number = Text(max_length=60, help_text="Your own number of it.")
    kind = Word(choices=InvoiceKind.choices, default=InvoiceKind.INVOICE)
    currency = Text(required=False, max_length=3, help_text="That of its orders if left out.")
    corrects = Key(required=False, help_text="The invoice that a note is about, by its key.")
    supplier = Text(required=False, max_length=40, help_text="Whose it is: for the buying side alone.")
    send = Flag(default=True, help_text="false: it is kept as a draft.")


class RevisedInvoice(InvoiceContent):
    """What an invoice that was sent is to say instead: all of it, under its number."""

    version = Whole(
        required=False,
        min_value=1,
        help_text="The version that you have seen. Owed unless you send If-Match.",
    )


class SeenInvoice(Shape):
    """The version of an invoice that you have seen."""

    version = Whole(min_value=1)


class EndedInvoice(SeenInvoice):
    """Why an invoice is taken back, or sent back."""

    reason = Text(max_length=2000)


class NewCreditNote(Shape):
    """A credit note that gives back all that is left of an invoice."""

    number = Text(max_length=60, help_text="Your own number of it.")
    reason = Text(max_length=2000)
    send = Flag(default=True, help_text="false: it is kept as a draft.")


# --- what is told -------------------------------------------------------------------------------------------


@extend_schema_field({"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]{1,6})?$"})
class Signed(Exact):
    """An exact decimal that may be below zero."""


class ToldCharge(serializers.Serializer):
    """A charge or an allowance."""

    is_allowance = serializers.BooleanField()
    code = serializers.CharField()
    reason = serializers.CharField()
    percent = Exact(allow_null=True)
    amount = Exact()
    category = Word(choices=[*TaxCategory.choices, ("", "Not said")])
    tax_rate = Exact()
    jurisdiction = serializers.CharField()


class ToldLine(serializers.Serializer):
    """What is claimed of one order line; without one, of what was not ordered."""

    position = serializers.IntegerField()
    order = OrderRef(allow_null=True)
    line = serializers.CharField(source="line.key", default="", help_text="The line's key.")
    line_number = serializers.IntegerField(source="line.number", default=None, allow_null=True)
    description = serializers.CharField()
    supplier_item = serializers.CharField()
    quantity = Exact()
    unit = serializers.CharField()
    unit_price = Exact()
    price_quantity = Exact()
    price_only = serializers.BooleanField()
    amount = Signed(help_text="Net, with its own charges and allowances; of a draft it may be below zero.")
    category = Word(choices=[*TaxCategory.choices, ("", "Not said")])
    tax_rate = Exact()
    jurisdiction = serializers.CharField()
    charges = ToldCharge(many=True, source="told_charges")


class ToldTax(serializers.Serializer):
    """Base and tax of all that is taxed alike. Below zero where more is taken off than claimed."""

    category = Word(choices=TaxCategory.choices)
    tax_rate = Exact()
    jurisdiction = serializers.CharField()
    base = Signed()
    amount = Signed()
    exemption_reason = serializers.CharField()


class PictureFact(serializers.Serializer):
    """One thing that the data say, looked for in the picture."""

    name = Word(choices=[(name, name) for name in FACTS])
    carried = serializers.BooleanField(help_text="Looked for in the electronic invoice inside the PDF.")
    expected = serializers.CharField(
        help_text="What the data say: days as ISO 8601, amounts as plain decimals."
    )
    outcome = Word(choices=[(one.value, one.value) for one in Outcome])
    said = serializers.CharField(help_text="What stands there instead; empty where that is not known.")


class PictureTold(serializers.Serializer):
    """What a PDF was found to say of the data. Nothing of it stops an invoice."""

    state = Word(choices=[(one, one) for one in STATES], help_text="read, or why it was not.")
    facts = PictureFact(many=True)


class ListedFile(serializers.Serializer):
    """A file of an invoice."""

    key = serializers.UUIDField()
    kind = Word(choices=FileKind.choices)
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    added_at = Moment()
    added_by = serializers.CharField()


class ToldFile(ListedFile):
    """A file of an invoice, and what it shows."""

    picture = serializers.SerializerMethodField()

    @extend_schema_field(PictureTold(allow_null=True))
    def get_picture(self, file: InvoiceFile) -> Any:
        """A PDF held against the data; null for what is no picture, and what was never read."""
        if not file.reading:
            return None
        invoice: Any = file.invoice  # with its lines, as `with_lines` put them there
        facts = hold_against(file.reading, data_of(invoice, invoice.told_lines))
        return PictureTold({"state": file.reading.get("state", ""), "facts": facts}).data


class WhyHeld(serializers.Serializer):
    """Why an invoice does not go on, and whose turn it is."""

    key = serializers.CharField(help_text="A word for why.")
    params = serializers.DictField(child=serializers.CharField(), help_text="What stands in the sentence.")
    acts = Word(choices=Acts.choices)
    since = Moment()


class InvoiceFinding(serializers.Serializer):
    """What there is to say of a draft, or was when it was sent just now; a *stop* refuses to send."""

    grade = Word(choices=[("stop", "stop"), ("warn", "warn"), ("hint", "hint")])
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField()
    line = serializers.IntegerField(allow_null=True, help_text="A line's position.")


class InvoiceTold(serializers.Serializer):
    """An invoice, a credit or a debit note. A credit note's amounts are what it gives back."""

    key = serializers.UUIDField()
    document = serializers.UUIDField(help_text="The same for all versions of it.")
    issue = serializers.IntegerField(help_text="Which version of the document this is.")
    kind = Word(choices=InvoiceKind.choices)
    number = serializers.CharField()
    state = Word(choices=InvoiceState.choices)
    version = serializers.IntegerField()
    company = CompanyRef()
    supplier = SupplierRef()
    corrects = serializers.UUIDField(source="corrects.key", default=None, allow_null=True)
    corrects_number = serializers.CharField()
    reason = serializers.CharField()
    invoiced_on = Day(allow_null=True)
    supplied_on = Day(allow_null=True)
    due_on = Day(allow_null=True)
    payment_days = serializers.IntegerField(allow_null=True)
    discount_percent = Exact(allow_null=True)
    discount_days = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    buyer_reference = serializers.CharField()
    supplier_tax_id = serializers.CharField()
    company_tax_id = serializers.CharField()
    withholding_note = serializers.CharField()
    note = serializers.CharField()
    line_total = Signed()
    allowance_total = Exact()
    charge_total = Exact()
    tax_total = Signed()
    total = Signed(help_text="What is to be paid.")
    on_behalf = serializers.BooleanField(help_text="Accounts payable wrote it for the supplier.")
    sent_at = Moment(allow_null=True)
    sent_by = serializers.CharField()
    held = serializers.SerializerMethodField()
    approved_at = Moment(allow_null=True)
    rejected_reason = serializers.CharField()
    end_reason = serializers.CharField(help_text="Why it was withdrawn or declared void.")
    pay_on = Day(allow_null=True, help_text="When it is planned to be paid.")
    paid_on = Day(allow_null=True)
    payment_reference = serializers.CharField()
    bill = serializers.CharField(source="bill.key", default="", help_text="The ERP's own key of its booking.")
    updated_at = Moment()
    lines = ToldLine(many=True, source="told_lines")
    charges = ToldCharge(many=True, source="told_charges")
    taxes = ToldTax(many=True, source="told_taxes")
    files = ToldFile(many=True, source="told_files")

    @extend_schema_field(WhyHeld(allow_null=True))
    def get_held(self, invoice: Invoice) -> Any:
        """Why it does not go on; null where it does."""
        if not invoice.held_for or invoice.held_at is None:
            return None
        params = {name: str(value) for name, value in invoice.held_for.get("params", {}).items()}
        told = {
            "key": invoice.held_for.get("key", ""),
            "params": params,
            "acts": invoice.acts,
            "since": invoice.held_at,
        }
        return WhyHeld(told).data


class WholeInvoiceTold(InvoiceTold):
    """An invoice with what there is to say of it."""

    findings = serializers.SerializerMethodField(help_text="Of a draft, or of one that was sent just now.")

    @extend_schema_field(InvoiceFinding(many=True))
    def get_findings(self, _invoice: Invoice) -> Any:
        """What the checks said."""
        return [_finding(one) for one in self.context.get("findings", ())]


class ListedInvoice(InvoiceTold):
    """An invoice in a list: what its files show is told of one invoice alone."""

    files = ListedFile(many=True, source="told_files")  # type: ignore[assignment]


InvoicePage = page_of(ListedInvoice, "InvoicePage")


class InvoiceQuery(Query):
    """Which invoices."""

    order = Text(required=False, max_length=60, help_text="That claim of the order of this number.")
    number = Text(required=False, max_length=60, help_text="With exactly this number.")
    kind = Word(required=False, choices=InvoiceKind.choices)
    state = Word(required=False, choices=InvoiceState.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    company = Text(required=False, max_length=20, help_text="The code of a company.")
    updated_since = Moment(required=False, help_text="Begun or moved at or after this moment.")


# --- between both -------------------------------------------------------------------------------------------


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "grade": one.grade.name.lower(),
        "code": one.code,
        "message": one.message,
        "field": one.field,
        "line": one.line,
    }


def _header(sent: Mapping[str, Any]) -> InvoiceHeader:
    return InvoiceHeader(**{name: sent[name] for name in HEADER if name in sent})


def _charge(sent: Mapping[str, Any]) -> ChargeEntry:
    return ChargeEntry(**{**sent, "tax_rate": sent.get("tax_rate", ZERO)})


def _line(sent: Mapping[str, Any]) -> WholeLine:
    named = {"line_key": sent["line"]} if "line" in sent else {}
    same = {name: value for name, value in sent.items() if name not in ("line", "charges")}
    charges = tuple(_charge(one) for one in sent.get("charges", ()))
    return WholeLine(**same, **named, charges=charges)


def _whole(sent: Mapping[str, Any], company: str, **more: Any) -> WholeInvoice:
    return WholeInvoice(
        company=company,
        header=_header(sent),
        lines=tuple(_line(one) for one in sent["lines"]),
        charges=tuple(_charge(one) for one in sent.get("charges", ())),
        tax_words=tuple(TaxWord(**one) for one in sent.get("untaxed", ())),
        **more,
    )


def _told(key: UUID, request: ProgramRequest, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    invoice = with_lines(visible_invoices(request.actor)).get(key=key)
    if invoice.is_draft:
        findings = findings_of(invoice, at=request.at)
    return dict(WholeInvoiceTold(invoice, context={"findings": findings}).data)


def _answer(
    key: UUID, request: ProgramRequest, findings: Sequence[Finding] = (), status: int = 200
) -> Response:
    return Response(_told(key, request, findings), status=status)


# --- doors --------------------------------------------------------------------------------------------------

TAGS = ["invoices"]
WRITES = [IDEMPOTENCY_KEY, REPLAYED]
FLIPPED = OpenApiExample(
    "Sixty pieces and their freight",
    {
        "company": "NM",
        "number": "INV-2026-0042",
        "invoiced_on": "2026-03-31",
        "payment_days": 30,
        "supplier_tax_id": "DE123456789",
        "lines": [
            {
                "order": "4500000001",
                "line": "L10",
                "quantity": "60",
                "unit_price": "6.85",
                "category": "S",
                "tax_rate": "19",
            }
        ],
        "charges": [
            {"code": "FC", "reason": "Freight", "amount": "25.00", "category": "S", "tax_rate": "19"}
        ],
        "typed_total": "518.84",
    },
    request_only=True,
)


class Invoices(Doors):
    """Invoices, credit and debit notes."""

    @extend_schema(
        operation_id="list_invoices",
        summary="List invoices and where they stand",
        description=(
            "In the order in which they were begun or moved. To follow, ask with `updated_since` and a few minutes of "
            "overlap. Drafts are told to their own side alone. What the ERP booked without them is under `/bills`, "
            "and what a PDF shows with its invoice."
        ),
        tags=TAGS,
        parameters=[InvoiceQuery],
        responses={200: InvoicePage},
    )
    @program_door(Permission.INVOICE_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(InvoiceQuery, request)
        same = {
            "number": "number",
            "kind": "kind",
            "state": "state",
            "supplier": "supplier__number",
            "company": "company__code",
            "updated_since": "updated_at__gte",
        }
        invoices = visible_invoices(request.actor).filter(
            **{field: asked[name] for name, field in same.items() if name in asked}
        )
        if "order" in asked:
            invoices = with_order_numbered(invoices, asked["order"])
        return answer_page(
            request,
            with_lines(invoices, with_readings=False),
            asked,
            order=("updated_at", "id"),
            told=lambda rows: ListedInvoice(rows, many=True).data,
        )

    @extend_schema(
        operation_id="get_invoice",
        summary="Read one invoice",
        description="With why it is held and who acts; a draft with all that must be mended before it can be sent.",
        tags=TAGS,
        responses={200: WholeInvoiceTold},
    )
    @program_door(Permission.INVOICE_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        find_invoice(key, actor=request.actor)
        return _answer(key, request)

    @extend_schema(
        operation_id="create_invoice",
        summary="Send an invoice",
        description=(
            "All of it in one call: it is sent, or kept as a draft with `send: false`. A number that a live invoice "
            "has, written like this or nearly so, is refused (409) and names that one; the number of one that was "
            "rejected makes this its next version. What must be mended first is refused with every reason at once "
            "(422); warnings and hints come with the answer."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=NewInvoice,
        responses={201: WholeInvoiceTold},
        examples=[FLIPPED],
    )
    @program_door(Permission.INVOICE_WRITE)
    def create(self, request: ProgramRequest) -> Response:
        sent = read(NewInvoice, request.data)
        names = ("kind", "currency", "corrects", "supplier")
        whole = _whole(sent, sent["company"], **{name: sent[name] for name in names if name in sent})
        if sent["send"]:
            came = send_whole(whole, actor=request.actor, at=request.at)
            return _answer(came.invoice.key, request, came.findings, 201)
        draft = write_whole(whole, actor=request.actor, at=request.at)
        return _answer(draft.key, request, status=201)

    @extend_schema(
        operation_id="send_invoice",
        summary="Send the draft of an invoice",
        description="It claims of its orders from now on, and is never edited.",
        tags=TAGS,
        parameters=WRITES,
        request=SeenInvoice,
        responses={200: WholeInvoiceTold},
    )
    @program_door(Permission.INVOICE_WRITE)
    def send(self, request: ProgramRequest, key: UUID) -> Response:
        named = self._named(request, key, SeenInvoice)[0]
        came = send_invoice(named, actor=request.actor, at=request.at)
        return _answer(key, request, came.findings)

    @extend_schema(
        operation_id="revise_invoice",
        summary="Correct an invoice that was sent",
        description=(
            "Its next version takes its place under its number, and says all that is said here: of one that is being "
            "matched, held, disputed or rejected. What is approved is put right by a credit or a debit note."
        ),
        tags=TAGS,
        parameters=[*WRITES, IF_MATCH],
        request=RevisedInvoice,
        responses={201: WholeInvoiceTold},
    )
    @program_door(Permission.INVOICE_WRITE)
    def revise(self, request: ProgramRequest, key: UUID) -> Response:
        invoice = find_invoice(key, actor=request.actor)
        sent = read(RevisedInvoice, request.data)
        version = version_answered(request, invoice.version, sent.get("version"))
        whole = _whole(sent, invoice.company.code, kind=invoice.kind)
        came = revise_whole(InvoiceNamed(key, version), whole, actor=request.actor, at=request.at)
        return _answer(came.invoice.key, request, came.findings, 201)

    @extend_schema(
        operation_id="withdraw_invoice",
        summary="Take an invoice back",
        description="It claims nothing any more, and its number is free. Not possible once it is approved.",
        tags=TAGS,
        parameters=WRITES,
        request=EndedInvoice,
        responses={200: WholeInvoiceTold},
    )
    @program_door(Permission.INVOICE_WRITE)
    def withdraw(self, request: ProgramRequest, key: UUID) -> Response:
        named, sent = self._named(request, key, EndedInvoice)
        withdraw_invoice(named, sent["reason"], actor=request.actor, at=request.at)
        return _answer(key, request)

    @extend_schema(
        operation_id="reject_invoice",
        summary="Send an invoice back",
        description="For accounts payable. Its supplier reads the reason and corrects it under its own number.",
        tags=TAGS,
        parameters=WRITES,
        request=EndedInvoice,
        responses={200: WholeInvoiceTold},
    )
    @program_door(Permission.INVOICE_SETTLE)
    def reject(self, request: ProgramRequest, key: UUID) -> Response:
        named, sent = self._named(request, key, EndedInvoice)
        reject_invoice(key, sent["reason"], version=named.version, actor=request.actor, at=request.at)
        return _answer(key, request)

    @extend_schema(
        operation_id="discard_invoice",
        summary="Throw the draft of an invoice away",
        description="It has claimed nothing.",
        tags=TAGS,
        parameters=WRITES,
        request=SeenInvoice,
        responses={200: WholeInvoiceTold},
    )
    @program_door(Permission.INVOICE_WRITE)
    def discard(self, request: ProgramRequest, key: UUID) -> Response:
        named = self._named(request, key, SeenInvoice)[0]
        discard_draft(named, actor=request.actor, at=request.at)
        return _answer(key, request)

    @extend_schema(
        operation_id="credit_invoice",
        summary="Give an invoice back",
        description=(
            "A credit note about it, with all that is left to give back. For a part of it send the credit note with "
            "its lines as a new invoice of that kind."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=NewCreditNote,
        responses={201: WholeInvoiceTold},
    )
    @program_door(Permission.INVOICE_WRITE)
    def credit(self, request: ProgramRequest, key: UUID) -> Response:
        find_invoice(key, actor=request.actor)
        sent = read(NewCreditNote, request.data)
        note = start_credit_note(key, actor=request.actor, at=request.at)
        values = {name: getattr(header_of(note), name) for name in HEADER}
        header = InvoiceHeader(**{**values, "number": sent["number"], "reason": sent["reason"]})
        note = save_draft(SaveDraft(note.key, note.version, header), actor=request.actor, at=request.at)
        if not sent["send"]:
            return _answer(note.key, request, status=201)
        came = send_invoice(InvoiceNamed(note.key, note.version), actor=request.actor, at=request.at)
        return _answer(note.key, request, came.findings, 201)

    def _named(
        self, request: ProgramRequest, key: UUID, shape: type[SeenInvoice]
    ) -> tuple[InvoiceNamed, dict[str, Any]]:
        find_invoice(key, actor=request.actor)
        sent = read(shape, request.data)
        return InvoiceNamed(key, sent["version"]), sent


urlpatterns = [
    path("invoices", Invoices.as_view({"get": "browse", "post": "create"}), name="api-invoice-list"),
    path("invoices/<uuid:key>", Invoices.as_view({"get": "read"}), name="api-invoice"),
    *(
        path(f"invoices/<uuid:key>/{verb}", Invoices.as_view({"post": verb}), name=f"api-invoice-{verb}")
        for verb in ("send", "revise", "withdraw", "reject", "discard", "credit")
    ),
]
