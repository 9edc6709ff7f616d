"""The desk of accounts payable for programs: what waits, one case, approvals, questions; and what is due when."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
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
from portal.kernel.rest.fields import Day, Exact, Flag, Key, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import IDEMPOTENCY_KEY, IF_MATCH, REPLAYED, etag_of
from procurement.invoices.api import InvoiceTold, Signed
from procurement.invoices.models import Invoice
from procurement.invoices.policies.checks import MOST_LINES
from procurement.invoices.queries import find_invoice, visible_invoices, with_lines
from procurement.invoices.states import OPEN, InvoiceKind, InvoiceState
from procurement.matching.api import OF_A_MATCH, InvoiceMatch, told_checks
from procurement.orders.api import CompanyRef, SupplierRef
from procurement.payables.engine import LONGEST_WHY
from procurement.payables.messages import (
    AnswerQuestion,
    ApprovalSaid,
    AskAbout,
    InvoiceSaid,
    PayShort,
    ShortCharge,
    ShortLine,
)
from procurement.payables.models import Approval
from procurement.payables.presenters.case import case_page
from procurement.payables.presenters.rows import rows_of
from procurement.payables.queries.approvals import (
    approvals_of,
    approver_named,
    find_approval,
    find_question,
    questions_of,
    visible_approvals,
    waiting_for,
    waiting_for_me,
)
from procurement.payables.queries.case import CaseFile
from procurement.payables.queries.desk import OURS, RANKED, VIEWS, desk, narrowed
from procurement.payables.queries.forecast import forecast
from procurement.payables.services.approvals import (
    LONGEST_REASON,
    accept_invoice,
    approve_step,
    ask_approval,
    call_off,
    decline_step,
)
from procurement.payables.services.asking import answer_question, ask_about
from procurement.payables.services.deciding import let_go, open_again, pay_short, put_on_hold, send_back
from procurement.payables.services.parting import LONGEST_WHOLE
from procurement.payables.states import ApprovalState, Asked, QuestionState, Why
from suppliers.roles import Permission


class DueTold(serializers.Serializer):
    """What is due in one week, in one currency. Below zero where more is given back than claimed."""

    week = Day(
        help_text="The Monday of the week; of all that is overdue since before this week, the Monday before."
    )
    is_past = serializers.BooleanField(help_text="Whether it was due before this week.")
    currency = serializers.CharField()
    amount = Signed(help_text="All that is claimed and not paid, less the credits that are approved.")
    credits = Exact(help_text="The approved credits that stand against it and are taken off already.")
    approved = Signed(help_text="What of it is approved or scheduled.")
    discount = Signed(help_text="What can still be taken off by paying early.")
    count = serializers.IntegerField(help_text="How many papers.")


class Forecast(serializers.Serializer):
    """What is due when."""

    weeks = DueTold(many=True)


class Forecasts(Doors):
    """What is due when."""

    @extend_schema(
        operation_id="get_payments_due",
        summary="What is due when",
        description=(
            "Invoices that are sent and not paid, by the week in which they are due (or planned to be paid) and by "
            "currency, the earliest first. An approved credit note takes off what it corrects, on that day; where that "
            "is paid, what the supplier is owed first. A supplier reads its own."
        ),
        tags=["invoices"],
        responses={200: Forecast},
    )
    @program_door(Permission.INVOICE_VIEW)
    def show(self, request: ProgramRequest) -> Response:
        rows = forecast(request.actor, timezone.localdate(request.at))
        return Response(Forecast({"weeks": rows}).data)


# --- the desk -----------------------------------------------------------------------------------------------


class SeenCase(Shape):
    """The version of the invoice that you have seen."""

    version = Whole(
        required=False, min_value=1, help_text="Of the invoice as you saw it. Owed unless you send If-Match."
    )


class ReasonedCase(SeenCase):
    """Something that is done to an invoice, and why: the reason is kept with it."""

    reason = Text(max_length=LONGEST_REASON)


class RejectedCase(ReasonedCase):
    """Why an invoice is rejected, and whether it is the same as another."""

    is_same = Flag(
        required=False,
        help_text="It is the invoice that the match suspects it to repeat: its supplier has nothing to correct.",
    )


class QuestionAsked(SeenCase):
    """A question about an invoice."""

    asked_of = Word(choices=Asked.choices)
    question = Text(max_length=LONGEST_REASON)


class ShortenedLine(Shape):
    """What of a line is paid, where that is not all of it."""

    position = Whole(min_value=1, help_text="The line of the invoice.")
    quantity = Exact(
        required=False, help_text="How many of its units are paid; all of them where it is left out."
    )
    unit_price = Exact(required=False, help_text="At which price; as claimed where it is left out.")
    amount = Exact(required=False, help_text="How much of its net amount is taken off besides.")
    reason = Text(
        required=False,
        allow_blank=True,
        max_length=LONGEST_WHY,
        help_text="Why; else the reason of the whole.",
    )


class ShortenedCharge(Shape):
    """How much of a charge is paid, where that is not all of it."""

    position = Whole(
        min_value=1, help_text="Its place among the charges and allowances of the whole invoice, from 1."
    )
    amount = Exact(help_text="How much of it is paid, without tax.")


class PaidShort(SeenCase):
    """An invoice is accepted, and a credit note written for the supplier takes off what is not due: of lines, of
    charges, or of both.
    """

    reason = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=LONGEST_WHOLE,
        help_text="Why, as the supplier reads it. Owed where a charge is cut or a line says nothing of its own.",
    )
    lines = serializers.ListField(
        child=ShortenedLine(),
        required=False,
        default=list,
        max_length=MOST_LINES,
        help_text="Each line once.",
    )
    charges = serializers.ListField(
        child=ShortenedCharge(),
        required=False,
        default=list,
        max_length=MOST_LINES,
        help_text="Each charge once. A percentage goes with the lines.",
    )
    number = Text(required=False, allow_blank=True, max_length=60, help_text="Of that credit note.")


class WordOnApproval(Shape):
    """A yes. A word with it is kept, and owed to nobody."""

    version = Whole(
        required=False, min_value=1, help_text="Of the approval as you saw it. Owed unless you send If-Match."
    )
    reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)


class NoToApproval(WordOnApproval):
    """A no, and why."""

    reason = Text(max_length=LONGEST_REASON)


class AnswerGiven(Shape):
    """The answer to a question."""

    version = Whole(
        required=False, min_value=1, help_text="Of the question as you saw it. Owed unless you send If-Match."
    )
    answer = Text(max_length=LONGEST_REASON)


class PersonRef(serializers.Serializer):
    """Somebody of the buying side."""

    email = serializers.CharField()
    name = serializers.CharField()


class PaperRef(serializers.Serializer):
    """An invoice, a credit or a debit note by its key."""

    key = serializers.UUIDField()
    number = serializers.CharField()
    kind = Word(choices=InvoiceKind.choices)
    state = Word(choices=InvoiceState.choices)
    supplier = SupplierRef()
    company = CompanyRef()
    total = Signed()
    currency = serializers.CharField()
    due_on = Day(allow_null=True)


class DiscountTold(serializers.Serializer):
    """What can still be taken off by paying early."""

    amount = Signed()
    currency = serializers.CharField()
    until = Day()


class DeskRow(serializers.Serializer):
    """An invoice on the desk."""

    invoice = PaperRef()
    version = serializers.IntegerField(source="invoice.version")
    act_on = Day(
        allow_null=True, help_text="By when somebody should have seen to it: the rank goes by this day first."
    )
    late = serializers.BooleanField(help_text="Whether that day has passed.")
    why = serializers.CharField(help_text="Why it is held, in your language; empty where it is not.")
    acts = serializers.CharField(
        source="invoice.acts", help_text="Whose turn it is; empty while it is matched."
    )
    checks = serializers.ListField(
        source="kinds", child=serializers.CharField(), help_text="What it did not pass, in words."
    )
    asked = serializers.CharField(help_text="Of whom approval is asked, in words.")
    discount = DiscountTold(source="stake", allow_null=True)
    unanswered = serializers.BooleanField(help_text="Whether a question about it is late.")
    sent_at = Moment(source="invoice.sent_at")


DeskPage = page_of(DeskRow, "DeskPage")


class ApprovalTold(serializers.Serializer):
    """One approval that was asked for."""

    key = serializers.UUIDField()
    version = serializers.IntegerField()
    invoice = PaperRef()
    state = Word(choices=ApprovalState.choices)
    round = serializers.IntegerField(help_text="The how manieth time approval of the invoice was asked for.")
    step = serializers.IntegerField()
    role = serializers.CharField(help_text="The role that is asked; empty where a person is.")
    person = PersonRef(allow_null=True)
    reason = serializers.CharField(help_text="Why it should be paid as it is.")
    asked_by = serializers.CharField()
    asked_at = Moment()
    reached_at = Moment(allow_null=True, help_text="When its turn came.")
    answered_by = serializers.CharField()
    answered_at = Moment(allow_null=True)
    for_person = PersonRef(allow_null=True, help_text="For whom a stand-in answered.")
    answer = serializers.CharField()


ApprovalPage = page_of(ApprovalTold, "ApprovalPage")


class QuestionTold(serializers.Serializer):
    """A question about an invoice, with its answer."""

    key = serializers.UUIDField()
    version = serializers.IntegerField()
    asked_of = Word(choices=Asked.choices)
    state = Word(choices=QuestionState.choices)
    question = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = Moment()
    due_at = Moment()
    answer = serializers.CharField()
    answered_by = serializers.CharField()
    answered_at = Moment(allow_null=True)


class QuestionsTold(serializers.Serializer):
    """What was asked about an invoice in all its versions, the oldest first."""

    results = QuestionTold(many=True)


class BookedReceipt(serializers.Serializer):
    """Goods that came, as the ERP booked them."""

    key = serializers.CharField()
    received_on = Day()
    quantity = Exact()
    unit = serializers.CharField()
    reference = serializers.CharField()
    reversed = serializers.BooleanField()


class OrderedTold(serializers.Serializer):
    """What was ordered on a line, and how much of it came."""

    order = serializers.CharField(source="order.number")
    line = serializers.CharField(source="key")
    number = serializers.IntegerField()
    item_number = serializers.CharField()
    quantity = Exact()
    unit = serializers.CharField()
    price = Exact()
    price_per = Exact()
    received_quantity = Exact()


class SideBySideTold(serializers.Serializer):
    """A line of the invoice with what stands against it."""

    position = serializers.IntegerField(source="line.position")
    quantity = Exact(source="line.quantity")
    unit = serializers.CharField(source="line.unit")
    unit_price = Exact(source="line.unit_price")
    price_quantity = Exact(source="line.price_quantity")
    amount = Signed(source="line.amount")
    ordered = OrderedTold(source="line.line", allow_null=True)
    claimed_quantity = Exact(source="before.quantity", help_text="By earlier invoices, less credits.")
    claimed_amount = Signed(source="before.amount")
    receipts = BookedReceipt(many=True)


class DeskCase(serializers.Serializer):
    """An invoice on the desk, with all that stands against it."""

    invoice = InvoiceTold()
    why = serializers.CharField(help_text="Why it is held, in your language; empty where it is not.")
    lines = SideBySideTold(many=True)
    match = InvoiceMatch(allow_null=True, help_text="The match that counts; null: not matched yet.")
    approvals = ApprovalTold(many=True, help_text="Of all rounds, the newest last.")
    questions = QuestionTold(many=True)
    other_papers = PaperRef(many=True, help_text="Other papers on the same order lines.")
    allowed_actions = serializers.ListField(
        child=serializers.CharField(), help_text="What you may do to it now: verbs below its address."
    )


class DeskQuery(Query):
    """Which invoices of the desk."""

    view = Word(
        required=False,
        choices=[(view, view) for view in VIEWS],
        default=OURS,
        help_text=(
            "ours: accounts payable acts; approval: somebody is asked to approve; supplier: the supplier acts; inside: "
            "the buyer or receiving acts; waits: it goes on by itself; all."
        ),
    )
    state = Word(required=False, choices=[(str(one), InvoiceState(one).label) for one in OPEN])
    why = Word(required=False, choices=Why.choices, help_text="That did not pass this check.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    q = Text(
        required=False, max_length=60, help_text="In its number, its supplier's name, or an order's number."
    )


class ApprovalQuery(Query):
    """Which approvals."""

    asked_of = Text(
        required=False,
        max_length=254,
        help_text="Those that somebody can give now, by mail address; `me` for the person you act for.",
    )
    state = Word(required=False, choices=ApprovalState.choices)
    invoice = Key(required=False, help_text="The key of an invoice.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")


DESK_TAGS = ["desk"]
WRITES = [IDEMPOTENCY_KEY, REPLAYED, IF_MATCH]
IN_A_NAME = (
    " In a person's name alone: with a token that this person made, or signed in; limits, rules and bars are those "
    "of the page."
)
CASE_ETAG = etag_of("invoice", "200")
ACCEPTED = OpenApiExample(
    "A higher price that was agreed", {"version": 3, "reason": "Copper went up; agreed."}, request_only=True
)
SHORTENED = OpenApiExample(
    "Twenty-one euros too much",
    {"version": 3, "reason": "6.85 was agreed.", "lines": [{"position": 1, "amount": "21.00"}]},
    request_only=True,
)
QUESTIONED = OpenApiExample(
    "Asked of the supplier",
    {"version": 3, "asked_of": "supplier", "question": "6.85 was agreed: why 7.06?"},
    request_only=True,
)
GRANTED = OpenApiExample("Approved", {"version": 1, "reason": "Fine."}, request_only=True)
REFUSED = OpenApiExample("Declined", {"version": 1, "reason": "Not at this price."}, request_only=True)


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


def _found(key: UUID, request: ProgramRequest) -> Invoice:
    invoice = find_invoice(key, actor=request.actor)
    if invoice.sent_at is None:
        raise NotFound(_("There is no such invoice."))  # a draft is nobody's to settle
    return invoice


def _seen(key: UUID, request: ProgramRequest, shape: type[SeenCase]) -> tuple[int, dict[str, Any]]:
    invoice = _found(key, request)
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
        _found(key, request)
        return _case(key, request)

    @extend_schema(
        operation_id="accept_desk_case",
        summary="Accept an invoice as it is",
        description=(
            "Within the person's limit it is approved at once; beyond it those are asked whom the rules name."
            + IN_A_NAME
        ),
        tags=DESK_TAGS,
        parameters=[*WRITES, CASE_ETAG],
        request=ReasonedCase,
        responses={200: DeskCase},
        examples=[ACCEPTED],
    )
    @program_door(Permission.INVOICE_SETTLE, Permission.INVOICE_APPROVE)
    def accept(self, request: ProgramRequest, key: UUID) -> Response:
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
            "approved in one moment, at once or when those have approved who are asked." + IN_A_NAME
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
        pay_short(command, actor=request.actor, at=request.at)
        return _case(key, request)

    def _do(
        self, verb: Callable[..., Any], request: ProgramRequest, key: UUID, shape: type[SeenCase]
    ) -> Response:
        version, sent = _seen(key, request, shape)
        said = InvoiceSaid(key, version, sent.get("reason", ""), is_same=sent.get("is_same", False))
        verb(said, actor=request.actor, at=request.at)
        return _case(key, request)


class Approvals(Doors):
    """Approvals that were asked for."""

    @extend_schema(
        operation_id="list_approvals",
        summary="List the approvals that were asked for",
        description=(
            "The oldest first. `asked_of` narrows to those that somebody can give now: asked of the person, of the "
            "role, or of whom he or she stands in for, without those that bar this person. For the buying side."
        ),
        tags=DESK_TAGS,
        parameters=[ApprovalQuery],
        responses={200: ApprovalPage},
    )
    @program_door(Permission.CASE_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(ApprovalQuery, request)
        found = visible_approvals(request.actor)
        if "asked_of" in asked:
            found = self._waiting(asked["asked_of"], request)
        same = {"state": "state", "invoice": "invoice__key", "supplier": "supplier__number"}
        found = found.filter(**{field: asked[name] for name, field in same.items() if name in asked})
        return answer_page(
            request,
            found.order_by("asked_at", "id"),
            asked,
            order=("asked_at", "id"),
            told=lambda rows: ApprovalTold(rows, many=True).data,
        )

    def _waiting(self, whom: str, request: ProgramRequest) -> QuerySet[Approval]:
        if whom == "me":
            if request.actor.user_id is None:
                told = _("This token acts in nobody’s name. Say whom you mean by mail address.")
                raise serializers.ValidationError({"asked_of": [told]}, code="nobody")
            return waiting_for_me(request.actor, request.at)
        approver = approver_named(whom, timezone.localdate(request.at))
        found = visible_approvals(request.actor)
        return waiting_for(approver, request.actor) if approver else found.none()

    @extend_schema(
        operation_id="get_approval",
        summary="Read one approval",
        description="Of whom it is asked and why, and what was answered.",
        tags=DESK_TAGS,
        parameters=[etag_of("approval", "200")],
        responses={200: ApprovalTold},
    )
    @program_door(Permission.CASE_VIEW)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return self._told(key, request)

    @extend_schema(
        operation_id="approve_step",
        summary="Give an approval",
        description=(
            "After the last of its step the next step is asked; after the last of all the invoice is approved. Where "
            "the rules ask others by now it lapses instead, and accounts payable asks anew (`state` says so)."
            + IN_A_NAME
        ),
        tags=DESK_TAGS,
        parameters=[*WRITES, etag_of("approval", "200")],
        request=WordOnApproval,
        responses={200: ApprovalTold},
        examples=[GRANTED],
    )
    @program_door(Permission.INVOICE_APPROVE)
    def approve(self, request: ProgramRequest, key: UUID) -> Response:
        return self._say(approve_step, request, key, WordOnApproval)

    @extend_schema(
        operation_id="decline_step",
        summary="Decline an approval",
        description="With the reason. It ends the round; accounts payable goes on with the invoice."
        + IN_A_NAME,
        tags=DESK_TAGS,
        parameters=[*WRITES, etag_of("approval", "200")],
        request=NoToApproval,
        responses={200: ApprovalTold},
        examples=[REFUSED],
    )
    @program_door(Permission.INVOICE_APPROVE)
    def decline(self, request: ProgramRequest, key: UUID) -> Response:
        return self._say(decline_step, request, key, NoToApproval)

    def _say(
        self, verb: Callable[..., Approval], request: ProgramRequest, key: UUID, shape: type[WordOnApproval]
    ) -> Response:
        one = find_approval(key, actor=request.actor)
        sent = read(shape, request.data)
        version = version_answered(request, one.version, sent.get("version"))
        verb(ApprovalSaid(key, version, sent.get("reason", "")), actor=request.actor, at=request.at)
        return self._told(key, request)

    def _told(self, key: UUID, request: ProgramRequest) -> Response:
        one = find_approval(key, actor=request.actor)
        return Response(ApprovalTold(one).data, headers={"ETag": etag(one.version)})


class Questions(Doors):
    """What accounts payable asks about invoices."""

    @extend_schema(
        operation_id="list_invoice_questions",
        summary="What was asked about an invoice",
        description="A supplier reads what is asked of it, and its answers; the buying side all.",
        tags=DESK_TAGS,
        responses={200: QuestionsTold},
    )
    @program_door(Permission.INVOICE_VIEW)
    def browse(self, request: ProgramRequest, key: UUID) -> Response:
        found = questions_of(_found(key, request), actor=request.actor)
        return Response(QuestionsTold({"results": found}).data)

    @extend_schema(
        operation_id="answer_invoice_question",
        summary="Answer a question about an invoice",
        description=(
            "It is accounts payable's turn again. A supplier answers what it is asked, with a token that sends "
            "invoices or answers orders; a colleague what is asked of the buyer or of receiving, in his or her name."
        ),
        tags=DESK_TAGS,
        parameters=[*WRITES, etag_of("question", "200")],
        request=AnswerGiven,
        responses={200: QuestionTold},
    )
    @program_door(Permission.INVOICE_WRITE, Permission.ORDER_ACKNOWLEDGE, Permission.THREAD_NOTE)
    def answer(self, request: ProgramRequest, key: UUID) -> Response:
        one = find_question(key, actor=request.actor)
        sent = read(AnswerGiven, request.data)
        version = version_answered(request, one.version, sent.get("version"))
        answer_question(AnswerQuestion(key, version, sent["answer"]), actor=request.actor, at=request.at)
        one = find_question(key, actor=request.actor)
        return Response(QuestionTold(one).data, headers={"ETag": etag(one.version)})


DESK_VERBS = (
    "accept",
    "ask-approval",
    "call-off",
    "hold",
    "release",
    "reject",
    "reopen",
    "ask",
    "pay-short",
)
urlpatterns = [
    path("payments-due", Forecasts.as_view({"get": "show"}), name="api-payments-due"),
    path("desk", Desk.as_view({"get": "browse"}), name="api-desk"),
    path("desk/<uuid:key>", Desk.as_view({"get": "show"}), name="api-desk-case"),
    *(
        path(
            f"desk/<uuid:key>/{verb}",
            Desk.as_view({"post": verb.replace("-", "_")}),
            name=f"api-desk-{verb}",
        )
        for verb in DESK_VERBS
    ),
    path("approvals", Approvals.as_view({"get": "browse"}), name="api-approval-list"),
    path("approvals/<uuid:key>", Approvals.as_view({"get": "show"}), name="api-approval"),
    path("approvals/<uuid:key>/approve", Approvals.as_view({"post": "approve"}), name="api-approval-approve"),
    path("approvals/<uuid:key>/decline", Approvals.as_view({"post": "decline"}), name="api-approval-decline"),
    path("invoices/<uuid:key>/questions", Questions.as_view({"get": "browse"}), name="api-invoice-questions"),
    path(
        "invoice-questions/<uuid:key>/answer",
        Questions.as_view({"post": "answer"}),
        name="api-question-answer",
    ),
]
