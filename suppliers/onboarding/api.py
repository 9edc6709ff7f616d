"""Onboarding for programs: who stands where and why, invite and chase many, hand in, and our administrator's word."""

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
    etag,
    program_door,
    read,
    read_query,
    version_answered,
    wanted_of,
)
from portal.kernel.rest.fields import (
    Moment,
    Query,
    Shape,
    Text,
    Whole,
    WholeInQuery,
    Word,
    page_of,
)
from portal.kernel.rest.schema import IDEMPOTENCY_KEY, IF_MATCH, REPLAYED, etag_of
from suppliers.onboarding.filters import MOST_DAYS, OnboardingSearch, list_search
from suppliers.onboarding.messages import InviteSuppliers, MarkSuppliers, Target
from suppliers.onboarding.models import OnboardingChase, OnboardingRun
from suppliers.onboarding.policies import LONGEST_REASON, MOST_TARGETS, paying_waits_for
from suppliers.onboarding.queries import (
    find_chase,
    find_run,
    funnel,
    keys_of_suppliers,
    quiet_since,
    runs,
    sheets_of,
)
from suppliers.onboarding.services import (
    approve_onboarding,
    hand_back,
    hand_in,
    invite_suppliers,
    look_at_chase,
    mark_suppliers,
    reassign_onboarding,
    refuse_onboarding,
    resend_its_invitation,
    resend_onboarding,
    send_chase,
    withdraw_onboarding,
)
from suppliers.onboarding.states import (
    OPEN,
    ChaseKind,
    InvitedHow,
    NotChased,
    RunState,
    StepKind,
    StepStanding,
)
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
    quiet_since = Moment(
        allow_null=True,
        help_text="Since when it neither went on nor was anything given. null: nobody is waited for.",
    )
    address = serializers.CharField(
        help_text="Where it was invited; empty where somebody acted for it already."
    )
    reminders = serializers.IntegerField()
    reminded_at = Moment(allow_null=True)
    reason = serializers.CharField()
    waits_at = Word(choices=StepKind.choices, allow_null=True, help_text="The first step that waits for it.")
    steps = OnboardingStepTold(many=True)


class OnboardingQuery(Query):
    """Which onboardings."""

    state = Word(required=False, choices=RunState.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    step = Word(
        required=False,
        choices=StepKind.choices,
        help_text="Those under way of which this is the first step that waits for them.",
    )
    quiet_days = WholeInQuery(
        required=False,
        max_value=MOST_DAYS,
        help_text="Those that are not ended and in which nothing has moved for as many days or more.",
    )


class SupplierToInvite(Shape):
    """A supplier to be invited."""

    supplier = Text(max_length=40, help_text="Its number.")
    address = Text(required=False, allow_blank=True, max_length=254, help_text="Empty: the one of the ERP.")
    name = Text(required=False, allow_blank=True, max_length=150, help_text="Of the person.")


class SuppliersToInvite(Shape):
    """Suppliers to be invited in one go."""

    suppliers = SupplierToInvite(many=True, max_length=MOST_TARGETS)  # type: ignore[call-arg]  # of the list


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

    version = Whole(required=False, help_text="The version that was looked at; or If-Match.")


class OnboardingDecision(Shape):
    """An onboarding is handed back, refused or taken back, and why."""

    version = Whole(required=False, help_text="The version that was looked at; or If-Match.")
    reason = Text(max_length=LONGEST_REASON, help_text="The supplier reads it.")


class SentenceOfYourOwn(Shape):
    """What a mail says besides its own words."""

    words = Text(
        required=False,
        allow_blank=True,
        max_length=LONGEST_REASON,
        help_text="The supplier reads it, with your name.",
    )


class SomebodyElseToInvite(Shape):
    """Who is invited in place of who was."""

    address = Text(max_length=254)
    name = Text(required=False, allow_blank=True, max_length=150, help_text="Of the person.")


class SuppliersToChase(Shape):
    """Suppliers that are to be written to in one go."""

    suppliers = serializers.ListField(
        child=Text(max_length=40), min_length=1, max_length=MOST_TARGETS, help_text="Their numbers."
    )
    what = Word(
        required=False,
        choices=ChaseKind.choices,
        help_text=(
            "`remind` (usual): the invitation where nobody acts for the supplier yet, else the steps that are open. "
            "`invitation`: the invitation and nothing else."
        ),
    )


class SupplierChased(serializers.Serializer):
    """What comes, or came, of one supplier."""

    supplier = serializers.CharField(help_text="Its number.")
    onboarding = serializers.UUIDField()
    mailed = serializers.BooleanField(help_text="Whether it is, or was, written to.")
    to = serializers.ListField(
        child=serializers.CharField(),
        help_text="The addresses, as long as nothing is sent; empty once it is.",
    )
    code = Word(choices=NotChased.choices, allow_null=True, help_text="Why it is not written to.")
    message = serializers.CharField(help_text="The same as a sentence; empty where it is.")


class ChaseTold(serializers.Serializer):
    """Suppliers that were marked: who is to be written to and why each other not; once it is done, what came of it."""

    key = serializers.UUIDField()
    what = Word(choices=ChaseKind.choices)
    state = Word(choices=[("marked", "marked"), ("under_way", "under way"), ("done", "done")])
    words = serializers.CharField()
    marked_at = Moment()
    sent_at = Moment(allow_null=True)
    done_at = Moment(allow_null=True)
    results = SupplierChased(many=True, help_text="Empty while it is under way.")


OnboardingPage = page_of(OnboardingTold, "OnboardingPage")


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
        "address",
        "reminders",
        "reminded_at",
        "reason",
    )
    quiet = quiet_since(rows)
    found = []
    for run in rows:
        sheet = sheets[run.pk]
        waits = paying_waits_for(sheet.steps, sheet.standing)
        said = {name: getattr(run, name) for name in names}
        said["supplier"] = run.supplier.number
        said["quiet_since"] = quiet[run.pk] if run.state in OPEN else None
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


def _chase_told(chase: OnboardingChase, request: ProgramRequest) -> dict[str, Any]:
    names = ("key", "what", "words", "marked_at", "sent_at", "done_at")
    said: dict[str, Any] = {name: getattr(chase, name) for name in names}
    results: list[tuple[OnboardingRun, tuple[str, ...], str]] = []
    if chase.sent_at is None:
        found = look_at_chase(chase, actor=request.actor, at=request.at)
        results = [(one.run, one.to, one.why) for one in found]
    elif chase.done_at is not None:
        rows = runs(request.actor).filter(pk__in=chase.told).order_by("supplier__name", "id")
        results = [(run, (), chase.told[str(run.pk)]) for run in rows]
    said["state"] = "done" if chase.done_at else "under_way" if chase.sent_at else "marked"
    said["results"] = [
        {
            "supplier": run.supplier.number,
            "onboarding": run.key,
            "mailed": not why,
            "to": () if why else to,
            "code": why or None,
            "message": str(NotChased(why).label) if why else "",
        }
        for run, to, why in results
    ]
    return dict(ChaseTold(said).data)


REMIND = OpenApiExample(
    "With a sentence", {"words": "We would like to pay you by Friday."}, request_only=True
)
REASSIGN = OpenApiExample(
    "Somebody else", {"address": "sales@globex.example", "name": "Gil"}, request_only=True
)
CHASE = OpenApiExample(
    "Two suppliers", {"suppliers": ["ACME", "GLOBEX"], "what": "remind"}, request_only=True
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

    def _mailed(self, request: ProgramRequest, key: UUID, verb: Any) -> Response:
        require_own_factor(request)
        find_run(key, actor=request.actor)
        sent = read(SentenceOfYourOwn, request.data)
        verb(key, words=sent.get("words", ""), actor=request.actor, at=request.at)
        return self._answer(request, key)

    def _answer(self, request: ProgramRequest, key: UUID) -> Response:
        run = find_run(key, actor=request.actor)
        return Response(_told([run], request)[0], headers={"ETag": etag(run.version)})


class Chases(Doors):
    """Many suppliers that are written to in one go."""

    @extend_schema(
        operation_id="mark_onboardings",
        summary="Mark suppliers to be written to",
        description=(
            "At most 5,000. Nobody is mailed yet: the answer says who is to be, at which addresses, and why each other "
            "is not. Refused (422) with each number that has no onboarding."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=SuppliersToChase,
        responses={201: ChaseTold},
        examples=[CHASE],
    )
    @program_door(P.SUPPLIER_MANAGE)
    def mark(self, request: ProgramRequest) -> Response:
        require_own_factor(request)
        sent = read(SuppliersToChase, request.data)
        keys = keys_of_suppliers(sent["suppliers"], actor=request.actor)
        command = MarkSuppliers(keys, sent.get("what", ChaseKind.REMIND))
        chase = mark_suppliers(command, actor=request.actor, at=request.at)
        return Response(_chase_told(chase, request), status=201)

    @extend_schema(
        operation_id="get_onboarding_chase",
        summary="Read who is to be written to, or what came of it",
        tags=TAGS,
        responses={200: ChaseTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(_chase_told(find_chase(key), request))

    @extend_schema(
        operation_id="send_onboarding_chase",
        summary="Write to suppliers that were marked",
        description=(
            "Once: sent again, by the same or another key, it mails nobody and answers with what came of it. Each is "
            "judged anew: nobody is written to twice in a day, nor who has just finished. More than 100 are left to a "
            "worker: read it until it is `done`."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=SentenceOfYourOwn,
        responses={200: ChaseTold},
        examples=[REMIND],
    )
    @program_door(P.SUPPLIER_MANAGE)
    def send(self, request: ProgramRequest, key: UUID) -> Response:
        require_own_factor(request)
        find_chase(key)
        sent = read(SentenceOfYourOwn, request.data)
        chase = send_chase(key, sent.get("words", ""), actor=request.actor, at=request.at)
        return Response(_chase_told(chase, request))


urlpatterns = [
    address("onboardings", Onboardings, "api-onboarding-list", get="browse", post="invite"),
    address("onboardings/<uuid:key>", Onboardings, "api-onboarding", get="show"),
    address("onboardings/<uuid:key>/hand-in", Onboardings, "api-onboarding-hand-in", post="hand_in"),
    address("onboardings/<uuid:key>/approve", Onboardings, "api-onboarding-approve", post="approve"),
    address("onboardings/<uuid:key>/hand-back", Onboardings, "api-onboarding-hand-back", post="hand_back"),
    address("onboardings/<uuid:key>/refuse", Onboardings, "api-onboarding-refuse", post="refuse"),
    address("onboardings/<uuid:key>/withdraw", Onboardings, "api-onboarding-withdraw", post="withdraw"),
    address("onboardings/<uuid:key>/resend", Onboardings, "api-onboarding-resend", post="resend"),
    address("onboardings/<uuid:key>/remind", Onboardings, "api-onboarding-remind", post="remind"),
    address("onboardings/<uuid:key>/reassign", Onboardings, "api-onboarding-reassign", post="reassign"),
    address("onboarding-chases", Chases, "api-onboarding-chase-list", post="mark"),
    address("onboarding-chases/<uuid:key>", Chases, "api-onboarding-chase", get="show"),
    address("onboarding-chases/<uuid:key>/send", Chases, "api-onboarding-chase-send", post="send"),
]
