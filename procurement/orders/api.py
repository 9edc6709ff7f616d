"""Orders and their lines for programs: what is asked, what was promised, what may be done."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor
from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    etag,
    is_known,
    program_door,
    read_query,
    wanted_of,
)
from portal.kernel.rest.fields import Day, Exact, Moment, Query, Text, Word, page_of
from portal.kernel.rest.schema import IF_NONE_MATCH, etag_of
from procurement.orders.models import Promise, PurchaseOrder, PurchaseOrderLine, ScheduleLine
from procurement.orders.queries import find_order, visible_lines, visible_orders
from procurement.orders.states import (
    LINE_LIFECYCLE,
    LIVE_PROMISES,
    Agreement,
    Finance,
    Logistics,
    OrderState,
    PromiseKind,
    PromiseState,
    Reason,
    RevisionStatus,
    Turn,
)
from suppliers.roles import Permission

# The verbs of a line that this API offers; what a buyer decides and what the ERP does have other doors.
ANSWERS = ("confirm", "answer", "refuse")
ACKNOWLEDGE = "acknowledge"

# --- what may be done ---------------------------------------------------------------------------------------


def answers_allowed(line: PurchaseOrderLine, order: PurchaseOrder, actor: Actor) -> list[str]:
    """What this actor may say to a line now: the verbs of its table, while the line still takes an answer."""
    if line.is_settled or order.state != OrderState.ISSUED or not line.is_open:
        return []
    if actor.is_supplier and order.supplier.only_reads:
        return []
    verbs = LINE_LIFECYCLE.verbs_for(as_answering(actor), line.agreement)
    return [verb for verb in verbs if verb in ANSWERS]


def as_answering(actor: Actor) -> Actor:
    # On the buying side only who may answer for a supplier answers, and then says what a supplier would.
    if not actor.is_company:
        return actor
    answers = actor.may(Permission.ORDER_ANSWER_FOR)
    rest = actor.permissions - {Permission.ORDER_ACKNOWLEDGE}
    return replace(actor, permissions=rest | {Permission.ORDER_ACKNOWLEDGE} if answers else rest)


# --- shapes -------------------------------------------------------------------------------------------------


class CompanyRef(serializers.Serializer):
    """A company of the buying group."""

    code = serializers.CharField()
    name = serializers.CharField()


class SupplierRef(serializers.Serializer):
    """A supplier, by its number in the ERP."""

    number = serializers.CharField()
    name = serializers.CharField()


class OrderRef(serializers.Serializer):
    """An order, in brief."""

    key = serializers.UUIDField()
    number = serializers.CharField()


class Place(serializers.Serializer):
    """Where goods go."""

    code = serializers.CharField()
    name = serializers.CharField()
    street = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField()


class Schedule(serializers.Serializer):
    """One delivery asked for. On time is measured against the first agreed day and the asked one."""

    key = serializers.IntegerField(help_text="Ours: it stays when the ERP makes its deliveries anew.")
    quantity = Exact()
    delivery_on = Day()
    first_promised_on = Day(allow_null=True)
    first_agreed_on = Day(allow_null=True)


class PromisePiece(serializers.Serializer):
    """One piece of an answer. The pieces of a line add up to its quantity, or to what was agreed in its place."""

    schedule = serializers.IntegerField(source="schedule_key", help_text="The delivery it answers.")
    kind = Word(choices=PromiseKind.choices)
    state = Word(choices=PromiseState.choices)
    quantity = Exact()
    ship_on = Day(allow_null=True)
    delivery_on = Day(allow_null=True)
    price = Exact()
    price_per = Exact()
    item_number = serializers.CharField(help_text="Of a substitute, as the supplier calls it.")
    item_description = serializers.CharField()
    ship_to = serializers.CharField(
        source="ship_to.code",
        default="",
        help_text="Code of the place, where another one was agreed; or empty.",
    )
    reason = Word(choices=[*Reason.choices, ("", "None")])
    note = serializers.CharField()
    revision = serializers.IntegerField(help_text="The revision of the order that it answers.")
    acknowledgment = serializers.UUIDField(
        source="origin", help_text="The acknowledgment, or the change request, it was made with."
    )
    promised_at = Moment()
    decided_at = Moment(allow_null=True)
    decided_by = serializers.CharField()
    by_rule = serializers.BooleanField(help_text="The buyer's tolerances agreed to it; no person looked.")
    decision_note = serializers.CharField()


class OrderLine(serializers.Serializer):
    """One line: asked, promised, happened, and its four statuses."""

    key = serializers.CharField(help_text="The ERP's own key of the line: it names the line in an answer.")
    number = serializers.IntegerField()
    item_number = serializers.CharField()
    description = serializers.CharField()
    gtin = serializers.CharField()
    supplier_part_number = serializers.CharField()
    quantity = Exact()
    unit = serializers.CharField()
    price = Exact(help_text="For `price_per` units.")
    price_per = Exact()
    amount = Exact()
    delivery_on = Day(help_text="The first day asked for.")
    expected_on = Day(help_text="What planning uses: agreed, else promised, else asked.")
    note = serializers.CharField()
    cancelled = serializers.BooleanField()
    closed = serializers.BooleanField()
    received_quantity = Exact()
    invoiced_quantity = Exact()
    agreement = Word(choices=Agreement.choices)
    revision_status = Word(choices=RevisionStatus.choices)
    logistics = Word(choices=Logistics.choices)
    finance = Word(choices=Finance.choices)
    turn = Word(choices=Turn.choices, help_text="Who holds the ball; empty: nobody.")
    touched_version = serializers.IntegerField(help_text="The order's version when this line last moved.")
    schedules = Schedule(many=True)
    promises = PromisePiece(many=True, source="standing", help_text="The pieces that stand now.")
    allowed_actions = serializers.SerializerMethodField(help_text="What this caller may say to the line now.")

    @extend_schema_field(serializers.ListField(child=Word(choices=ANSWERS)))
    def get_allowed_actions(self, line: PurchaseOrderLine) -> list[str]:
        """See `answers_allowed`."""
        return answers_allowed(line, line.order, self.context["actor"])


class LineOfOrder(OrderLine):
    """A line on its own, with the order it is of."""

    order = OrderRef()
    currency = serializers.CharField(source="order.currency")


class OrderSummary(serializers.Serializer):
    """An order without its lines. Its statuses and counts are computed from them."""

    key = serializers.UUIDField()
    number = serializers.CharField()
    kind = serializers.CharField()
    company = CompanyRef()
    supplier = SupplierRef()
    state = Word(choices=OrderState.choices)
    version = serializers.IntegerField(help_text="Rises with everything that moves, from either side.")
    revision = serializers.IntegerField(help_text="Counts what the buyer changed on it, from 1.")
    erp_revision = serializers.CharField()
    currency = serializers.CharField()
    ordered_on = Day()
    received_at = Moment()
    revised_at = Moment()
    updated_at = Moment()
    acknowledge_by_at = Moment(allow_null=True)
    agreement = Word(choices=Agreement.choices)
    revision_status = Word(choices=RevisionStatus.choices)
    logistics = Word(choices=Logistics.choices)
    finance = Word(choices=Finance.choices)
    line_count = serializers.IntegerField()
    lines_agreed = serializers.IntegerField()
    lines_for_supplier = serializers.IntegerField()
    lines_for_buyer = serializers.IntegerField()
    total_amount = Exact()
    next_delivery_on = Day(allow_null=True)
    supplier_reference = serializers.CharField()


class Order(OrderSummary):
    """A whole order."""

    ship_to = Place(allow_null=True)
    payment_terms = serializers.CharField()
    incoterm = serializers.CharField()
    incoterm_place = serializers.CharField()
    buyer_name = serializers.CharField()
    buyer_email = serializers.CharField()
    note = serializers.CharField()
    lines = OrderLine(many=True)
    allowed_actions = serializers.SerializerMethodField(help_text="What this caller may do now.")

    @extend_schema_field(serializers.ListField(child=Word(choices=[ACKNOWLEDGE])))
    def get_allowed_actions(self, order: PurchaseOrder) -> list[str]:
        """An order may be acknowledged while one of its lines takes an answer."""
        actor = self.context["actor"]
        return [ACKNOWLEDGE] if any(answers_allowed(line, order, actor) for line in order.lines.all()) else []


OrderPage = page_of(OrderSummary, "OrderPage")
OrderLinePage = page_of(LineOfOrder, "OrderLinePage")


class OrderQuery(Query):
    """Which orders."""

    number = Text(required=False, max_length=60, help_text="Exactly this number.")
    state = Word(required=False, choices=OrderState.choices, help_text="Where it stands in the ERP.")
    agreement = Word(required=False, choices=Agreement.choices, help_text="Where both sides stand on it.")
    turn = Word(required=False, choices=["supplier", "buyer"], help_text="Some line waits for this side.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    updated_since = Moment(
        required=False,
        help_text="Moved at or after this moment. The list is then in the order in which they moved.",
    )


class OrderLineQuery(Query):
    """Which lines."""

    order = Text(required=False, max_length=60, help_text="Of the order with exactly this number.")
    item = Text(required=False, max_length=60, help_text="Exactly this item number.")
    agreement = Word(required=False, choices=Agreement.choices, help_text="Where both sides stand on it.")
    turn = Word(required=False, choices=["supplier", "buyer"], help_text="The line waits for this side.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    delivery_from = Day(required=False, help_text="Asked for on this day or later.")
    delivery_to = Day(required=False, help_text="Asked for on this day or earlier.")


# --- reading ------------------------------------------------------------------------------------------------


def _with_promises(lines: QuerySet[PurchaseOrderLine], actor: Actor) -> QuerySet[PurchaseOrderLine]:
    """Lines with their deliveries and the pieces that stand: two queries however many lines."""
    schedules = ScheduleLine.objects.visible_to(actor).order_by("key")
    standing = Promise.objects.visible_to(actor).filter(state__in=LIVE_PROMISES)
    pieces = Prefetch(
        "promises", standing.select_related("ship_to").order_by("schedule_key", "piece"), to_attr="standing"
    )
    return lines.prefetch_related(Prefetch("schedules", schedules), pieces)


def _orders_asked(asked: Mapping[str, Any], actor: Actor) -> QuerySet[PurchaseOrder]:
    orders = visible_orders(actor).select_related("company", "supplier")
    same = {"number": "number", "state": "state", "agreement": "agreement", "supplier": "supplier__number"}
    orders = orders.filter(**wanted_of(asked, same))
    if "turn" in asked:
        orders = orders.filter(**{f"lines_for_{asked['turn']}__gt": 0})
    if "updated_since" in asked:
        orders = orders.filter(updated_at__gte=asked["updated_since"])
    return orders


def _lines_asked(asked: Mapping[str, Any], actor: Actor) -> QuerySet[PurchaseOrderLine]:
    lines = visible_lines(actor).select_related("order__supplier")
    same = {
        "order": "order__number",
        "item": "item_number",
        "agreement": "agreement",
        "turn": "turn",
        "supplier": "supplier__number",
        "delivery_from": "delivery_on__gte",
        "delivery_to": "delivery_on__lte",
    }
    return lines.filter(**wanted_of(asked, same))


class Orders(Doors):
    """Orders."""

    @extend_schema(
        operation_id="list_orders",
        summary="List orders",
        description=(
            "Newest first. To follow what moves, ask with `updated_since` and a few minutes of overlap: an "
            "order that moves while you read comes again."
        ),
        tags=["orders"],
        parameters=[OrderQuery],
        responses={200: OrderPage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(OrderQuery, request)
        return answer_page(
            request,
            _orders_asked(asked, request.actor),
            asked,
            order=("updated_at", "id") if "updated_since" in asked else ("-ordered_on", "-id"),
            told=lambda rows: OrderSummary(rows, many=True).data,
        )

    @extend_schema(
        operation_id="get_order",
        summary="Read one order",
        description="With its lines, what is asked and promised on each, and what you may do.",
        tags=["orders"],
        parameters=[IF_NONE_MATCH, etag_of("order", "200", "304")],
        responses={200: Order, 304: None},
    )
    @program_door(Permission.ORDER_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        order = find_order(key, actor=request.actor)
        headers = {"ETag": etag(order.version), "Cache-Control": "private, no-cache"}
        if is_known(request, order.version):
            return Response(status=304, headers=headers)
        lines = _with_promises(visible_lines(request.actor), request.actor).order_by("number", "id")
        prefetch_related_objects([order], Prefetch("lines", lines))
        return Response(Order(order, context={"actor": request.actor}).data, headers=headers)


class OrderLines(Doors):
    """Lines across orders."""

    @extend_schema(
        operation_id="list_order_lines",
        summary="List lines across orders",
        description="By the day they are asked for.",
        tags=["orders"],
        parameters=[OrderLineQuery],
        responses={200: OrderLinePage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(OrderLineQuery, request)
        return answer_page(
            request,
            _with_promises(_lines_asked(asked, request.actor), request.actor),
            asked,
            order=("delivery_on", "id"),
            told=lambda rows: LineOfOrder(rows, many=True, context={"actor": request.actor}).data,
        )


urlpatterns = [
    path("orders", Orders.as_view({"get": "browse"}), name="api-order-list"),
    path("orders/<uuid:key>", Orders.as_view({"get": "read"}), name="api-order"),
    path("order-lines", OrderLines.as_view({"get": "browse"}), name="api-order-line-list"),
]
