"""Questions about an invoice, for programs."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from portal.kernel.rest.doors import Doors, ProgramRequest, etag, program_door, read, version_answered
from portal.kernel.rest.schema import etag_of
from procurement.payables.api.desk import sent_invoice
from procurement.payables.api.sent import AnswerGiven
from procurement.payables.api.told import QuestionsTold, QuestionTold
from procurement.payables.api.words import DESK_TAGS, WRITES
from procurement.payables.messages import AnswerQuestion
from procurement.payables.queries.approvals import find_question, questions_of
from procurement.payables.services.asking import answer_question
from suppliers.roles import Permission


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
        found = questions_of(sent_invoice(key, request), actor=request.actor)
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
