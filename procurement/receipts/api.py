"""Receipts for programs: what arrived, booking by booking. The ERP books; here is only read."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor
from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read_query
from portal.kernel.rest.fields import Day, Exact, Moment, Query, Text, page_of
from procurement.receipts.models import Receipt
from procurement.receipts.queries import visible_receipts
from suppliers.roles import Permission


class ReceivedLine(serializers.Serializer):
    """The line of an order that something arrived for."""

    order = serializers.UUIDField(source="order.key", help_text="The key of the order.")
    order_number = serializers.CharField(source="order.number")
    key = serializers.CharField(help_text="The ERP's own key of the line.")
    number = serializers.IntegerField()
    item_number = serializers.CharField()


class GoodsReceipt(serializers.Serializer):
    """One booking of goods. How much of a line was received in all is told with the order."""

    key = serializers.CharField(help_text="The ERP's own key of the booking.")
    company = serializers.CharField(source="company.code")
    line = ReceivedLine()
    quantity = Exact()
    unit = serializers.CharField()
    received_on = Day()
    reference = serializers.CharField(
        help_text="The delivery note or shipment; empty where the ERP has none."
    )
    reversed = serializers.BooleanField(help_text="The ERP has taken the booking back.")
    updated_at = Moment()


GoodsReceiptPage = page_of(GoodsReceipt, "GoodsReceiptPage")


class GoodsReceiptQuery(Query):
    """Which receipts."""

    order = Text(required=False, max_length=60, help_text="Of the order with exactly this number.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    updated_since = Moment(required=False, help_text="Told or changed at or after this moment.")


def _asked(asked: Mapping[str, Any], actor: Actor) -> QuerySet[Receipt]:
    receipts = visible_receipts(actor).select_related("company", "line__order")
    same = {"order": "order_number", "supplier": "supplier__number", "updated_since": "updated_at__gte"}
    return receipts.filter(**{field: asked[name] for name, field in same.items() if name in asked})


class Receipts(Doors):
    """Receipts."""

    @extend_schema(
        operation_id="list_receipts",
        summary="List goods received",
        description=(
            "In the order in which they were told or changed. To follow, ask with `updated_since` and a few minutes "
            "of overlap. A receipt that the ERP takes back comes again, as `reversed`."
        ),
        tags=["receipts"],
        parameters=[GoodsReceiptQuery],
        responses={200: GoodsReceiptPage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(GoodsReceiptQuery, request)
        return answer_page(
            request,
            _asked(asked, request.actor),
            asked,
            order=("updated_at", "id"),
            told=lambda rows: GoodsReceipt(rows, many=True).data,
        )


urlpatterns = [path("receipts", Receipts.as_view({"get": "browse"}), name="api-receipt-list")]
