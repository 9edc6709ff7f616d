"""Times at docks for programs: which are free, asked for, confirmed; asked for and answered."""

from typing import Any
from uuid import UUID

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

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
from portal.kernel.rest.fields import Key, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import WRITES
from procurement.docks.messages import AppointmentNamed, WishTime
from procurement.docks.models import Appointment
from procurement.docks.queries import (
    AWAITED,
    find_appointment,
    find_site,
    offer_for,
    visible_appointments,
    with_notice_key,
)
from procurement.docks.services import (
    accept_time,
    ask_time,
    call_off_time,
    cancel_time,
    confirm_time,
    propose_time,
    refuse_time,
)
from procurement.docks.states import AppointmentState
from procurement.orders.api import SupplierRef
from procurement.shipments.queries import find_notice
from suppliers.roles import Permission

# --- what is sent -------------------------------------------------------------------------------------------


class WishedTime(Shape):
    """The time that is asked for, or proposed."""

    starts_at = Moment(help_text="One of the free times.")
    version = Whole(
        required=False,
        min_value=0,
        help_text="The version of the time that it has, was offered or has asked for; 0, or left out, for none.",
    )
    note = Text(required=False, allow_blank=True, max_length=500)
    reason = Text(
        required=False, allow_blank=True, max_length=500, help_text="Owed where a confirmed time is moved."
    )


class ProposedTime(WishedTime):
    """The time that the dock proposes."""

    door = Whole(required=False, min_value=0, max_value=99, help_text="0, or left out: any that is free.")


class SeenTime(Shape):
    """The version of a time that you have seen."""

    version = Whole(min_value=1)


class ConfirmedTime(SeenTime):
    """At which door."""

    door = Whole(required=False, min_value=0, max_value=99, help_text="0, or left out: any that is free.")


class EndedTime(SeenTime):
    """Why a time is refused, given up or taken back."""

    reason = Text(max_length=500)


# --- what is told -------------------------------------------------------------------------------------------


class DockTime(serializers.Serializer):
    """A time at a dock for one consignment."""

    key = serializers.UUIDField()
    consignment = serializers.UUIDField(help_text="The same for all versions of its ship notice.")
    ship_notice = serializers.UUIDField(
        source="notice_key", allow_null=True, help_text="The key of the newest version."
    )
    number = serializers.CharField(
        source="notice_number", allow_null=True, help_text="The number of the ship notice."
    )
    state = Word(choices=AppointmentState.choices)
    version = serializers.IntegerField()
    supplier = SupplierRef()
    site = serializers.CharField(source="site.code", help_text="The code of the place.")
    time_zone = serializers.SerializerMethodField(help_text="Where the clock of that place is.")
    starts_at = Moment()
    ends_at = Moment()
    door = serializers.IntegerField(allow_null=True, help_text="Once the dock has proposed or confirmed it.")
    note = serializers.CharField()
    reason = serializers.CharField(help_text="Why it was moved, refused or given up.")
    asked_at = Moment()
    confirmed_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    updated_at = Moment()

    def get_time_zone(self, one: Appointment) -> str:
        """Its own, else that of its company."""
        return one.site.time_zone or one.site.company.time_zone


class FreeTimes(serializers.Serializer):
    """When a consignment can have a door, around the day on which it is expected."""

    site = serializers.CharField()
    time_zone = serializers.CharField()
    minutes = serializers.IntegerField(help_text="How long it needs a door.")
    times = serializers.ListField(child=Moment(), help_text="Moments at which it can begin.")


DockTimePage = page_of(DockTime, "DockTimePage")


class DockTimeQuery(Query):
    """Which times."""

    state = Word(required=False, choices=AppointmentState.choices, help_text="Where they stand.")
    site = Text(required=False, max_length=40, help_text="The code of a place.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    consignment = Key(required=False, help_text="The one of this consignment.")
    since = Moment(required=False, help_text="That begin at or after this moment.")
    until = Moment(required=False, help_text="That begin before this moment.")
    updated_since = Moment(required=False, help_text="Asked for or moved at or after this moment.")


# --- doors --------------------------------------------------------------------------------------------------

TAGS = ["times at the dock"]
TEN_O_CLOCK = OpenApiExample(
    "Ten o'clock in Leeds, in summer",
    {"starts_at": "2026-03-31T09:00:00Z", "note": "Tail lift needed"},
    request_only=True,
)


def _told(one: Appointment, request: ProgramRequest, status: int = 200) -> Response:
    found = with_notice_key(visible_appointments(request.actor)).get(pk=one.pk)
    return Response(DockTime(found).data, status=status)


class DockTimes(Doors):
    """Times at docks."""

    @extend_schema(
        operation_id="list_appointments",
        summary="List times at docks",
        description="In the order in which they were asked for or moved. To follow, ask with `updated_since`.",
        tags=TAGS,
        parameters=[DockTimeQuery],
        responses={200: DockTimePage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(DockTimeQuery, request)
        same = {
            "state": "state",
            "site": "site__code",
            "supplier": "supplier__number",
            "consignment": "consignment",
            "since": "starts_at__gte",
            "until": "starts_at__lt",
            "updated_since": "updated_at__gte",
        }
        found = with_notice_key(visible_appointments(request.actor)).filter(**wanted_of(asked, same))
        return answer_page(
            request,
            found,
            asked,
            order=("updated_at", "id"),
            told=lambda rows: DockTime(rows, many=True).data,
        )

    @extend_schema(
        operation_id="get_appointment",
        summary="Read one time at a dock",
        tags=TAGS,
        responses={200: DockTime},
    )
    @program_door(Permission.ORDER_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return _told(find_appointment(key, actor=request.actor), request)

    @extend_schema(
        operation_id="list_free_times",
        summary="Read when a consignment can have a door",
        description="Around the day on which it is expected. None for what is not awaited (any more).",
        tags=TAGS,
        responses={200: FreeTimes},
    )
    @program_door(Permission.ORDER_VIEW)
    def free(self, request: ProgramRequest, key: UUID) -> Response:
        notice = find_notice(key, actor=request.actor)
        if notice.ship_to is None:
            raise NotFound(_("This ship notice names no place, and so no dock."))
        site = find_site(notice.ship_to.code)
        offer = offer_for(notice, site, at=request.at, is_dock=request.actor.may(Permission.DOCK_PLAN))
        told: dict[str, Any] = {
            "site": site.code,
            "time_zone": offer.zone.key,
            "minutes": int(offer.length.total_seconds() // 60),
            "times": offer.times if notice.state in AWAITED else [],
        }
        return Response(FreeTimes(told).data)

    @extend_schema(
        operation_id="ask_for_time",
        summary="Ask for a time at the dock",
        description="For what is announced and on its way. A confirmed time is given up with that.",
        tags=TAGS,
        parameters=WRITES,
        request=WishedTime,
        responses={201: DockTime},
        examples=[TEN_O_CLOCK],
    )
    @program_door(Permission.SHIPMENT_WRITE)
    def ask(self, request: ProgramRequest, key: UUID) -> Response:
        find_notice(key, actor=request.actor)
        wish = WishTime(key, **read(WishedTime, request.data))
        return _told(ask_time(wish, actor=request.actor, at=request.at), request, 201)

    @extend_schema(
        operation_id="propose_time",
        summary="Propose a time at the dock",
        description="The door is held until the supplier answers.",
        tags=TAGS,
        parameters=WRITES,
        request=ProposedTime,
        responses={201: DockTime},
    )
    @program_door(Permission.DOCK_PLAN)
    def propose(self, request: ProgramRequest, key: UUID) -> Response:
        find_notice(key, actor=request.actor)
        wish = WishTime(key, **read(ProposedTime, request.data))
        return _told(propose_time(wish, actor=request.actor, at=request.at), request, 201)

    @extend_schema(
        operation_id="confirm_appointment",
        summary="Confirm a time that was asked for",
        tags=TAGS,
        parameters=WRITES,
        request=ConfirmedTime,
        responses={200: DockTime},
    )
    @program_door(Permission.DOCK_PLAN)
    def confirm(self, request: ProgramRequest, key: UUID) -> Response:
        named, sent = self._named(request, key, ConfirmedTime)
        one = confirm_time(named, door=sent.get("door", 0), actor=request.actor, at=request.at)
        return _told(one, request)

    @extend_schema(
        operation_id="accept_appointment",
        summary="Take the time that the dock proposes",
        tags=TAGS,
        parameters=WRITES,
        request=SeenTime,
        responses={200: DockTime},
    )
    @program_door(Permission.SHIPMENT_WRITE)
    def accept(self, request: ProgramRequest, key: UUID) -> Response:
        named = self._named(request, key, SeenTime)[0]
        return _told(accept_time(named, actor=request.actor, at=request.at), request)

    @extend_schema(
        operation_id="refuse_appointment",
        summary="Refuse a time that was asked for",
        tags=TAGS,
        parameters=WRITES,
        request=EndedTime,
        responses={200: DockTime},
    )
    @program_door(Permission.DOCK_PLAN)
    def refuse(self, request: ProgramRequest, key: UUID) -> Response:
        named, sent = self._named(request, key, EndedTime)
        return _told(refuse_time(named, sent["reason"], actor=request.actor, at=request.at), request)

    @extend_schema(
        operation_id="cancel_appointment",
        summary="Give a time at the dock up",
        tags=TAGS,
        parameters=WRITES,
        request=EndedTime,
        responses={200: DockTime},
    )
    @program_door(Permission.SHIPMENT_WRITE)
    def cancel(self, request: ProgramRequest, key: UUID) -> Response:
        named, sent = self._named(request, key, EndedTime)
        return _told(cancel_time(named, sent["reason"], actor=request.actor, at=request.at), request)

    @extend_schema(
        operation_id="call_off_appointment",
        summary="Take a time at the dock back",
        tags=TAGS,
        parameters=WRITES,
        request=EndedTime,
        responses={200: DockTime},
    )
    @program_door(Permission.DOCK_PLAN)
    def call_off(self, request: ProgramRequest, key: UUID) -> Response:
        named, sent = self._named(request, key, EndedTime)
        return _told(call_off_time(named, sent["reason"], actor=request.actor, at=request.at), request)

    def _named(
        self, request: ProgramRequest, key: UUID, shape: type[SeenTime]
    ) -> tuple[AppointmentNamed, dict[str, Any]]:
        find_appointment(key, actor=request.actor)
        sent = read(shape, request.data)
        return AppointmentNamed(key, sent["version"]), sent


urlpatterns = [
    path("appointments", DockTimes.as_view({"get": "browse"}), name="api-appointment-list"),
    path("appointments/<uuid:key>", DockTimes.as_view({"get": "read"}), name="api-appointment"),
    *(
        path(
            f"appointments/<uuid:key>/{word}",
            DockTimes.as_view({"post": verb}),
            name=f"api-appointment-{word}",
        )
        for word, verb in (
            ("confirm", "confirm"),
            ("accept", "accept"),
            ("refuse", "refuse"),
            ("cancel", "cancel"),
            ("call-off", "call_off"),
        )
    ),
    path("ship-notices/<uuid:key>/free-times", DockTimes.as_view({"get": "free"}), name="api-free-time-list"),
    path("ship-notices/<uuid:key>/ask-time", DockTimes.as_view({"post": "ask"}), name="api-time-ask"),
    path(
        "ship-notices/<uuid:key>/propose-time",
        DockTimes.as_view({"post": "propose"}),
        name="api-time-propose",
    ),
]
