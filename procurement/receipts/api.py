"""Receipts for programs: what arrived, booking by booking, as the ERP has booked it; and what was counted at the dock,
which a warehouse's program may hand in.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    program_door,
    read,
    read_query,
    wanted_of,
)
from portal.kernel.rest.fields import Day, Exact, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import WRITES
from procurement.orders.api import CompanyRef, OrderRef, SupplierRef
from procurement.receipts.messages import SayOfDifference, SheetNamed, WholeCount, WholeCountLine
from procurement.receipts.models import Receipt, ReceivingSheet
from procurement.receipts.queries import (
    counted_sheet,
    find_sheet,
    told_sheets,
    visible_receipts,
    visible_sheets,
)
from procurement.receipts.services import answer_difference, post_count, reverse_sheet, settle_difference
from procurement.receipts.states import TOLD, Rest
from procurement.receipts.states import Word as SaidWord
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
    return receipts.filter(**wanted_of(asked, same))


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


# --- counted at the dock ------------------------------------------------------------------------------------

MOST_LINES = 500
COUNT_TAGS = ["counts"]


class NewCountLine(Shape):
    """What was counted of one order line. A line may be there more than once, lot by lot."""

    order = Text(max_length=60, help_text="The order's number.")
    line = Text(max_length=60, help_text="The ERP's own key of the line.")
    quantity = Exact(help_text="What is good, in the line's unit.")
    damaged = Exact(required=False, help_text="What is here and not accepted; *note* says why then.")
    lot = Text(required=False, allow_blank=True, max_length=20)
    note = Text(required=False, allow_blank=True, max_length=500)
    rest = Word(
        required=False,
        choices=Rest.choices,
        help_text="What becomes of what was announced and is not here; *follows* if left out.",
    )


class NewCount(Shape):
    """A finished count of a warehouse's program."""

    company = Text(max_length=20, help_text="The code of the company that ordered.")
    supplier = Text(max_length=40, help_text="The supplier's number.")
    source = Text(  # type: ignore[assignment]  # the framework takes fields off the class
        max_length=120, help_text="Your own name for this count: told twice it counts once."
    )
    received_on = Day(help_text="A day at the site.")
    notice = Text(
        required=False,
        allow_blank=True,
        max_length=60,
        help_text="The number of the ship notice; left out for goods that nobody announced.",
    )
    delivery_note = Text(required=False, allow_blank=True, max_length=60, help_text="What their paper says.")
    site = Text(required=False, allow_blank=True, max_length=40, help_text="The code of the place.")
    note = Text(required=False, allow_blank=True, max_length=2000)
    lines = serializers.ListField(child=NewCountLine(), min_length=1, max_length=MOST_LINES)


class TakenBackCount(Shape):
    """Why a count is taken back."""

    version = Whole(min_value=1, help_text="The version that you have seen.")
    reason = Text(max_length=2000)


class SaidOfDifference(Shape):
    """A word on what differs on a line, or on a wrong item: one of both is named by its place."""

    line = Whole(required=False, min_value=1, help_text="The position of a line of the count.")
    wrong_item = Whole(required=False, min_value=1, help_text="The position of a wrong item.")
    word = Word(
        choices=SaidWord.choices,
        help_text="A supplier: *agreed*, *disputed*. The buying side: the others, which settle it.",
    )
    text = Text(required=False, allow_blank=True, max_length=2000)


class CountedLot(serializers.Serializer):
    """What was counted of a line, lot by lot."""

    lot = serializers.CharField()
    quantity = Exact(help_text="What is good.")
    damaged = Exact()
    wrong = serializers.CharField(help_text="What is wrong with what is damaged.")
    expires_on = Day(allow_null=True)
    serials = serializers.ListField(child=serializers.CharField())
    note = serializers.CharField()


class ToldWord(serializers.Serializer):
    """What somebody said of a difference."""

    word = Word(choices=SaidWord.choices)
    text = serializers.CharField()
    said_at = Moment()
    said_by = serializers.CharField()


class CountLine(serializers.Serializer):
    """One line of a count, with the figures of both sides and of the ERP."""

    position = serializers.IntegerField(source="one.position")
    order = OrderRef(source="one.line.order")
    line = serializers.CharField(source="one.line.key", help_text="The line's key.")
    line_number = serializers.IntegerField(source="one.line.number")
    item_number = serializers.CharField(source="one.line.item_number")
    unit = serializers.CharField(source="one.line.unit")
    announced = Exact(source="tally.announced", allow_null=True, help_text="None: nobody announced it.")
    counted_before = Exact(source="tally.before", help_text="What was here already of the same shipment.")
    quantity = Exact(source="tally.good", help_text="What is good.")
    damaged = Exact(source="tally.damaged")
    missing = Exact(source="tally.missing")
    rest = Word(choices=[*Rest.choices, ("", "Nothing is missing")], source="one.rest")
    booked = Exact(help_text="What the ERP has booked of the line with the same reference.")
    differs = serializers.BooleanField(
        source="has_difference", help_text="There is something that the supplier may answer."
    )
    lots = CountedLot(many=True, source="rows")
    answer = ToldWord(allow_null=True, help_text="The supplier's newest.")
    settlement = ToldWord(allow_null=True, help_text="The buyer's.")


class CountedWrongItem(serializers.Serializer):
    """Something that came and belongs to no line."""

    position = serializers.IntegerField()
    text = serializers.CharField(source="one.text")
    quantity = Exact(source="one.quantity", allow_null=True)
    answer = ToldWord(allow_null=True)
    settlement = ToldWord(allow_null=True)


class CountInBrief(serializers.Serializer):
    """A count that was posted."""

    key = serializers.UUIDField()
    state = Word(choices=[(one.value, one.label) for one in TOLD])
    version = serializers.IntegerField()
    company = CompanyRef()
    supplier = SupplierRef()
    site = serializers.CharField(source="site.code", default="")
    reference = serializers.CharField(help_text="The number of the ship notice, else of the delivery note.")
    notice = serializers.UUIDField(source="notice.key", default=None, allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]  # the framework takes fields off the class
    received_on = Day()
    note = serializers.CharField()
    posted_at = Moment()
    posted_by = serializers.CharField()
    reversed_at = Moment(allow_null=True)
    reverse_reason = serializers.CharField()
    updated_at = Moment()


class WholeCountTold(CountInBrief):
    """A count with its lines and what both sides say of them."""

    lines = CountLine(many=True)
    wrong_items = CountedWrongItem(many=True)
    packages = serializers.ListField(child=serializers.CharField(), help_text="The numbers of those seen.")


CountPage = page_of(CountInBrief, "CountPage")


class CountQuery(Query):
    """Which counts."""

    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    site = Text(required=False, max_length=40, help_text="The code of the place.")
    source = Text(  # type: ignore[assignment]  # the framework takes fields off the class
        required=False, max_length=120, help_text="The name that your program gave it."
    )
    updated_since = Moment(required=False, help_text="Posted or moved at or after this moment.")


def _told(sheet: ReceivingSheet) -> dict[str, Any]:
    found = counted_sheet(sheet)
    wrong = [
        {"position": place, "one": each.one, "answer": each.answer, "settlement": each.settlement}
        for place, each in enumerate(found.wrong, start=1)
    ]
    return {
        **CountInBrief(sheet).data,
        "lines": CountLine(found.lines, many=True).data,
        "wrong_items": CountedWrongItem(wrong, many=True).data,
        "packages": sorted(found.seen),
    }


def _lines(sent: Sequence[Mapping[str, Any]]) -> tuple[WholeCountLine, ...]:
    return tuple(
        WholeCountLine(
            one["order"],
            one["line"],
            one["quantity"],
            one.get("damaged", Decimal(0)),
            one.get("lot", ""),
            one.get("note", ""),
            one.get("rest", Rest.FOLLOWS),
        )
        for one in sent
    )


class Counts(Doors):
    """What was counted at the dock."""

    @extend_schema(
        operation_id="list_counts",
        summary="List what was counted at the dock",
        description=(
            "Posted counts in the order in which they moved; one that is taken back comes again, as *reversed*. A "
            "count in progress is told to nobody."
        ),
        tags=COUNT_TAGS,
        parameters=[CountQuery],
        responses={200: CountPage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(CountQuery, request)
        same = {
            "supplier": "supplier__number",
            "site": "site__code",
            "source": "source",
            "updated_since": "updated_at__gte",
        }
        sheets = told_sheets(visible_sheets(request.actor))
        sheets = sheets.filter(**wanted_of(asked, same))
        return answer_page(
            request,
            sheets,
            asked,
            order=("updated_at", "id"),
            told=lambda rows: CountInBrief(rows, many=True).data,
        )

    @extend_schema(
        operation_id="get_count",
        summary="Read one count",
        description="With its lines: what was announced, counted and booked, and what both sides say.",
        tags=COUNT_TAGS,
        responses={200: WholeCountTold},
    )
    @program_door(Permission.ORDER_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(_told(self._find(request, key)))

    @extend_schema(
        operation_id="post_count",
        summary="Post a finished count",
        description=(
            "A warehouse's program hands in what it has counted. It is a fact at once, and the ERP is asked to book "
            "what is good. The same *source* told twice counts once; another count under it is refused."
        ),
        tags=COUNT_TAGS,
        parameters=WRITES,
        request=NewCount,
        responses={201: WholeCountTold},
        examples=[
            OpenApiExample(
                "Sixty announced, four of them damaged",
                {
                    "company": "NM",
                    "supplier": "ACME",
                    "source": "WMS-2026-0815",
                    "notice": "LS-2026-0042",
                    "received_on": "2026-03-02",
                    "lines": [
                        {
                            "order": "4500000001",
                            "line": "L10",
                            "quantity": "36",
                            "damaged": "4",
                            "note": "Carton crushed.",
                        }
                    ],
                },
                request_only=True,
            )
        ],
    )
    @program_door(Permission.GOODS_RECEIVE)
    def create(self, request: ProgramRequest) -> Response:
        sent = read(NewCount, request.data)
        whole = WholeCount(**{**sent, "lines": _lines(sent["lines"])})
        sheet = post_count(whole, actor=request.actor, at=request.at)
        return Response(_told(self._find(request, sheet.key)), status=201)

    @extend_schema(
        operation_id="reverse_count",
        summary="Take a count back",
        description="It stays to be read and counts no more; the ERP is asked to take its booking back.",
        tags=COUNT_TAGS,
        parameters=WRITES,
        request=TakenBackCount,
        responses={200: WholeCountTold},
    )
    @program_door(Permission.GOODS_RECEIVE)
    def reverse(self, request: ProgramRequest, key: UUID) -> Response:
        self._find(request, key)
        sent = read(TakenBackCount, request.data)
        reverse_sheet(SheetNamed(key, sent["version"]), sent["reason"], actor=request.actor, at=request.at)
        return Response(_told(self._find(request, key)))

    @extend_schema(
        operation_id="say_of_difference",
        summary="Say something of what differs",
        description="A supplier agrees or disputes, and says why; the newest answer counts until it is settled.",
        tags=COUNT_TAGS,
        parameters=WRITES,
        request=SaidOfDifference,
        responses={200: WholeCountTold},
    )
    @program_door(Permission.SHIPMENT_WRITE, Permission.ORDER_DECIDE)
    def say(self, request: ProgramRequest, key: UUID) -> Response:
        sheet = self._find(request, key)
        sent = read(SaidOfDifference, request.data)
        found = counted_sheet(sheet)
        lines = {one.one.position: one.one.pk for one in found.lines}
        wrong = {place: one.one.pk for place, one in enumerate(found.wrong, start=1)}
        command = SayOfDifference(
            key,
            sent["word"],
            sent.get("text", ""),
            line=lines.get(sent.get("line", 0)),
            wrong_item=wrong.get(sent.get("wrong_item", 0)),
        )
        verb = answer_difference if request.actor.is_supplier else settle_difference
        verb(command, actor=request.actor, at=request.at)
        return Response(_told(self._find(request, key)))

    def _find(self, request: ProgramRequest, key: UUID) -> ReceivingSheet:
        """A count that is a fact; one in progress is none to a program."""
        sheet = find_sheet(key, actor=request.actor)
        if sheet.state not in TOLD:
            raise NotFound(_("There is no such count."))
        return sheet


urlpatterns = [
    path("receipts", Receipts.as_view({"get": "browse"}), name="api-receipt-list"),
    path("counts", Counts.as_view({"get": "browse", "post": "create"}), name="api-count-list"),
    path("counts/<uuid:key>", Counts.as_view({"get": "read"}), name="api-count"),
    path("counts/<uuid:key>/reverse", Counts.as_view({"post": "reverse"}), name="api-count-reverse"),
    path("counts/<uuid:key>/words", Counts.as_view({"post": "say"}), name="api-count-say"),
]
