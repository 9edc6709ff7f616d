"""Onboardings for programs: who stands where and why, invite, hand in, and our administrator's word."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.response import Response

from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    etag,
    program_door,
    read,
    read_query,
    version_answered,
    wanted_of,
)
from portal.kernel.rest.schema import IF_MATCH, WRITES, etag_of
from suppliers.onboarding.api.sent import (
    REMIND,
    TAGS,
    NumberOfProspect,
    OnboardingApproval,
    OnboardingDecision,
    OnboardingQuery,
    SentenceOfYourOwn,
    SomebodyElseToInvite,
    SuppliersToInvite,
)
from suppliers.onboarding.api.told import OnboardingPage, OnboardingTold, SuppliersInvited, runs_told
from suppliers.onboarding.filters import OnboardingSearch, list_search
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.queries import find_run, funnel, runs
from suppliers.onboarding.services import (
    approve_onboarding,
    hand_back,
    hand_in,
    invite_suppliers,
    number_prospect,
    reassign_onboarding,
    refuse_onboarding,
    resend_its_invitation,
    resend_onboarding,
    withdraw_onboarding,
)
from suppliers.onboarding.states import InvitedHow
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission

P = Permission
INVITE = OpenApiExample(
    "Two suppliers",
    {"suppliers": [{"supplier": "ACME"}, {"supplier": "GLOBEX", "address": "sales@globex.example"}]},
    request_only=True,
)
REASSIGN = OpenApiExample(
    "Somebody else", {"address": "sales@globex.example", "name": "Gil"}, request_only=True
)


class Onboardings(Doors):
    """Onboardings of suppliers."""

    @extend_schema(
        operation_id="list_onboardings",
        summary="List who stands where",
        description=(
            "The funnel: by state, by the step at which they wait, and by how long nothing has moved. A supplier reads "
            "its own. How a step stands is worked out from what the supplier has given."
        ),
        tags=TAGS,
        parameters=[OnboardingQuery],
        responses={200: OnboardingPage},
    )
    @program_door(P.DETAIL_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(OnboardingQuery, request)
        found = runs(request.actor).filter(**wanted_of(asked, {"supplier": "supplier__number"}))
        step, days = asked.get("step", ""), asked.get("quiet_days", 0)
        search = OnboardingSearch(state=asked.get("state", ""), step=step, days=days)
        how_far = funnel(request.actor, request.at) if step else None
        return answer_page(
            request,
            list_search(found, search, how_far, request.at),
            asked,
            order=("invited_at", "id"),
            told=lambda rows: runs_told(rows, request),
        )

    @extend_schema(
        operation_id="invite_suppliers",
        summary="Invite suppliers",
        description=(
            "At most 5,000 at a time. Who was invited already, is excluded, blocked or has no mail address is named "
            "with the reason, and the others are invited all the same. A prospect, which the ERP does not know yet, "
            "has no number: name its company, country and address. It is told under a number of ours."
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
            Target(
                one.get("supplier", ""),
                one.get("address", ""),
                one.get("name", ""),
                company=one.get("company", ""),
                country=one.get("country", ""),
            )
            for one in sent["suppliers"]
        )
        outcome = invite_suppliers(
            InviteSuppliers(targets, InvitedHow.LIST), actor=request.actor, at=request.at
        )
        invited = [one.supplier.number for one in outcome.runs]
        return Response(SuppliersInvited({"invited": invited, "not_invited": outcome.problems}).data)

    @extend_schema(
        operation_id="get_onboarding",
        summary="Read the onboarding of one supplier",
        description="With its steps. The ETag is its version: it moves as the onboarding goes on, not with each step.",
        tags=TAGS,
        parameters=[etag_of("onboarding", "200")],
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
        parameters=[*WRITES, IF_MATCH],
        request=OnboardingApproval,
        responses={200: OnboardingTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def approve(self, request: ProgramRequest, key: UUID) -> Response:
        run = find_run(key, actor=request.actor)
        sent = read(OnboardingApproval, request.data)
        version = version_answered(request, run.version, sent.get("version"))
        approve_onboarding(key, version, actor=request.actor, at=request.at)
        return self._answer(request, key)

    @extend_schema(
        operation_id="hand_back_onboarding",
        summary="Hand an onboarding back",
        description="Something is to be done again: the supplier reads the reason.",
        tags=TAGS,
        parameters=[*WRITES, IF_MATCH],
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
        parameters=[*WRITES, IF_MATCH],
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
        parameters=[*WRITES, IF_MATCH],
        request=OnboardingDecision,
        responses={200: OnboardingTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def withdraw(self, request: ProgramRequest, key: UUID) -> Response:
        return self._decided(request, key, withdraw_onboarding)

    def _decided(self, request: ProgramRequest, key: UUID, verb: Any) -> Response:
        run = find_run(key, actor=request.actor)
        sent = read(OnboardingDecision, request.data)
        version = version_answered(request, run.version, sent.get("version"))
        verb(key, version, sent["reason"], actor=request.actor, at=request.at)
        return self._answer(request, key)

    @extend_schema(
        operation_id="resend_onboarding_invitation",
        summary="Mail a supplier its invitation once more",
        description=(
            "Also one that has run out; it is good for as long again. Refused (409) where somebody acts for the "
            "supplier already, and within two minutes of the last mail. To take it back: `withdraw`."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=SentenceOfYourOwn,
        responses={200: OnboardingTold},
        examples=[REMIND],
    )
    @program_door(P.SUPPLIER_MANAGE)
    def resend(self, request: ProgramRequest, key: UUID) -> Response:
        return self._mailed(request, key, resend_its_invitation)

    @extend_schema(
        operation_id="remind_onboarding",
        summary="Remind whoever of a supplier is to act",
        description=(
            "Where somebody acts for it: which steps are open still, once a day at most (409). Else its invitation "
            "once more."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=SentenceOfYourOwn,
        responses={200: OnboardingTold},
        examples=[REMIND],
    )
    @program_door(P.SUPPLIER_MANAGE)
    def remind(self, request: ProgramRequest, key: UUID) -> Response:
        return self._mailed(request, key, resend_onboarding)

    @extend_schema(
        operation_id="reassign_onboarding",
        summary="Invite somebody else of a supplier",
        description="The link of who was invited opens nothing any more. Refused (409) once somebody has accepted.",
        tags=TAGS,
        parameters=WRITES,
        request=SomebodyElseToInvite,
        responses={200: OnboardingTold},
        examples=[REASSIGN],
    )
    @program_door(P.SUPPLIER_MANAGE)
    def reassign(self, request: ProgramRequest, key: UUID) -> Response:
        require_own_factor(request)
        find_run(key, actor=request.actor)
        sent = read(SomebodyElseToInvite, request.data)
        reassign_onboarding(key, sent["address"], sent.get("name", ""), actor=request.actor, at=request.at)
        return self._answer(request, key)

    @extend_schema(
        operation_id="number_prospect",
        summary="Give a prospect the number that it has in the ERP",
        description=(
            "It is known by that from now on, and what the ERP tells of that number is told of it. Where the ERP has "
            "brought the number already and nobody has worked with it, say that it `is_same`. Refused (422) without "
            "that word (`unsaid`), for a number that another supplier has (`taken`: merge the two), and for who is no "
            "prospect (`numbered`)."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=NumberOfProspect,
        responses={200: OnboardingTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def number(self, request: ProgramRequest, key: UUID) -> Response:
        find_run(key, actor=request.actor)
        sent = read(NumberOfProspect, request.data)
        is_same = sent.get("is_same", False)
        number_prospect(key, sent["number"], is_same=is_same, actor=request.actor, at=request.at)
        return self._answer(request, key)

    def _mailed(self, request: ProgramRequest, key: UUID, verb: Any) -> Response:
        require_own_factor(request)
        find_run(key, actor=request.actor)
        sent = read(SentenceOfYourOwn, request.data)
        verb(key, words=sent.get("words", ""), actor=request.actor, at=request.at)
        return self._answer(request, key)

    def _answer(self, request: ProgramRequest, key: UUID) -> Response:
        run = find_run(key, actor=request.actor)
        return Response(runs_told([run], request)[0], headers={"ETag": etag(run.version)})
