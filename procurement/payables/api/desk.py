"""The desk of accounts payable for programs: what waits, one case, and what is done about it."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from portal.kernel.errors import NotFound
from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    etag,
    program_door,
    read,
    read_query,
    version_answered,
)
from procurement.invoices.models import Invoice
from procurement.invoices.queries import find_invoice, visible_invoices, with_lines
from procurement.invoices.states import InvoiceKind
from procurement.matching.api import OF_A_MATCH, told_checks
from procurement.payables.api.sent import (
    DeskQuery,
    PaidShort,
    QuestionAsked,
    ReasonedCase,
    RejectedCase,
    SeenCase,
)
from procurement.payables.api.told import DeskCase, DeskPage, DeskRow
from procurement.payables.api.words import (
    ACCEPTED,
    CASE_ETAG,
    DESK_TAGS,
    FACTOR_ABOVE,
    IN_A_NAME,
    QUESTIONED,
    SHORTENED,
    WRITES,
)
from procurement.payables.messages import AskAbout, InvoiceSaid, PayShort, ShortCharge, ShortLine
from procurement.payables.presenters.case import case_page
from procurement.payables.presenters.rows import rows_of
from procurement.payables.queries.approvals import approvals_of
from procurement.payables.queries.case import CaseFile
from procurement.payables.queries.desk import RANKED, desk, narrowed
from procurement.payables.services.approvals import accept_invoice, ask_approval, call_off
from procurement.payables.services.asking import ask_about
from procurement.payables.services.deciding import let_go, open_again, pay_short, put_on_hold, send_back
from procurement.payables.ways import require_factor_to_approve
from suppliers.roles import Permission


def _case(key: UUID, request: ProgramRequest) -> Response:
    actor = request.actor
    invoice: Invoice = with_lines(visible_invoices(actor)).get(key=key)
    page = case_page(invoice, actor=actor, at=request.at)
    file: CaseFile = page["file"]
    told = None
    if file.match is not None:
        told = {name: getattr(file.match, name) for name in OF_A_MATCH}
        told["checks"] = told_checks(file.checks, file.match.tolerances, actor=actor)
    case = {
        "invoice": invoice,
        "why": page["why"],
        "lines": file.lines,
        "match": told,
        "approvals": approvals_of(invoice, actor=actor),
        "questions": [said.question for said in page["questions"]],
        "other_papers": file.earlier,
        "allowed_actions": _actions(page),
    }
    return Response(DeskCase(case).data, headers={"ETag": etag(invoice.version)})


def _actions(page: Mapping[str, Any]) -> list[str]:
    settles, is_open = page["may_settle"], page["is_open"]
    may = {
        "accept": page["may_accept"],
        "ask-approval": settles and is_open and not page["is_waiting"],
        "call-off": settles and page["is_waiting"],
        "ask": settles and is_open,
        "pay-short": page["may_accept"]
        and page["may_pay_short"]
        and page["invoice"].kind == InvoiceKind.INVOICE,
        "hold": page["may_hold"],
        "release": page["may_release"],
        "reject": page["may_reject"],
        "reopen": page["may_reopen"],
    }
    return [verb for verb, allowed in may.items() if allowed]


def sent_invoice(key: UUID, request: ProgramRequest) -> Invoice:
    """An invoice that was sent: a draft is nobody's to settle. Raises `NotFound`."""
    invoice = find_invoice(key, actor=request.actor)
    if invoice.sent_at is None:
        raise NotFound(_("There is no such invoice."))
    return invoice


def _seen(key: UUID, request: ProgramRequest, shape: type[SeenCase]) -> tuple[int, dict[str, Any]]:
    invoice = sent_invoice(key, request)
    sent = read(shape, request.data)
    return version_answered(request, invoice.version, sent.get("version")), sent


class Desk(Doors):
    """The desk of accounts payable."""

    @extend_schema(
        operation_id="list_desk",
        summary="What waits on the desk of accounts payable",
        description=(
            "Invoices that are sent and not settled, ranked as on the page: by the day by which somebody should have "
            "seen to them (the last day of a discount, else the day on which they are due), then the larger one, then "
            "the older one. For the buying side."
        ),
        tags=DESK_TAGS,
        parameters=[DeskQuery],
        responses={200: DeskPage},
    )
    @program_door(Permission.CASE_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(DeskQuery, request)
        today = timezone.localdate(request.at)
        filters = {name: asked.get(name, "") for name in ("state", "why", "supplier", "q")}
        return answer_page(
            request,
            narrowed(desk(request.actor, today), asked["view"], **filters),
            asked,
            order=RANKED,
            told=lambda rows: DeskRow(rows_of(rows, today, request.at), many=True).data,
        )

    @extend_schema(
        operation_id="get_desk_case",
        summary="Read one case of the desk",
        description=(
            "The invoice with what was ordered, what came, what was claimed before; how it was compared, who was asked "
            "to approve it, what was asked about it, and what you may do to it."
        ),
        tags=DESK_TAGS,
        parameters=[CASE_ETAG],
        responses={200: DeskCase},
    )
    @program_door(Permission.CASE_VIEW)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        sent_invoice(key, request)
        return _case(key, request)

    @extend_schema(
        operation_id="accept_desk_case",
        summary="Accept an invoice as it is",
        description=(
            "Within the person's limit it is approved at once; beyond it those are asked whom the rules name."
            + IN_A_NAME
            + FACTOR_ABOVE
        ),
        tags=DESK_TAGS,
        parameters=[*WRITES, CASE_ETAG],
        request=ReasonedCase,
        responses={200: DeskCase},
        examples=[ACCEPTED],
    )
    @program_door(Permission.INVOICE_SETTLE, Permission.INVOICE_APPROVE)
    def accept(self, request: ProgramRequest, key: UUID) -> Response:
        require_factor_to_approve(request, sent_invoice(key, request))
        return self._do(accept_invoice, request, key, ReasonedCase)

    @extend_schema(
        operation_id="ask_approval_of_desk_case",
        summary="Ask for approval of an invoice",
        description="Of those whom the rules name, whatever one's own limit." + IN_A_NAME,
        tags=DESK_TAGS,
        parameters=[*WRITES, CASE_ETAG],
        request=ReasonedCase,
        responses={200: DeskCase},
    )
    @program_door(Permission.INVOICE_SETTLE)
    def ask_approval(self, request: ProgramRequest, key: UUID) -> Response:
        return self._do(ask_approval, request, key, ReasonedCase)

    @extend_schema(
        operation_id="call_off_approval_of_desk_case",
        summary="Take back that approval was asked for",
        description="Nobody is asked about it any more." + IN_A_NAME,
        tags=DESK_TAGS,
        parameters=[*WRITES, CASE_ETAG],
        request=SeenCase,
        responses={200: DeskCase},
    )
    @program_door(Permission.INVOICE_SETTLE)
    def call_off(self, request: ProgramRequest, key: UUID) -> Response:
        return self._do(call_off, request, key, SeenCase)

    @extend_schema(
        operation_id="hold_desk_case",
        summary="Hold an invoice by hand",
        description="The supplier reads why; nothing lets it go but a person." + IN_A_NAME,
        tags=DESK_TAGS,
        parameters=[*WRITES, CASE_ETAG],
        request=ReasonedCase,
        responses={200: DeskCase},
    )
    @program_door(Permission.INVOICE_SETTLE)
    def hold(self, request: ProgramRequest, key: UUID) -> Response:
        return self._do(put_on_hold, request, key, ReasonedCase)

    @extend_schema(
        operation_id="release_desk_case",
        summary="Let a held invoice go on",
        description="It is matched again as things stand now." + IN_A_NAME,
        tags=DESK_TAGS,
        parameters=[*WRITES, CASE_ETAG],
        request=SeenCase,
        responses={200: DeskCase},
    )
    @program_door(Permission.INVOICE_SETTLE)
    def release(self, request: ProgramRequest, key: UUID) -> Response:
        return self._do(let_go, request, key, SeenCase)

    @extend_schema(
        operation_id="reject_desk_case",
        summary="Reject an invoice of the desk",
        description=(
            "The supplier reads why and corrects it under its own number, or has nothing to do where `is_same`; nobody "
            "is asked to approve it any more." + IN_A_NAME
        ),
        tags=DESK_TAGS,
        parameters=[*WRITES, CASE_ETAG],
        request=RejectedCase,
        responses={200: DeskCase},
    )
    @program_door(Permission.INVOICE_SETTLE)
    def reject(self, request: ProgramRequest, key: UUID) -> Response:
        return self._do(send_back, request, key, RejectedCase)

    @extend_schema(
        operation_id="reopen_desk_case",
        summary="Open an approved invoice again",
        description="As long as the ERP has not booked it. The supplier reads why." + IN_A_NAME,
        tags=DESK_TAGS,
        parameters=[*WRITES, CASE_ETAG],
        request=ReasonedCase,
        responses={200: DeskCase},
    )
    @program_door(Permission.INVOICE_SETTLE)
    def reopen(self, request: ProgramRequest, key: UUID) -> Response:
        return self._do(open_again, request, key, ReasonedCase)

    @extend_schema(
        operation_id="ask_about_desk_case",
        summary="Ask about an invoice",
        description=(
            "The supplier (it is disputed then), the buyer or receiving: it is their turn until the answer comes. What "
            "was asked of approvers lapses." + IN_A_NAME
        ),
        tags=DESK_TAGS,
        parameters=[*WRITES, CASE_ETAG],
        request=QuestionAsked,
        responses={200: DeskCase},
        examples=[QUESTIONED],
    )
    @program_door(Permission.INVOICE_SETTLE)
    def ask(self, request: ProgramRequest, key: UUID) -> Response:
        version, sent = _seen(key, request, QuestionAsked)
        command = AskAbout(key, version, sent["asked_of"], sent["question"])
        ask_about(command, actor=request.actor, at=request.at)
        return _case(key, request)

    @extend_schema(
        operation_id="pay_desk_case_short",
        summary="Pay less than an invoice claims",
        description=(
            "It is accepted, and a credit note written for the supplier takes off exactly what is named; both are "
            "approved in one moment, at once or when those have approved who are asked."
            + IN_A_NAME
            + FACTOR_ABOVE
        ),
        tags=DESK_TAGS,
        parameters=[*WRITES, CASE_ETAG],
        request=PaidShort,
        responses={200: DeskCase},
        examples=[SHORTENED],
    )
    @program_door(Permission.INVOICE_SETTLE)
    def pay_short(self, request: ProgramRequest, key: UUID) -> Response:
        version, sent = _seen(key, request, PaidShort)
        lines = tuple(ShortLine(**one) for one in sent["lines"])
        charges = tuple(ShortCharge(**one) for one in sent["charges"])
        command = PayShort(key, version, lines, sent["reason"], sent.get("number", ""), charges)
        require_factor_to_approve(request, sent_invoice(key, request))
        pay_short(command, actor=request.actor, at=request.at)
        return _case(key, request)

    def _do(
        self, verb: Callable[..., Any], request: ProgramRequest, key: UUID, shape: type[SeenCase]
    ) -> Response:
        version, sent = _seen(key, request, shape)
        said = InvoiceSaid(key, version, sent.get("reason", ""), is_same=sent.get("is_same", False))
        verb(said, actor=request.actor, at=request.at)
        return _case(key, request)
