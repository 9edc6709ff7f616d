"""What is due when, for programs."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.rest.doors import Doors, ProgramRequest, program_door
from portal.kernel.rest.fields import Day, Exact
from procurement.invoices.api.told import Signed
from procurement.payables.queries.forecast import forecast
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
