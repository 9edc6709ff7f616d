"""Requests to become a supplier, for our supplier administrator's programs: read them, approve, ask back, refuse."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    address,
    answer_page,
    program_door,
    read,
    read_query,
    wanted_of,
)
from portal.kernel.rest.fields import Flag, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import WRITES
from suppliers.onboarding.policies import LONGEST_REASON
from suppliers.people.ways import require_own_factor
from suppliers.registration.queries import find_request, requests
from suppliers.registration.services import approve_request, ask_back_request, refuse_request
from suppliers.registration.states import RequestState
from suppliers.roles import Permission

TAGS = ["registration"]
P = Permission


class SupplierRequestTold(serializers.Serializer):
    """What a company said that asks to become a supplier: a claim until somebody has looked."""

    key = serializers.UUIDField()
    state = Word(choices=RequestState.choices, help_text="`asked`: we asked back, and wait for the company.")
    version = serializers.IntegerField(help_text="Moves with every change: send it with a decision.")
    address = serializers.CharField(help_text="Its mail address; that it is reached there was checked.")
    person = serializers.CharField()
    company = serializers.CharField()
    country = serializers.CharField()
    tax_id = serializers.CharField()
    why = serializers.CharField()
    asked_at = Moment()
    received_at = Moment(allow_null=True)
    decided_at = Moment(allow_null=True)
    decided_by = serializers.CharField()
    reason = serializers.CharField(help_text="Why it was refused, or what we asked back.")
    supplier = serializers.CharField(
        source="became.number", default=None, allow_null=True, help_text="The number of what it became."
    )


SupplierRequestPage = page_of(SupplierRequestTold, "SupplierRequestPage")


class SupplierRequestQuery(Query):
    """Which requests."""

    state = Word(required=False, choices=RequestState.choices)


class SupplierRequestApproval(Shape):
    """The company is a supplier of ours."""

    version = Whole(help_text="The version that was looked at.")
    number = Text(
        required=False,
        allow_blank=True,
        max_length=40,
        help_text="The one it has in the ERP. One that is there means that supplier. Empty: it is a prospect.",
    )
    is_asked = Flag(
        required=False, help_text="That very supplier was asked, by another way than this request."
    )
    is_other = Flag(
        required=False,
        help_text="It was compared with the sanctioned party that is called like it, and is not it.",
    )


class SupplierRequestDecision(Shape):
    """It is refused, or something is asked back."""

    version = Whole(help_text="The version that was looked at.")
    reason = Text(max_length=LONGEST_REASON, help_text="The company reads it.")


class SupplierRequests(Doors):
    """Requests to become a supplier."""

    @extend_schema(
        operation_id="list_supplier_requests",
        summary="List who asks to become a supplier",
        description="Those whose mail address was checked, the oldest first.",
        tags=TAGS,
        parameters=[SupplierRequestQuery],
        responses={200: SupplierRequestPage},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(SupplierRequestQuery, request)
        return answer_page(
            request,
            requests().filter(**wanted_of(asked, {"state": "state"})),
            asked,
            order=("asked_at", "id"),
            told=lambda rows: SupplierRequestTold(rows, many=True).data,
        )

    @extend_schema(
        operation_id="get_supplier_request",
        summary="Read a request to become a supplier",
        tags=TAGS,
        responses={200: SupplierRequestTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return self._answer(key)

    @extend_schema(
        operation_id="approve_supplier_request",
        summary="Approve a request to become a supplier",
        description=(
            "It is invited. Refused (422) where the number is that of a supplier for which somebody acts, or which "
            "nobody has asked, and where a sanctioned party is called like the company and nobody has compared the two."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=SupplierRequestApproval,
        responses={200: SupplierRequestTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def approve(self, request: ProgramRequest, key: UUID) -> Response:
        require_own_factor(request)
        find_request(key)
        sent = read(SupplierRequestApproval, request.data)
        words = {name: sent.get(name, False) for name in ("is_asked", "is_other")}
        number = sent.get("number", "")
        approve_request(key, sent["version"], number, **words, actor=request.actor, at=request.at)
        return self._answer(key)

    @extend_schema(
        operation_id="ask_back_supplier_request",
        summary="Ask back what is missing in a request",
        description="A mail asks the company; its link opens what it said, to be mended.",
        tags=TAGS,
        parameters=WRITES,
        request=SupplierRequestDecision,
        responses={200: SupplierRequestTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def ask_back(self, request: ProgramRequest, key: UUID) -> Response:
        return self._decided(request, key, ask_back_request)

    @extend_schema(
        operation_id="refuse_supplier_request",
        summary="Refuse a request to become a supplier",
        tags=TAGS,
        parameters=WRITES,
        request=SupplierRequestDecision,
        responses={200: SupplierRequestTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def refuse(self, request: ProgramRequest, key: UUID) -> Response:
        return self._decided(request, key, refuse_request)

    def _decided(self, request: ProgramRequest, key: UUID, verb: Any) -> Response:
        find_request(key)
        sent = read(SupplierRequestDecision, request.data)
        verb(key, sent["version"], sent["reason"], actor=request.actor, at=request.at)
        return self._answer(key)

    def _answer(self, key: UUID) -> Response:
        return Response(SupplierRequestTold(find_request(key)).data)


_ONE = "supplier-requests/<uuid:key>"
urlpatterns = [
    address("supplier-requests", SupplierRequests, "api-supplier-request-list", get="browse"),
    address(_ONE, SupplierRequests, "api-supplier-request", get="show"),
    address(f"{_ONE}/approve", SupplierRequests, "api-supplier-request-approve", post="approve"),
    address(f"{_ONE}/ask-back", SupplierRequests, "api-supplier-request-ask-back", post="ask_back"),
    address(f"{_ONE}/refuse", SupplierRequests, "api-supplier-request-refuse", post="refuse"),
]
