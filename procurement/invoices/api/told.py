"""What is told of an invoice, to either side."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.rest.doors import (
    ProgramRequest,
)
from portal.kernel.rest.fields import Day, Exact, Moment, Query, Text, Word, page_of
from procurement.findings.policies import Finding
from procurement.invoices.models import Invoice, InvoiceFile
from procurement.invoices.policies.picture import FACTS, STATES, Outcome, hold_against
from procurement.invoices.queries import (
    data_of,
    visible_invoices,
    with_lines,
)
from procurement.invoices.services import (
    findings_of,
)
from procurement.invoices.states import Acts, FileKind, InvoiceKind, InvoiceState, TaxCategory
from procurement.orders.api import CompanyRef, OrderRef, SupplierRef


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


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "grade": one.grade.name.lower(),
        "code": one.code,
        "message": one.message,
        "field": one.field,
        "line": one.line,
    }


def whole_told(key: UUID, request: ProgramRequest, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """One invoice as it stands now; of a draft, also what it would be told when sent."""
    invoice = with_lines(visible_invoices(request.actor)).get(key=key)
    if invoice.is_draft:
        findings = findings_of(invoice, at=request.at)
    return dict(WholeInvoiceTold(invoice, context={"findings": findings}).data)


def whole_answered(
    key: UUID, request: ProgramRequest, findings: Sequence[Finding] = (), status: int = 200
) -> Response:
    """The same as an answer."""
    return Response(whole_told(key, request, findings), status=status)
