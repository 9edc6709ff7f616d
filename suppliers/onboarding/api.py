"""Onboarding for programs: who stands where and why, invite many, hand in, and our administrator's word."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
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
from portal.kernel.rest.fields import Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import IDEMPOTENCY_KEY, REPLAYED
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.policies import LONGEST_REASON
from suppliers.onboarding.queries import (
    asked_for_terms,
    find_run,
    find_terms,
    runs,
    sheets_of,
    terms_in_force,
    terms_standing,
)
from suppliers.onboarding.services import (
    approve_onboarding,
    hand_back,
    hand_in,
    invite_suppliers,
    refuse_onboarding,
    withdraw_onboarding,
)
from suppliers.onboarding.states import InvitedHow, RunState, StepKind, StepStanding
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission

TAGS = ["onboarding"]
WRITES = [IDEMPOTENCY_KEY, REPLAYED]
P = Permission


class OnboardingStepTold(serializers.Serializer):
    """One step that is asked of a supplier, and how it stands."""

    kind = Word(choices=StepKind.choices)
    standing = Word(choices=StepStanding.choices)
    compulsory = serializers.BooleanField()
    paying_waits = serializers.BooleanField(help_text="Whether paying waits for it at this moment.")


class OnboardingTold(serializers.Serializer):
    """The onboarding of one supplier."""

    key = serializers.UUIDField()
    supplier = serializers.CharField(help_text="Its number.")
    state = Word(choices=RunState.choices)
    version = serializers.IntegerField(help_text="Moves with every change: send it with a decision.")
    how = Word(choices=InvitedHow.choices)
    invited_at = Moment()
    started_at = Moment(allow_null=True)
    handed_in_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    reminders = serializers.IntegerField()
    reason = serializers.CharField()
    waits_at = Word(choices=StepKind.choices, allow_null=True, help_text="The first step that waits for it.")
    steps = OnboardingStepTold(many=True)


class OnboardingQuery(Query):
    """Which onboardings."""

    state = Word(required=False, choices=RunState.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")


class SupplierToInvite(Shape):
    """A supplier to be invited."""

    supplier = Text(max_length=40, help_text="Its number.")
    address = Text(required=False, allow_blank=True, max_length=254, help_text="Empty: the one of the ERP.")
    name = Text(required=False, allow_blank=True, max_length=150, help_text="Of the person.")


class SuppliersToInvite(Shape):
    """Suppliers to be invited in one go."""

    suppliers = SupplierToInvite(many=True)


class SupplierNotInvited(serializers.Serializer):
    """Why one of them was not invited."""

    supplier = serializers.CharField(source="value")
    code = serializers.CharField()
    message = serializers.CharField()


class SuppliersInvited(serializers.Serializer):
    """What came of inviting: one that cannot be invited never sinks the others."""

    invited = serializers.ListField(child=serializers.CharField(), help_text="Numbers of suppliers.")
    not_invited = SupplierNotInvited(many=True)


class OnboardingApproval(Shape):
    """An onboarding is done."""

    version = Whole(help_text="The version that was looked at.")


class OnboardingDecision(Shape):
    """An onboarding is handed back, refused or taken back, and why."""

    version = Whole(help_text="The version that was looked at.")
    reason = Text(max_length=LONGEST_REASON, help_text="The supplier reads it.")


OnboardingPage = page_of(OnboardingTold, "OnboardingPage")


class TermsTold(serializers.Serializer):
    """Terms in force, and how many have accepted this version of them."""

    code = serializers.CharField()
    title = serializers.CharField()
    number = serializers.IntegerField(help_text="Which version of these terms it is.")
    since = Moment(source="made_at", help_text="Since when it is in force.")
    asked = serializers.IntegerField(help_text="Of how many suppliers it is asked.")
    accepted = serializers.IntegerField(help_text="How many of these have accepted it.")


class TermsList(serializers.Serializer):
    """All terms in force."""

    results = TermsTold(many=True)


class AcceptanceTold(serializers.Serializer):
    """How a supplier stands with terms of which it is asked."""

    supplier = serializers.CharField(source="supplier.number")
    onboarding = serializers.UUIDField(source="key")
    accepted_at = Moment(allow_null=True, help_text="Null where the version in force is not accepted yet.")
    accepted_by = serializers.CharField(allow_null=True)
    accepted_number = serializers.IntegerField(
        allow_null=True, help_text="Which version it accepted last; null for none."
    )


AcceptancePage = page_of(AcceptanceTold, "AcceptancePage")


class AcceptanceQuery(Query):
    """Of which suppliers."""

    accepted = Word(
        required=False, choices=[("yes", "yes"), ("no", "no")], help_text="Whether the version in force is."
    )


def _told(rows: Sequence[OnboardingRun], request: ProgramRequest) -> list[dict[str, Any]]:
    sheets = sheets_of(rows, request.at)
    names = (
        "key",
        "state",
        "version",
        "how",
        "invited_at",
        "started_at",
        "handed_in_at",
        "ended_at",
        "reminders",
        "reason",
    )
    found = []
    for run in rows:
        sheet = sheets[run.pk]
        waits = sheet.paying
        said = {name: getattr(run, name) for name in names}
        said["supplier"] = run.supplier.number
        said["waits_at"] = next(iter(sheet.waiting), None)
        said["steps"] = [
            {
                "kind": one.kind,
                "standing": sheet.standing[one.kind],
                "compulsory": one.compulsory,
                "paying_waits": one.kind in waits,
            }
            for one in sheet.steps
        ]
        found.append(said)
    return list(OnboardingTold(found, many=True).data)


INVITE = OpenApiExample(
    "Two suppliers",
    {"suppliers": [{"supplier": "ACME"}, {"supplier": "GLOBEX", "address": "sales@globex.example"}]},
    request_only=True,
)


class Onboardings(Doors):
    """Onboardings of suppliers."""

    @extend_schema(
        operation_id="list_onboardings",
        summary="List who stands where",
        description="A supplier reads its own. How a step stands is worked out from what the supplier has given.",
        tags=TAGS,
        parameters=[OnboardingQuery],
        responses={200: OnboardingPage},
    )
    @program_door(P.DETAIL_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(OnboardingQuery, request)
        same = {"state": "state", "supplier": "supplier__number"}
        wanted = wanted_of(asked, same)
        return answer_page(
            request,
            runs(request.actor).filter(**wanted),
            asked,
            order=("invited_at", "id"),
            told=lambda rows: _told(rows, request),
        )

    @extend_schema(
        operation_id="invite_suppliers",
        summary="Invite suppliers",
        description=(
            "At most 5,000 at a time. Who was invited already, is excluded, blocked or has no mail address is named "
            "with the reason, and the others are invited all the same."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=SuppliersToInvite,
        responses={200: SuppliersInvited},
        examples=[INVITE],
    )
    @program_door(P.SUPPLIER_MANAGE)
    def invite(self, request: ProgramRequest) -> Response:
        require_own_factor(request)
        sent = read(SuppliersToInvite, request.data)
        targets = tuple(
            Target(one["supplier"], one.get("address", ""), one.get("name", "")) for one in sent["suppliers"]
        )
        outcome = invite_suppliers(
            InviteSuppliers(targets, InvitedHow.LIST), actor=request.actor, at=request.at
        )
        invited = [one.supplier.number for one in outcome.runs]
        return Response(SuppliersInvited({"invited": invited, "not_invited": outcome.problems}).data)

    @extend_schema(
        operation_id="get_onboarding",
        summary="Read the onboarding of one supplier",
        tags=TAGS,
        responses={200: OnboardingTold},
    )
    @program_door(P.DETAIL_VIEW)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return self._answer(request, key)

    @extend_schema(
        operation_id="hand_in_onboarding",
        summary="Hand an onboarding in",
        description="Refused (422) with the compulsory steps that are open still.",
        tags=TAGS,
        parameters=WRITES,
        request=None,
        responses={200: OnboardingTold},
    )
    @program_door(P.DETAIL_EDIT)
    def hand_in(self, request: ProgramRequest, key: UUID) -> Response:
        hand_in(key, actor=request.actor, at=request.at)
        return self._answer(request, key)

    @extend_schema(
        operation_id="approve_onboarding",
        summary="Approve an onboarding",
        description="Refused (422) with the compulsory steps that are not done.",
        tags=TAGS,
        parameters=WRITES,
        request=OnboardingApproval,
        responses={200: OnboardingTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def approve(self, request: ProgramRequest, key: UUID) -> Response:
        find_run(key, actor=request.actor)
        sent = read(OnboardingApproval, request.data)
        approve_onboarding(key, sent["version"], actor=request.actor, at=request.at)
        return self._answer(request, key)

    @extend_schema(
        operation_id="hand_back_onboarding",
        summary="Hand an onboarding back",
        description="Something is to be done again: the supplier reads the reason.",
        tags=TAGS,
        parameters=WRITES,
        request=OnboardingDecision,
        responses={200: OnboardingTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def hand_back(self, request: ProgramRequest, key: UUID) -> Response:
        return self._decided(request, key, hand_back)

    @extend_schema(
        operation_id="refuse_onboarding",
        summary="Refuse an onboarding",
        description="We do no business with this supplier: it reads the reason.",
        tags=TAGS,
        parameters=WRITES,
        request=OnboardingDecision,
        responses={200: OnboardingTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def refuse(self, request: ProgramRequest, key: UUID) -> Response:
        return self._decided(request, key, refuse_onboarding)

    @extend_schema(
        operation_id="withdraw_onboarding",
        summary="Take an onboarding back",
        description="Its invitation opens nothing any more, and nobody is reminded.",
        tags=TAGS,
        parameters=WRITES,
        request=OnboardingDecision,
        responses={200: OnboardingTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def withdraw(self, request: ProgramRequest, key: UUID) -> Response:
        return self._decided(request, key, withdraw_onboarding)

    def _decided(self, request: ProgramRequest, key: UUID, verb: Any) -> Response:
        find_run(key, actor=request.actor)
        sent = read(OnboardingDecision, request.data)
        verb(key, sent["version"], sent["reason"], actor=request.actor, at=request.at)
        return self._answer(request, key)

    def _answer(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(_told([find_run(key, actor=request.actor)], request)[0])


class TermsDoors(Doors):
    """Terms that suppliers accept, and who has."""

    @extend_schema(
        operation_id="list_terms",
        summary="List terms in force and how many have accepted them",
        tags=TAGS,
        responses={200: TermsList},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def browse(self, request: ProgramRequest) -> Response:
        standing = terms_standing(request.actor)
        told = []
        for one in terms_in_force():
            accepted, asked = standing.get(one.code, (0, 0))
            names = ("code", "title", "number", "made_at")
            told.append({name: getattr(one, name) for name in names} | {"asked": asked, "accepted": accepted})
        return Response(TermsList({"results": told}).data)

    @extend_schema(
        operation_id="list_terms_acceptances",
        summary="List who has accepted terms, and who has not",
        description="Suppliers whose template names these terms, and for which somebody is here.",
        tags=TAGS,
        parameters=[AcceptanceQuery],
        responses={200: AcceptancePage},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def acceptances(self, request: ProgramRequest, code: str) -> Response:
        asked = read_query(AcceptanceQuery, request)
        found = asked_for_terms(find_terms(code), actor=request.actor)
        if "accepted" in asked:
            found = found.filter(accepted_at__isnull=asked["accepted"] == "no")
        return answer_page(
            request,
            found,
            asked,
            order=("supplier__name", "id"),
            told=lambda rows: AcceptanceTold(rows, many=True).data,
        )


urlpatterns = [
    address("terms", TermsDoors, "api-terms-list", get="browse"),
    address("terms/<slug:code>/acceptances", TermsDoors, "api-terms-acceptances", get="acceptances"),
    address("onboardings", Onboardings, "api-onboarding-list", get="browse", post="invite"),
    address("onboardings/<uuid:key>", Onboardings, "api-onboarding", get="show"),
    address("onboardings/<uuid:key>/hand-in", Onboardings, "api-onboarding-hand-in", post="hand_in"),
    address("onboardings/<uuid:key>/approve", Onboardings, "api-onboarding-approve", post="approve"),
    address("onboardings/<uuid:key>/hand-back", Onboardings, "api-onboarding-hand-back", post="hand_back"),
    address("onboardings/<uuid:key>/refuse", Onboardings, "api-onboarding-refuse", post="refuse"),
    address("onboardings/<uuid:key>/withdraw", Onboardings, "api-onboarding-withdraw", post="withdraw"),
]
