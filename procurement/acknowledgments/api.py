"""Acknowledgments for programs: the same answer, checked by the same rules, as on the page."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import path, reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor, Channel
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
    wanted_of,
)
from portal.kernel.rest.fields import Day, Exact, Flag, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import IDEMPOTENCY_KEY, IF_MATCH, REPLAYED, WRITES, etag_of
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.acknowledgments.queries import find_answer
from procurement.acknowledgments.services import acknowledge_order, withdraw_acknowledgment
from procurement.acknowledgments.states import ACKNOWLEDGMENT_LIFECYCLE, AcknowledgmentState
from procurement.orders.api import OrderRef, PromisePiece, SupplierRef, as_answering
from procurement.orders.models import Promise
from procurement.orders.queries import find_order
from procurement.orders.states import PromiseKind, PromiseState, Reason
from suppliers.roles import Permission

MOST_LINES = 5000
MOST_PIECES = 100
MOST_PIECES_IN_ALL = 10_000

# --- what is sent -------------------------------------------------------------------------------------------


class Piece(Shape):
    """One piece of the answer to a line. What is left out is as asked."""

    quantity = Exact(required=False, help_text="Left out of the only piece of a line: all of it.")
    kind = Word(choices=PromiseKind.choices, default=PromiseKind.ACCEPT)
    delivery_on = Day(required=False, help_text="Left out: the asked day, or counted from `ship_on`.")
    ship_on = Day(required=False)
    price = Exact(required=False, help_text="For `price_per` units. Left out: the asked price.")
    price_per = Exact(required=False)
    schedule = Whole(required=False, min_value=1, help_text="The delivery it answers, by its key.")
    item_number = Text(required=False, max_length=60, help_text="Of a substitute, as you call it.")
    item_description = Text(required=False, max_length=300)
    reason = Word(required=False, choices=Reason.choices, help_text="Owed to a refusal.")
    note = Text(required=False, max_length=2000)


class AnswerToLine(Shape):
    """The answer to one line. Without pieces: as asked."""

    line = Text(max_length=60, help_text="The line's key.")
    pieces = serializers.ListField(child=Piece(), required=False, max_length=MOST_PIECES)


class AcknowledgmentOfOrder(Shape):
    """An answer to an order: some lines or all of them. Lines that are not named stay as they are."""

    version = Whole(
        required=False,
        min_value=1,
        help_text="The order's version that you have seen. Owed unless you send If-Match. The answer is "
        "stale only where a line that you answer moved since.",
    )
    lines = serializers.ListField(child=AnswerToLine(), required=False, max_length=MOST_LINES)
    rest_as_asked = Flag(default=False, help_text="Confirm every other line that waits for you.")
    supplier_reference = Text(
        required=False, allow_blank=True, max_length=60, help_text="Your own order number."
    )
    ship_from = Text(
        required=False, allow_blank=True, max_length=40, help_text="Code of the place you ship from."
    )
    note = Text(required=False, allow_blank=True, max_length=2000)

    def to_internal_value(self, data: Any) -> Any:
        """Count the pieces before each of them is read."""
        sent = data.get("lines") if isinstance(data, Mapping) else None
        lines = sent if isinstance(sent, list) else []
        pieces = [line.get("pieces") for line in lines if isinstance(line, Mapping)]
        if sum(len(some) for some in pieces if isinstance(some, list)) > MOST_PIECES_IN_ALL:
            message = _("Send at most %(most)d pieces at once, and the other lines in a second request.")
            problem = [message % {"most": MOST_PIECES_IN_ALL}]
            raise serializers.ValidationError({"lines": problem}, code="too_many")
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("lines") and not attrs["rest_as_asked"]:
            message = _("Answer at least one line in `lines`, or confirm them all with `rest_as_asked`.")
            raise serializers.ValidationError({"lines": [message]}, code="required")
        return attrs


class Nothing(Shape):
    """Nothing needs to be said."""


# --- what is told -------------------------------------------------------------------------------------------


class AnsweredLine(serializers.Serializer):
    """What an acknowledgment said to one line, and what became of each piece."""

    key = serializers.CharField()
    number = serializers.IntegerField()
    pieces = PromisePiece(many=True)


class AcknowledgmentSummary(serializers.Serializer):
    """A supplier's answer to one revision of an order, without what it says to each line."""

    key = serializers.UUIDField()
    order = OrderRef()
    order_version = serializers.IntegerField(source="order.version", help_text="The order's version now.")
    supplier = SupplierRef()
    revision = serializers.IntegerField()
    state = Word(choices=AcknowledgmentState.choices)
    supplier_reference = serializers.CharField()
    ship_from = serializers.SerializerMethodField(help_text="Code of the place shipped from, or empty.")
    note = serializers.CharField()
    sent_at = Moment()
    sent_by = serializers.CharField()
    channel = Word(choices=[(one.value, one.value) for one in Channel])
    on_behalf = serializers.BooleanField(help_text="A buyer gave it for the supplier.")
    lines_as_asked = serializers.IntegerField()
    lines_by_rule = serializers.IntegerField(
        help_text="Agreed at once though not as asked: the buyer's tolerances allow it."
    )
    lines_changed = serializers.IntegerField()
    lines_refused = serializers.IntegerField()
    allowed_actions = serializers.SerializerMethodField(help_text="What this caller may do with it now.")

    def get_ship_from(self, paper: OrderAcknowledgment) -> str:
        """The site's code."""
        return paper.ship_from.code if paper.ship_from else ""

    @extend_schema_field(serializers.ListField(child=Word(choices=["withdraw"])))
    def get_allowed_actions(self, paper: OrderAcknowledgment) -> list[str]:
        """See `actions_allowed`."""
        return actions_allowed(paper, self.context["actor"])


class Acknowledgment(AcknowledgmentSummary):
    """A supplier's answer to one revision of an order, with what became of each piece."""

    lines = serializers.SerializerMethodField()

    @extend_schema_field(AnsweredLine(many=True))
    def get_lines(self, paper: OrderAcknowledgment) -> Any:
        """Its pieces, line by line, as read in one query."""
        return AnsweredLine(self.context["lines"], many=True).data


AcknowledgmentPage = page_of(AcknowledgmentSummary, "AcknowledgmentPage")


class AcknowledgmentQuery(Query):
    """Which acknowledgments."""

    order = Text(required=False, max_length=60, help_text="Of the order with exactly this number.")
    state = Word(required=False, choices=AcknowledgmentState.choices, help_text="Sent, or taken back.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    sent_since = Moment(required=False, help_text="Sent at or after this moment.")


def actions_allowed(paper: OrderAcknowledgment, actor: Actor) -> list[str]:
    """What this actor may do to an answer now: the verbs of its table, while some line of it is undecided."""
    blocked = actor.is_supplier and paper.supplier.only_reads
    if blocked or not paper.is_undecided:  # type: ignore[attr-defined]  # see `_visible`
        return []
    return ACKNOWLEDGMENT_LIFECYCLE.verbs_for(as_answering(actor), paper.state)


def _visible(actor: Actor) -> QuerySet[OrderAcknowledgment]:
    """The answers this actor may see, each with whether a line of it waits for the buyer as a whole."""
    pieces = Promise.objects.visible_to(actor)
    decided = pieces.filter(
        origin=OuterRef("origin"),
        line_id=OuterRef("line_id"),
        state__in=[PromiseState.AGREED, PromiseState.DECLINED],
        by_rule=False,
    )
    undecided = pieces.filter(~Exists(decided), origin=OuterRef("key"), state=PromiseState.PROPOSED)
    papers = OrderAcknowledgment.objects.visible_to(actor).select_related("order", "supplier", "ship_from")
    visible: QuerySet[OrderAcknowledgment] = papers.annotate(is_undecided=Exists(undecided))
    return visible


def _tell(key: UUID, actor: Actor) -> dict[str, Any]:
    """One answer as JSON, with its pieces."""
    paper = _visible(actor).filter(key=key).first()
    if paper is None:
        raise NotFound(_("There is no such answer."))
    promises = Promise.objects.visible_to(actor).filter(origin=key).select_related("line", "ship_to")
    lines: dict[int, dict[str, Any]] = {}
    for piece in promises.order_by("line__number", "line_id", "schedule_key", "piece"):
        line = {"key": piece.line.key, "number": piece.line.number, "pieces": []}
        lines.setdefault(piece.line_id, line)["pieces"].append(piece)
    return dict(Acknowledgment(paper, context={"actor": actor, "lines": lines.values()}).data)


def _command(order: UUID, version: int, sent: Mapping[str, Any]) -> AcknowledgeOrder:
    return AcknowledgeOrder(
        order=order,
        version=version,
        answers=tuple(
            LineAnswer(line["line"], tuple(_piece(piece) for piece in line.get("pieces", ())))
            for line in sent.get("lines", ())
        ),
        rest_as_asked=sent["rest_as_asked"],
        supplier_reference=sent.get("supplier_reference", ""),
        ship_from=sent.get("ship_from", ""),
        note=sent.get("note", ""),
    )


def _piece(sent: Mapping[str, Any]) -> AnswerPiece:
    renamed = {"schedule": "schedule_key"}
    return AnswerPiece(**{renamed.get(name, name): value for name, value in sent.items()})


# --- doors --------------------------------------------------------------------------------------------------

LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=["201"], description="Where it is read."
)
WHOLE_ORDER = OpenApiExample(
    "The whole order as asked",
    {"version": 1, "rest_as_asked": True, "supplier_reference": "SO-20871"},
    request_only=True,
)
ONE_LINE_LATER = OpenApiExample(
    "One line in two pieces, the rest as asked",
    {
        "version": 1,
        "lines": [
            {
                "line": "L10",
                "pieces": [
                    {"quantity": "60"},
                    {"quantity": "40", "delivery_on": "2026-04-15", "reason": "material_shortage"},
                ],
            }
        ],
        "rest_as_asked": True,
    },
    request_only=True,
)


class OrderAcknowledgments(Doors):
    """Answers to one order."""

    @extend_schema(
        operation_id="acknowledge_order",
        summary="Acknowledge an order",
        description=(
            "Answers some lines of an order or all of them. What is promised as asked, or within the buyer's "
            "tolerances, is agreed at once; everything else waits for the buyer. Either everything is taken or nothing."
        ),
        tags=["acknowledgments"],
        parameters=[IDEMPOTENCY_KEY, IF_MATCH, REPLAYED, LOCATION, etag_of("order", "201")],
        request=AcknowledgmentOfOrder,
        responses={201: Acknowledgment},
        examples=[WHOLE_ORDER, ONE_LINE_LATER],
    )
    @program_door(Permission.ORDER_ACKNOWLEDGE, Permission.ORDER_ANSWER_FOR)
    def acknowledge(self, request: ProgramRequest, key: UUID) -> Response:
        order = find_order(key, actor=request.actor)
        sent = read(AcknowledgmentOfOrder, request.data)
        version = version_answered(request, order.version, sent.get("version"))
        done = acknowledge_order(_command(key, version, sent), actor=request.actor, at=request.at)
        told = _tell(done.paper.key, request.actor)
        headers = {
            "Location": reverse("api-acknowledgment", kwargs={"key": done.paper.key}),
            "ETag": etag(told["order_version"]),
        }
        return Response(told, status=201, headers=headers)


class Acknowledgments(Doors):
    """Answers."""

    @extend_schema(
        operation_id="list_acknowledgments",
        summary="List acknowledgments",
        description="Newest first, without their pieces.",
        tags=["acknowledgments"],
        parameters=[AcknowledgmentQuery],
        responses={200: AcknowledgmentPage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(AcknowledgmentQuery, request)
        same = {
            "order": "order__number",
            "state": "state",
            "supplier": "supplier__number",
            "sent_since": "sent_at__gte",
        }
        wanted = wanted_of(asked, same)
        papers = _visible(request.actor).filter(**wanted)
        return answer_page(
            request,
            papers,
            asked,
            order=("-sent_at", "-id"),
            told=lambda rows: AcknowledgmentSummary(rows, many=True, context={"actor": request.actor}).data,
        )

    @extend_schema(
        operation_id="get_acknowledgment",
        summary="Read one acknowledgment",
        description="With what became of each of its pieces.",
        tags=["acknowledgments"],
        responses={200: Acknowledgment},
    )
    @program_door(Permission.ORDER_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(_tell(key, request.actor))

    @extend_schema(
        operation_id="withdraw_acknowledgment",
        summary="Withdraw an acknowledgment",
        description=(
            "Takes back what the buyer has not acted on; its lines await an answer again. Lines agreed at "
            "once stay agreed."
        ),
        tags=["acknowledgments"],
        parameters=WRITES,
        request=Nothing,
        responses={200: Acknowledgment},
    )
    @program_door(Permission.ORDER_ACKNOWLEDGE, Permission.ORDER_ANSWER_FOR)
    def withdraw(self, request: ProgramRequest, key: UUID) -> Response:
        find_answer(key, actor=request.actor)
        read(Nothing, request.data)
        withdraw_acknowledgment(key, actor=request.actor, at=request.at)
        return Response(_tell(key, request.actor))


urlpatterns = [
    path(
        "orders/<uuid:key>/acknowledgments",
        OrderAcknowledgments.as_view({"post": "acknowledge"}),
        name="api-order-acknowledge",
    ),
    path("acknowledgments", Acknowledgments.as_view({"get": "browse"}), name="api-acknowledgment-list"),
    path("acknowledgments/<uuid:key>", Acknowledgments.as_view({"get": "read"}), name="api-acknowledgment"),
    path(
        "acknowledgments/<uuid:key>/withdraw",
        Acknowledgments.as_view({"post": "withdraw"}),
        name="api-acknowledgment-withdraw",
    ),
]
