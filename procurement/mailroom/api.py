"""What mails promise, for programs: drafts are read here and confirmed by people alone."""

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read_query, wanted_of
from portal.kernel.rest.fields import Day, Exact, Moment, Query, Text, Word, page_of
from procurement.acknowledgments.forms import plain_amount, plain_day
from procurement.mailroom.messages import line_from_json
from procurement.mailroom.models import MailDraft
from procurement.mailroom.queries import find_draft, visible_drafts
from procurement.mailroom.states import DraftKind, DraftState
from procurement.orders.api import OrderRef, SupplierRef
from procurement.orders.states import PromiseKind
from suppliers.roles import Permission

TAGS = ["mail drafts"]


class DraftedPiece(serializers.Serializer):
    """One piece as it would be said."""

    kind = Word(choices=PromiseKind.choices)
    quantity = Exact(allow_null=True)
    delivery_on = Day(allow_null=True)
    price = Exact(allow_null=True)
    item_number = serializers.CharField(help_text="Of a substitute; else empty.")


class DraftedLine(serializers.Serializer):
    """What a mail says of one line. Without pieces: as asked."""

    key = serializers.CharField(help_text="The ERP's own key of the line.")
    number = serializers.IntegerField()
    pieces = DraftedPiece(many=True)
    cancel = serializers.BooleanField(help_text="Nothing more is wished for.")
    evidence = serializers.ListField(
        child=serializers.CharField(), help_text="The sentences of the mail that it came from."
    )
    marks = serializers.ListField(
        child=serializers.CharField(),
        help_text=(
            "What was worked out: `week`, `rest_refused`, `day_as_asked`; or, to a change request, `accepts` or "
            "`counters`."
        ),
    )


class UnsureStatement(serializers.Serializer):
    """A statement that is not filled in."""

    number = serializers.IntegerField(help_text="The line's number; 0 where none is named.")
    words = serializers.CharField()
    why = serializers.CharField(help_text="A code, such as `tentative` or `sum`.")


class DraftOfMail(serializers.Serializer):
    """What a mail promises on one order, read and not yet said."""

    key = serializers.UUIDField()
    order = OrderRef()
    supplier = SupplierRef()
    kind = Word(choices=DraftKind.choices)
    state = Word(choices=DraftState.choices)
    version = serializers.IntegerField()
    order_version = serializers.IntegerField(help_text="The order's version when the mail was read.")
    sender = serializers.CharField()
    written_at = Moment()
    made_at = Moment()
    decided_at = Moment(allow_null=True)
    decided_by = serializers.CharField()
    reason = serializers.CharField()
    file_name = serializers.CharField(help_text="Of an answer sheet that came with the mail; else empty.")
    lines = serializers.SerializerMethodField()
    unsure = UnsureStatement(many=True)

    @extend_schema_field(DraftedLine(many=True))
    def get_lines(self, draft: MailDraft) -> Any:
        """The lines, figures as figures and days as days."""
        return [
            {
                "key": line.key,
                "number": line.number,
                "pieces": DraftedPiece(
                    [
                        {
                            "kind": piece.kind or PromiseKind.ACCEPT,
                            "quantity": plain_amount(piece.quantity),
                            "delivery_on": plain_day(piece.delivery_on),
                            "price": plain_amount(piece.price),
                            "item_number": piece.item_number,
                        }
                        for piece in line.pieces
                    ],
                    many=True,
                ).data,
                "cancel": line.cancel,
                "evidence": list(dict.fromkeys(line.evidence.values())),
                "marks": list(line.marks),
            }
            for line in map(line_from_json, draft.lines)
        ]


DraftOfMailPage = page_of(DraftOfMail, "DraftOfMailPage")


class DraftQuery(Query):
    """Which drafts."""

    order = Text(required=False, max_length=60, help_text="Of the order with exactly this number.")
    state = Word(required=False, choices=DraftState.choices)
    kind = Word(required=False, choices=DraftKind.choices)


class Drafts(Doors):
    """Drafts that were read in mails."""

    @extend_schema(
        operation_id="list_mail_drafts",
        summary="List what mails promise",
        description=(
            "In the order in which they were read. A draft binds nobody: a person of the supplier, or a buyer in its "
            "place, confirms it with one press."
        ),
        tags=TAGS,
        parameters=[DraftQuery],
        responses={200: DraftOfMailPage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(DraftQuery, request)
        same = {"order": "order__number", "state": "state", "kind": "kind"}
        wanted = wanted_of(asked, same)
        return answer_page(
            request,
            visible_drafts(request.actor).filter(**wanted).select_related("supplier"),
            asked,
            order=("made_at", "id"),
            told=lambda rows: DraftOfMail(rows, many=True).data,
        )

    @extend_schema(
        operation_id="get_mail_draft",
        summary="Read what one mail promises",
        description="With the sentences that each line came from, and what is not certain.",
        tags=TAGS,
        responses={200: DraftOfMail},
    )
    @program_door(Permission.ORDER_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(DraftOfMail(find_draft(key, actor=request.actor)).data)


urlpatterns = [
    path("mail-drafts", Drafts.as_view({"get": "browse"}), name="api-mail-draft-list"),
    path("mail-drafts/<uuid:key>", Drafts.as_view({"get": "read"}), name="api-mail-draft"),
]
