"""The end of a business for programs: with whom, until when, what is open still; begin, move, call off, end, reopen.

Only a person of ours does any of it: no token of a program may.
"""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.errors import Invalid, Problem
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
from portal.kernel.rest.fields import Day, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import WRITES
from procurement.partners.messages import EndBusiness
from procurement.partners.queries import open_matters
from procurement.partners.services import end_business
from procurement.partners.states import OpenMatter
from suppliers.models import Supplier
from suppliers.offboarding.messages import BeginOffboarding
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.policies import LONGEST_REASON
from suppliers.offboarding.queries import find_offboarding, offboardings
from suppliers.offboarding.services import (
    begin_offboarding,
    call_off_offboarding,
    move_last_day,
    reopen_business,
)
from suppliers.offboarding.states import OffboardingState
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission

TAGS = ["offboarding"]
P = Permission


class MatterLeftOpen(serializers.Serializer):
    """What was open still when the business ended, and why it was left."""

    kind = Word(choices=OpenMatter.choices)
    count = serializers.IntegerField()
    reason = serializers.CharField()


class OffboardingTold(serializers.Serializer):
    """The end of the business with one supplier."""

    key = serializers.UUIDField()
    supplier = serializers.CharField(help_text="Its number.")
    state = Word(choices=OffboardingState.choices)
    version = serializers.IntegerField(help_text="Moves with every change: send it with the next.")
    last_on = Day()
    reason = serializers.CharField(help_text="Ours alone.")
    words = serializers.CharField(help_text="What the supplier's people read.")
    begun_at = Moment()
    begun_by = serializers.CharField()
    ended_at = Moment(allow_null=True)
    left = MatterLeftOpen(many=True)
    why = serializers.CharField(help_text="Why it was called off, or business is done again.")


class MatterOpen(serializers.Serializer):
    """What has to be finished before the business ends, or left with a reason."""

    kind = Word(choices=OpenMatter.choices)
    count = serializers.IntegerField()


class OffboardingWhole(OffboardingTold):
    """The end of the business with one supplier, and what is open still."""

    open = MatterOpen(many=True)


class OffboardingQuery(Query):
    """Which offboardings."""

    state = Word(required=False, choices=OffboardingState.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")


class OffboardingBegin(Shape):
    """The business with a supplier is to end."""

    supplier = Text(max_length=40, help_text="Its number.")
    last_on = Day(help_text="Until then everything goes on.")
    reason = Text(max_length=LONGEST_REASON, help_text="Ours alone.")
    words = Text(
        required=False,
        allow_blank=True,
        max_length=LONGEST_REASON,
        help_text="The supplier's people read them.",
    )


class OffboardingDay(Shape):
    """Another last day."""

    version = Whole(help_text="The version that was looked at.")
    last_on = Day()


class OffboardingWhy(Shape):
    """Called off, or business is done again, and why."""

    version = Whole(help_text="The version that was looked at.")
    why = Text(max_length=LONGEST_REASON, help_text="Ours alone.")


MATTERS = len(OpenMatter.values)


class MatterToLeave(Shape):
    """Why something that is open still may be left."""

    kind = Word(choices=OpenMatter.choices)
    reason = Text(max_length=LONGEST_REASON)


class OffboardingEnd(Shape):
    """The business ends."""

    version = Whole(help_text="The version that was looked at.")
    leave = MatterToLeave(many=True, required=False, max_length=MATTERS)  # type: ignore[call-arg]  # of the list


OffboardingPage = page_of(OffboardingTold, "OffboardingPage")


def _told(row: Offboarding) -> dict[str, Any]:
    names = (
        "key",
        "state",
        "version",
        "last_on",
        "reason",
        "words",
        "begun_at",
        "begun_by",
        "ended_at",
        "left",
        "why",
    )
    return {**{name: getattr(row, name) for name in names}, "supplier": row.supplier.number}


class Offboardings(Doors):
    """Ends of businesses."""

    @extend_schema(
        operation_id="list_offboardings",
        summary="List with whom the business ends",
        description="Those that are going on and those that are over, by the last day.",
        tags=TAGS,
        parameters=[OffboardingQuery],
        responses={200: OffboardingPage},
    )
    @program_door(P.SUPPLIER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(OffboardingQuery, request)
        same = {"state": "state", "supplier": "supplier__number"}
        wanted = wanted_of(asked, same)
        return answer_page(
            request,
            offboardings(request.actor).filter(**wanted),
            asked,
            order=("last_on", "id"),
            told=lambda rows: list(OffboardingTold([_told(one) for one in rows], many=True).data),
        )

    @extend_schema(
        operation_id="begin_offboarding",
        summary="Begin the end of the business with a supplier",
        description="Everything goes on until it is ended; the supplier's people are told the last day.",
        tags=TAGS,
        parameters=WRITES,
        request=OffboardingBegin,
        responses={201: OffboardingWhole},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def begin(self, request: ProgramRequest) -> Response:
        sent = read(OffboardingBegin, request.data)
        found = Supplier.objects.visible_to(request.actor).filter(number=sent["supplier"]).first()
        if found is None:
            message = _("There is no supplier of this number.")
            raise Invalid(message, [Problem("supplier", message, sent["supplier"], "unknown")])
        command = BeginOffboarding(found.key, sent["last_on"], sent["reason"], sent.get("words", ""))
        row = begin_offboarding(command, actor=request.actor, at=request.at)
        return self._answer(request, row.key, status=201)

    @extend_schema(
        operation_id="get_offboarding",
        summary="Read the end of one business, and what is open still",
        tags=TAGS,
        responses={200: OffboardingWhole},
    )
    @program_door(P.SUPPLIER_VIEW)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return self._answer(request, key)

    @extend_schema(
        operation_id="move_last_day",
        summary="Move the last day of a business",
        description="The supplier's people are told.",
        tags=TAGS,
        parameters=WRITES,
        request=OffboardingDay,
        responses={200: OffboardingWhole},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def move(self, request: ProgramRequest, key: UUID) -> Response:
        find_offboarding(key, actor=request.actor)
        sent = read(OffboardingDay, request.data)
        move_last_day(key, sent["version"], sent["last_on"], actor=request.actor, at=request.at)
        return self._answer(request, key)

    @extend_schema(
        operation_id="call_off_offboarding",
        summary="Call the end of a business off",
        description="The business goes on; the supplier's people are told.",
        tags=TAGS,
        parameters=WRITES,
        request=OffboardingWhy,
        responses={200: OffboardingWhole},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def call_off(self, request: ProgramRequest, key: UUID) -> Response:
        return self._over(request, key, call_off_offboarding)

    @extend_schema(
        operation_id="end_business",
        summary="End the business with a supplier",
        description=(
            "Its people, programs and links get in no more; papers stay readable. Refused (422) before the last day, "
            "and with each kind of thing that is open still and for which `leave` gives no reason."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=OffboardingEnd,
        responses={200: OffboardingWhole},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def end(self, request: ProgramRequest, key: UUID) -> Response:
        require_own_factor(request)
        find_offboarding(key, actor=request.actor)
        sent = read(OffboardingEnd, request.data)
        reasons = {one["kind"]: one["reason"] for one in sent.get("leave", [])}
        end_business(EndBusiness(key, sent["version"], reasons), actor=request.actor, at=request.at)
        return self._answer(request, key)

    @extend_schema(
        operation_id="reopen_business",
        summary="Do business with a supplier again",
        description="Nobody gets access back by it: people are invited anew, programs get new tokens.",
        tags=TAGS,
        parameters=WRITES,
        request=OffboardingWhy,
        responses={200: OffboardingWhole},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def reopen(self, request: ProgramRequest, key: UUID) -> Response:
        return self._over(request, key, reopen_business)

    def _over(self, request: ProgramRequest, key: UUID, verb: Any) -> Response:
        find_offboarding(key, actor=request.actor)
        sent = read(OffboardingWhy, request.data)
        verb(key, sent["version"], sent["why"], actor=request.actor, at=request.at)
        return self._answer(request, key)

    def _answer(self, request: ProgramRequest, key: UUID, status: int = 200) -> Response:
        row = find_offboarding(key, actor=request.actor)
        counts = (
            {} if row.state != OffboardingState.BEGUN else open_matters(row.supplier, actor=request.actor)
        )
        matters = [{"kind": kind, "count": count} for kind, count in counts.items()]
        return Response(OffboardingWhole({**_told(row), "open": matters}).data, status=status)


urlpatterns = [
    address("offboardings", Offboardings, "api-offboarding-list", get="browse", post="begin"),
    address("offboardings/<uuid:key>", Offboardings, "api-offboarding", get="show"),
    address("offboardings/<uuid:key>/move", Offboardings, "api-offboarding-move", post="move"),
    address("offboardings/<uuid:key>/call-off", Offboardings, "api-offboarding-call-off", post="call_off"),
    address("offboardings/<uuid:key>/end", Offboardings, "api-offboarding-end", post="end"),
    address("offboardings/<uuid:key>/reopen", Offboardings, "api-offboarding-reopen", post="reopen"),
]
