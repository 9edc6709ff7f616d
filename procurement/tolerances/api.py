"""Tolerances for programs: the buying side's policies, and what they decided of a caller's own lines. Read alone."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor
from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read_query, wanted_of
from portal.kernel.rest.fields import Day, Exact, Moment, Query, Text, Word, page_of
from procurement.tolerances.messages import (
    Direction,
    DocumentKind,
    Inside,
    Joined,
    Level,
    Measure,
    Outcome,
    Outside,
    Result,
)
from procurement.tolerances.models import ToleranceDecision, TolerancePolicy
from procurement.tolerances.queries import policies_told, visible_decisions
from procurement.tolerances.states import JudgedOutcome, PolicyState
from suppliers.roles import Permission


def _values(words: Any) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in words]


class ToleranceRuleOfPolicy(serializers.Serializer):
    """One rule: how far a measure may lie from what is expected, for whom, and what happens inside and outside."""

    number = serializers.IntegerField()
    kind = Word(choices=_values(DocumentKind))
    measure = Word(choices=_values(Measure))
    direction = Word(choices=_values(Direction))
    absolute = Exact(allow_null=True, help_text="0: none allowed. null: not set, so not checked by it.")
    percent = Exact(allow_null=True, help_text="Of what is expected. 0: none allowed. null: not set.")
    joined = Word(choices=_values(Joined), help_text="Where both limits are set.")
    unit = serializers.CharField(help_text="The currency or unit of the absolute limit, or empty.")
    level = Word(choices=_values(Level), help_text="For whom; the narrowest that speaks of a measure counts.")
    segment = serializers.CharField()
    supplier = serializers.CharField(source="supplier_number")
    item_group = serializers.CharField()
    item_number = serializers.CharField()
    order_number = serializers.CharField()
    line_number = serializers.CharField()
    inside = Word(choices=_values(Inside))
    outside = Word(choices=_values(Outside))
    valid_from = Day(allow_null=True)
    valid_to = Day(allow_null=True)
    written_by = serializers.CharField()
    written_at = Moment()


class ToleranceOfCompany(serializers.Serializer):
    """A set of rules of one company."""

    key = serializers.UUIDField()
    company = serializers.CharField(source="company.code")
    name = serializers.CharField()
    state = Word(choices=PolicyState.choices)
    version = serializers.IntegerField()
    created_at = Moment()
    created_by = serializers.CharField()
    approved_at = Moment(allow_null=True)
    approved_by = serializers.CharField()
    retired_at = Moment(allow_null=True)
    rules = serializers.SerializerMethodField()

    @extend_schema_field(ToleranceRuleOfPolicy(many=True))
    def get_rules(self, policy: TolerancePolicy) -> Any:
        """Its rules in their order, as read in one query for all policies of a page."""
        rules = sorted(policy.rules.all(), key=lambda rule: rule.number)
        return ToleranceRuleOfPolicy(rules, many=True).data


class ToleranceCheck(serializers.Serializer):
    """One figure of a decision beside what was expected. Figures are exact: a number that no decimal says is 10/3."""

    measure = Word(choices=_values(Measure))
    piece = serializers.IntegerField(help_text="The piece of the line, from 1; 0: the line as a whole.")
    expected = serializers.CharField(help_text="A number, or a day.")
    actual = serializers.CharField()
    result = Word(choices=_values(Result))
    outcome = Word(choices=[(one.name.lower(), one.name.lower()) for one in Outcome])
    limit = serializers.CharField(allow_null=True, help_text="In the measure's own unit. null: not checked.")
    rule = serializers.SerializerMethodField(help_text="The number of the rule that decided, or null.")

    def get_rule(self, check: Mapping[str, Any]) -> int | None:
        """The number of the rule in its policy."""
        return check["rule"]["number"] if check["rule"] else None


class ToleranceDecisionTold(serializers.Serializer):
    """What the rules said of one line that was promised otherwise than asked."""

    key = serializers.UUIDField()
    order = serializers.UUIDField(source="order_key", help_text="The key of the order.")
    order_number = serializers.CharField()
    line = serializers.CharField(source="line_key", help_text="The line's key.")
    line_number = serializers.IntegerField()
    acknowledgment = serializers.UUIDField(source="origin", help_text="The key of the answer it is about.")
    policy = serializers.CharField(source="policy_name")
    outcome = Word(choices=JudgedOutcome.choices)
    checks = ToleranceCheck(many=True)
    decided_at = Moment()
    reopened_at = Moment(allow_null=True)


PolicyPage = page_of(ToleranceOfCompany, "TolerancePolicyPage")
DecisionPage = page_of(ToleranceDecisionTold, "ToleranceDecisionPage")


class PolicyQuery(Query):
    """Which policies."""

    state = Word(required=False, choices=PolicyState.choices, help_text="Where it stands.")
    company = Text(required=False, max_length=20, help_text="Of the company with this code.")


class DecisionQuery(Query):
    """Which decisions."""

    order = Text(required=False, max_length=60, help_text="Of the order with exactly this number.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    outcome = Word(required=False, choices=JudgedOutcome.choices, help_text="What came of the line.")
    decided_since = Moment(required=False, help_text="Decided at or after this moment.")


def _policies(asked: Mapping[str, Any], actor: Actor) -> QuerySet[TolerancePolicy]:
    same = {"state": "state", "company": "company__code"}
    wanted = wanted_of(asked, same)
    return policies_told(actor).filter(**wanted).prefetch_related("rules")


def _decisions(asked: Mapping[str, Any], actor: Actor) -> QuerySet[ToleranceDecision]:
    same = {
        "order": "order_number",
        "supplier": "supplier__number",
        "outcome": "outcome",
        "decided_since": "decided_at__gte",
    }
    wanted = wanted_of(asked, same)
    return visible_decisions(actor).filter(**wanted)


class TolerancePolicies(Doors):
    """Policies."""

    @extend_schema(
        operation_id="list_tolerance_policies",
        summary="List tolerance policies",
        description="With their rules, newest first. For the buying side alone.",
        tags=["tolerances"],
        parameters=[PolicyQuery],
        responses={200: PolicyPage},
    )
    @program_door(Permission.POLICY_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(PolicyQuery, request)
        return answer_page(
            request,
            _policies(asked, request.actor),
            asked,
            order=("-created_at", "-id"),
            told=lambda rows: ToleranceOfCompany(rows, many=True).data,
        )


class ToleranceDecisions(Doors):
    """Decisions."""

    @extend_schema(
        operation_id="list_tolerance_decisions",
        summary="List what tolerances decided",
        description=(
            "Newest first, for each line that was promised otherwise than asked while rules acted: every figure, the "
            "limit and the number of the rule. A supplier reads of its own lines."
        ),
        tags=["tolerances"],
        parameters=[DecisionQuery],
        responses={200: DecisionPage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(DecisionQuery, request)
        return answer_page(
            request,
            _decisions(asked, request.actor),
            asked,
            order=("-decided_at", "-id"),
            told=lambda rows: ToleranceDecisionTold(rows, many=True).data,
        )


urlpatterns = [
    path("tolerance-policies", TolerancePolicies.as_view({"get": "browse"}), name="api-policy-list"),
    path("tolerance-decisions", ToleranceDecisions.as_view({"get": "browse"}), name="api-rule-decision-list"),
]
