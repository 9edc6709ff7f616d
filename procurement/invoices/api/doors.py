"""Invoices for programs: a whole one in one call, its corrections, what is given back; and what becomes of them."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
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
from portal.kernel.rest.schema import IF_MATCH, WRITES
from procurement.invoices.api.sent import (
    EndedInvoice,
    NewCreditNote,
    NewInvoice,
    RevisedInvoice,
    SeenInvoice,
    whole_of,
)
from procurement.invoices.api.told import (
    InvoicePage,
    InvoiceQuery,
    ListedInvoice,
    WholeInvoiceTold,
    whole_answered,
)
from procurement.invoices.messages import (
    InvoiceHeader,
    InvoiceNamed,
    SaveDraft,
)
from procurement.invoices.queries import (
    find_invoice,
    visible_invoices,
    with_lines,
    with_order_numbered,
)
from procurement.invoices.services import (
    discard_draft,
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
from procurement.invoices.services.draft import HEADER
from suppliers.roles import Permission

TAGS = ["invoices"]


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
        return whole_answered(key, request)

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
        whole = whole_of(sent, sent["company"], **{name: sent[name] for name in names if name in sent})
        if sent["send"]:
            came = send_whole(whole, actor=request.actor, at=request.at)
            return whole_answered(came.invoice.key, request, came.findings, 201)
        draft = write_whole(whole, actor=request.actor, at=request.at)
        return whole_answered(draft.key, request, status=201)

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
        return whole_answered(key, request, came.findings)

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
        whole = whole_of(sent, invoice.company.code, kind=invoice.kind)
        came = revise_whole(InvoiceNamed(key, version), whole, actor=request.actor, at=request.at)
        return whole_answered(came.invoice.key, request, came.findings, 201)

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
        return whole_answered(key, request)

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
        return whole_answered(key, request)

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
        return whole_answered(key, request)

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
            return whole_answered(note.key, request, status=201)
        came = send_invoice(InvoiceNamed(note.key, note.version), actor=request.actor, at=request.at)
        return whole_answered(note.key, request, came.findings, 201)

    def _named(
        self, request: ProgramRequest, key: UUID, shape: type[SeenInvoice]
    ) -> tuple[InvoiceNamed, dict[str, Any]]:
        find_invoice(key, actor=request.actor)
        sent = read(shape, request.data)
        return InvoiceNamed(key, sent["version"]), sent
