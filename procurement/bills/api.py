"""Invoices for programs: what was billed and how far it is paid. The ERP keeps them; here is only read."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor
from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read_query, wanted_of
from portal.kernel.rest.fields import Day, Exact, Moment, Query, Text, Word, page_of
from procurement.bills.models import Bill
from procurement.bills.queries import visible_bill_lines, visible_bills
from procurement.bills.states import BillKind, PaymentState
from suppliers.roles import Permission


class BilledLine(serializers.Serializer):
    """What an invoice bills of one line of an order."""

    order_number = serializers.CharField()
    line = serializers.CharField(source="line_key", help_text="The ERP's own key of the order's line.")
    quantity = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField(help_text="Without taxes.")

    def get_quantity(self, line: Any) -> str:
        """Below zero where a line goes the other way than the invoice."""
        return signed(line.quantity)

    def get_amount(self, line: Any) -> str:
        """Likewise."""
        return signed(line.amount)


def signed(amount: Any) -> str:
    """An exact decimal as a string, which may be below zero."""
    return str(Exact().to_representation(amount))


class BookedInvoice(serializers.Serializer):
    """An invoice or a credit note. A credit note's amounts are what it gives back."""

    key = serializers.CharField(help_text="The ERP's own key of the invoice.")
    company = serializers.CharField(source="company.code")
    supplier = serializers.CharField(source="supplier.number")
    kind = Word(choices=BillKind.choices)
    number = serializers.CharField(help_text="What bookkeeping calls it; empty where it does not yet.")
    reference = serializers.CharField(help_text="The supplier's own number.")
    state = Word(choices=PaymentState.choices)
    invoiced_on = Day()
    due_on = Day(allow_null=True)
    paid_on = Day(allow_null=True)
    currency = serializers.CharField()
    total = Exact(help_text="With taxes.")
    open_amount = Exact(help_text="What is left to be paid.")
    lines = BilledLine(many=True, source="billed")
    updated_at = Moment()


BillPage = page_of(BookedInvoice, "BillPage")


class BillQuery(Query):
    """Which invoices."""

    order = Text(
        required=False, max_length=60, help_text="Those that bill the order with exactly this number."
    )
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    state = Word(required=False, choices=PaymentState.choices, help_text="How far it is paid.")
    updated_since = Moment(required=False, help_text="Told or changed at or after this moment.")


def _asked(asked: Mapping[str, Any], actor: Actor) -> QuerySet[Bill]:
    lines = Prefetch("lines", visible_bill_lines(actor).order_by("id"), to_attr="billed")
    bills = visible_bills(actor).select_related("company", "supplier").prefetch_related(lines)
    same = {"supplier": "supplier__number", "state": "state", "updated_since": "updated_at__gte"}
    bills = bills.filter(**wanted_of(asked, same))
    if "order" in asked:
        billing = visible_bill_lines(actor).filter(order_number=asked["order"])
        bills = bills.filter(pk__in=billing.values("bill_id"))
    return bills


class Bills(Doors):
    """Invoices as the ERP has booked them."""

    @extend_schema(
        operation_id="list_bills",
        summary="List booked invoices and how far they are paid",
        description=(
            "In the order in which they were told or changed. To follow, ask with `updated_since` and a few minutes "
            "of overlap. An invoice that is cancelled comes again, as `cancelled`."
        ),
        tags=["bills"],
        parameters=[BillQuery],
        responses={200: BillPage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(BillQuery, request)
        return answer_page(
            request,
            _asked(asked, request.actor),
            asked,
            order=("updated_at", "id"),
            told=lambda rows: BookedInvoice(rows, many=True).data,
        )


urlpatterns = [path("bills", Bills.as_view({"get": "browse"}), name="api-bill-list")]
