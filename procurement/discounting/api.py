"""Early payment for programs: what is offered for an invoice, agreed to and taken back; and all that was agreed."""

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    program_door,
    read,
    read_query,
    wanted_of,
)
from portal.kernel.rest.fields import Day, Exact, Moment, Query, Shape, Text, Word, page_of
from portal.kernel.rest.schema import WRITES
from procurement.discounting.messages import AgreeEarly
from procurement.discounting.presenters import yield_of
from procurement.discounting.queries import early_payments, offered_for, standing_for
from procurement.discounting.services import agree_early, take_early_back
from procurement.discounting.states import EarlyState
from procurement.invoices.queries import find_invoice
from suppliers.roles import Permission

TAGS = ["invoices"]


class OfferTold(serializers.Serializer):
    """Paid on this day, it is so much less."""

    pay_on = Day()
    days = serializers.IntegerField(help_text="How many days sooner than planned.")
    discount = Exact(help_text="How much less is paid, with taxes, in the invoice's currency.")
    to_pay = Exact(help_text="What is paid then.")


class EarlyPaymentTold(serializers.Serializer):
    """What a supplier has agreed to."""

    key = serializers.UUIDField()
    invoice = serializers.UUIDField(source="invoice.key")
    number = serializers.CharField(source="invoice.number")
    supplier = serializers.CharField(source="supplier.number")
    company = serializers.CharField(source="invoice.company.code")
    state = Word(choices=EarlyState.choices)
    due_on = Day(source="base_on", help_text="The day on which it was planned to be paid else.")
    pay_on = Day()
    days = serializers.IntegerField()
    currency = serializers.CharField()
    total = Exact()
    discount = Exact()
    to_pay = Exact()
    yearly_yield = serializers.SerializerMethodField(
        help_text="What the money earns who pays, in percent a year."
    )
    agreed_at = Moment()
    agreed_by = serializers.CharField()
    ended_at = Moment(
        allow_null=True, help_text="When it was taken back, lapsed, or the invoice was paid in full."
    )
    paid_on = Day(allow_null=True)

    def get_yearly_yield(self, early: Any) -> str:
        """The discount over what is paid for it, for the days."""
        return str(Exact().to_representation(yield_of(early)))


EarlyPaymentPage = page_of(EarlyPaymentTold, "EarlyPaymentPage")


class EarlyOffers(serializers.Serializer):
    """What is offered for an invoice, or what was agreed for it."""

    currency = serializers.CharField()
    total = Exact()
    planned_on = Day(allow_null=True, help_text="When it is paid in full, where nothing is agreed.")
    offers = OfferTold(many=True, help_text="The soonest first; empty where nothing is offered.")
    agreed = EarlyPaymentTold(allow_null=True, help_text="What stands agreed.")


class AgreedOffer(Shape):
    """One of the offers, exactly as it was read."""

    pay_on = Day()
    discount = Exact()


class EarlyTakenBack(Shape):
    """Nothing more is to be said."""


class EarlyQuery(Query):
    """Which early payments."""

    state = Word(required=False, choices=EarlyState.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")


EXAMPLE = OpenApiExample(
    "Paid on 4 December",
    {"pay_on": "2026-12-04", "discount": "15.90"},
    request_only=True,
)


class EarlyPayments(Doors):
    """Early payment of approved invoices."""

    @extend_schema(
        operation_id="get_early_payment_offers",
        summary="What is offered for paying an invoice early",
        description=(
            "Days on which an approved invoice can be paid sooner than planned, each with what is taken off for it. "
            "Empty where the customer offers nothing, the invoice is not approved or scheduled already, or a note is "
            "about it. No day is offered by which the discount of its own terms can still be had."
        ),
        tags=TAGS,
        responses={200: EarlyOffers},
    )
    @program_door(Permission.INVOICE_VIEW)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return _answer(request, key)

    @extend_schema(
        operation_id="agree_early_payment",
        summary="Agree to be paid early",
        description=(
            "One of the offers, with the day and the discount as they were read: where another figure is offered by "
            "now nothing is agreed (409). For the supplier alone. The customer's ERP is told."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=AgreedOffer,
        responses={200: EarlyOffers},
        examples=[EXAMPLE],
    )
    @program_door(Permission.INVOICE_WRITE)
    def agree(self, request: ProgramRequest, key: UUID) -> Response:
        find_invoice(key, actor=request.actor)
        sent = read(AgreedOffer, request.data)
        agree_early(AgreeEarly(key, sent["pay_on"], sent["discount"]), actor=request.actor, at=request.at)
        return _answer(request, key)

    @extend_schema(
        operation_id="take_early_payment_back",
        summary="Take back that an invoice is paid early",
        description="Until the customer has scheduled the payment. It is paid in full when it is due.",
        tags=TAGS,
        parameters=WRITES,
        request=EarlyTakenBack,
        responses={200: EarlyOffers},
    )
    @program_door(Permission.INVOICE_WRITE)
    def take_back(self, request: ProgramRequest, key: UUID) -> Response:
        find_invoice(key, actor=request.actor)
        read(EarlyTakenBack, request.data)
        take_early_back(key, actor=request.actor, at=request.at)
        return _answer(request, key)

    @extend_schema(
        operation_id="list_early_payments",
        summary="List what was agreed to be paid early",
        description="In the order in which it was agreed. A supplier reads its own.",
        tags=TAGS,
        parameters=[EarlyQuery],
        responses={200: EarlyPaymentPage},
    )
    @program_door(Permission.INVOICE_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(EarlyQuery, request)
        same = {"state": "state", "supplier": "supplier__number"}
        found = early_payments(request.actor).filter(**wanted_of(asked, same))
        return answer_page(
            request,
            found,
            asked,
            order=("agreed_at", "id"),
            told=lambda rows: EarlyPaymentTold(rows, many=True).data,
        )


def _answer(request: ProgramRequest, key: UUID) -> Response:
    invoice = find_invoice(key, actor=request.actor)
    early = standing_for(invoice, actor=request.actor)
    offered = None if early else offered_for([invoice], request.at).get(invoice.pk)
    told = {
        "currency": invoice.currency,
        "total": invoice.total,
        "planned_on": offered.planned_on if offered else None,
        "offers": list(offered.offers) if offered else [],
        "agreed": early,
    }
    return Response(EarlyOffers(told).data)


_ONE = "invoices/<uuid:key>/early-payment"
urlpatterns = [
    path("early-payments", EarlyPayments.as_view({"get": "browse"}), name="api-early-payment-list"),
    path(_ONE, EarlyPayments.as_view({"get": "show"}), name="api-early-payment"),
    path(f"{_ONE}/agree", EarlyPayments.as_view({"post": "agree"}), name="api-early-payment-agree"),
    path(
        f"{_ONE}/take-back",
        EarlyPayments.as_view({"post": "take_back"}),
        name="api-early-payment-take-back",
    ),
]
