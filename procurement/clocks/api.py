"""Clocks for programs of the buying side: the policies that give time, and the clocks that run. Read alone."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor
from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read_query, wanted_of
from portal.kernel.rest.fields import Exact, Moment, Query, Text, Word, page_of
from procurement.clocks.messages import Action, Anchor, Unit, Whose
from procurement.clocks.models import Clock, ServicePolicy
from procurement.clocks.queries import policies_told, visible_clocks
from procurement.clocks.states import ClockState, ServiceState
from suppliers.roles import Permission


def _values(words: Any) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in words]


class ServiceStep(serializers.Serializer):
    """One step of a ladder: what is done, so much working time after its anchor, or before it where below zero."""

    number = serializers.IntegerField()
    action = Word(choices=_values(Action))
    anchor = Word(choices=_values(Anchor))
    amount = Exact()
    unit = Word(choices=_values(Unit))


class ServicePolicyTold(serializers.Serializer):
    """How much working time something may take, for whom, and the ladder. What is empty or null holds for all."""

    key = serializers.UUIDField()
    name = serializers.CharField()
    state = Word(choices=ServiceState.choices)
    version = serializers.IntegerField()
    kind = serializers.CharField(
        help_text="What the clock is for; empty: everything no other policy speaks of."
    )
    supplier = serializers.CharField(source="supplier_number")
    segment = serializers.CharField()
    order_kind = serializers.CharField()
    lead_days = serializers.IntegerField(allow_null=True, help_text="At most so many calendar days.")
    value_from = Exact(allow_null=True, help_text="In the order's currency.")
    target = Exact()
    target_unit = Word(choices=_values(Unit))
    whose = Word(choices=_values(Whose), help_text="In whose working time.")
    written_at = Moment()
    written_by = serializers.CharField()
    approved_at = Moment(allow_null=True)
    approved_by = serializers.CharField()
    retired_at = Moment(allow_null=True)
    steps = serializers.SerializerMethodField()

    @extend_schema_field(ServiceStep(many=True))
    def get_steps(self, policy: ServicePolicy) -> Any:
        """Its ladder in order, as read in one query for all policies of a page."""
        return ServiceStep(sorted(policy.steps.all(), key=lambda step: step.number), many=True).data


class ClockStepTold(serializers.Serializer):
    """A step that was taken."""

    number = serializers.IntegerField()
    action = Word(choices=_values(Action))
    taken_at = Moment()
    was_overdue = serializers.BooleanField()


class DueMoveTold(serializers.Serializer):
    """A due moment that was moved, and why."""

    moved_at = Moment()
    moved_by = serializers.CharField()
    reason = serializers.CharField()
    old_due_at = Moment()
    new_due_at = Moment()


class ClockTold(serializers.Serializer):
    """The time somebody has for one thing. Time counts in the working time of `whose` office, pauses apart."""

    key = serializers.UUIDField()
    kind = serializers.CharField()
    stream = serializers.CharField(help_text="The paper: order: and the order's key, and so on.")
    name = serializers.CharField(source="label", help_text="What people call it, such as the order's number.")
    supplier = serializers.CharField(source="supplier.number", allow_null=True, default=None)
    whose = Word(choices=_values(Whose))
    state = Word(choices=ClockState.choices)
    version = serializers.IntegerField()
    policy = serializers.CharField(source="policy_name", help_text="By which policy; a word: it comes along.")
    started_at = Moment()
    first_due_at = Moment()
    due_at = Moment()
    overdue_told_at = Moment(allow_null=True)
    wakes_at = Moment(allow_null=True, help_text="When it is looked at next.")
    stopped_at = Moment(allow_null=True)
    stopped_because = serializers.CharField()
    steps = serializers.SerializerMethodField()
    moves = serializers.SerializerMethodField()

    @extend_schema_field(ClockStepTold(many=True))
    def get_steps(self, clock: Clock) -> Any:
        """The steps taken."""
        return ClockStepTold(sorted(clock.steps.all(), key=lambda step: step.number), many=True).data

    @extend_schema_field(DueMoveTold(many=True))
    def get_moves(self, clock: Clock) -> Any:
        """The moves, the first one first."""
        return DueMoveTold(sorted(clock.moves.all(), key=lambda move: move.pk), many=True).data


PolicyPage = page_of(ServicePolicyTold, "ServicePolicyPage")
ClockPage = page_of(ClockTold, "ClockPage")


class ServiceQuery(Query):
    """Which policies."""

    state = Word(required=False, choices=ServiceState.choices, help_text="Where it stands.")
    kind = Text(required=False, max_length=60, help_text="What it is written for.")


class ClockQuery(Query):
    """Which clocks."""

    kind = Text(required=False, max_length=60, help_text="What it is for, such as order.acknowledgment.")
    stream = Text(required=False, max_length=120, help_text="Of the paper with exactly this stream.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    state = Word(required=False, choices=ClockState.choices, help_text="Whether it runs.")
    due_before = Moment(required=False, help_text="Due before this moment.")


def _policies(asked: Mapping[str, Any], actor: Actor) -> QuerySet[ServicePolicy]:
    return policies_told(actor).filter(**{name: asked[name] for name in ("state", "kind") if name in asked})


def _clocks(asked: Mapping[str, Any], actor: Actor) -> QuerySet[Clock]:
    same = {
        "kind": "kind",
        "stream": "stream",
        "supplier": "supplier__number",
        "state": "state",
        "due_before": "due_at__lt",
    }
    wanted = wanted_of(asked, same)
    return visible_clocks(actor).filter(**wanted).prefetch_related("steps", "moves")


class ServicePolicies(Doors):
    """Policies."""

    @extend_schema(
        operation_id="list_service_policies",
        summary="List service policies",
        description="How much working time answers and cases may take, newest first. For the buying side alone.",
        tags=["clocks"],
        parameters=[ServiceQuery],
        responses={200: PolicyPage},
    )
    @program_door(Permission.POLICY_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(ServiceQuery, request)
        return answer_page(
            request,
            _policies(asked, request.actor),
            asked,
            order=("-written_at", "-id"),
            told=lambda rows: ServicePolicyTold(rows, many=True).data,
        )


class Clocks(Doors):
    """Clocks."""

    @extend_schema(
        operation_id="list_clocks",
        summary="List clocks",
        description=(
            "The newest first, with the steps taken and every move of what is due. For the buying side alone: a "
            "supplier reads by when it is to answer on the order itself."
        ),
        tags=["clocks"],
        parameters=[ClockQuery],
        responses={200: ClockPage},
    )
    @program_door(Permission.POLICY_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(ClockQuery, request)
        return answer_page(
            request,
            _clocks(asked, request.actor),
            asked,
            order=("-id",),
            told=lambda rows: ClockTold(rows, many=True).data,
        )


urlpatterns = [
    path("service-policies", ServicePolicies.as_view({"get": "browse"}), name="api-service-list"),
    path("clocks", Clocks.as_view({"get": "browse"}), name="api-clock-list"),
]
