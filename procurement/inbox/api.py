"""Cases for programs and people of the buying side: read, own, snooze, note, decide; by the rules of the page."""

from uuid import UUID

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.errors import Invalid, Problem
from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    program_door,
    read,
    read_query,
    wanted_of,
)
from portal.kernel.rest.fields import (
    Day,
    Key,
    Moment,
    Query,
    Shape,
    Text,
    Whole,
    WholeInQuery,
    Word,
    page_of,
)
from portal.kernel.rest.schema import WRITES
from procurement.inbox.messages import ActOnCase, Seen
from procurement.inbox.models import ExceptionCase
from procurement.inbox.presenters.rows import title_of
from procurement.inbox.queries.cases import find_case, notes_of, visible_cases, with_papers
from procurement.inbox.queries.people import workers
from procurement.inbox.services.acting import Verdict, act_on_case, act_on_cases, verbs_for
from procurement.inbox.services.working import (
    MOST_AT_ONCE,
    assign_case,
    reopen_case,
    settle_case,
    snooze_case,
    wake_case,
    write_note,
)
from procurement.inbox.states import CASE_LIFECYCLE, CaseKind, CaseState, Cause, CloseReason
from suppliers.roles import Permission

VERDICTS = [("accept", "accept"), ("decline", "decline")]
BY_ITSELF = frozenset({"recur", "close"})

# --- what is sent -------------------------------------------------------------------------------------------


class CaseSeen(Shape):
    """A case as you have seen it."""

    version = Whole(min_value=1, help_text="The case's version that you have seen.")


class CaseOwner(CaseSeen):
    """Whose it is to be."""

    owner = Text(
        required=False,
        allow_blank=True,
        max_length=254,
        help_text="The mail address of somebody who works on cases; left out or empty: nobody.",
    )


class CaseSleep(CaseSeen):
    """Until when it sleeps."""

    until = Day(help_text="It wakes at the beginning of that working day, or the next one.")
    reason = Text(required=False, allow_blank=True, max_length=2000)


class CaseReason(CaseSeen):
    """What was done, or why."""

    reason = Text(required=False, allow_blank=True, max_length=2000)


class CaseVerdict(CaseSeen):
    """The buyer's word on what a case is about. A decline owes a reason or words."""

    verdict = Word(choices=VERDICTS)
    reason = Text(required=False, allow_blank=True, max_length=30, help_text="A code of the company's list.")
    note = Text(required=False, allow_blank=True, max_length=2000)


class CaseWords(Shape):
    """A note for colleagues alone."""

    text = Text(max_length=5000, help_text="@name tells a colleague.")


class ChosenCase(Shape):
    """One case, and its version that you have seen."""

    case = Key()
    version = Whole(min_value=1)


class VerdictOnMany(Shape):
    """One word on many cases."""

    verdict = Word(choices=VERDICTS)
    cases = serializers.ListField(child=ChosenCase(), min_length=1, max_length=MOST_AT_ONCE)
    reason = Text(required=False, allow_blank=True, max_length=30, help_text="A code of the company's list.")
    note = Text(required=False, allow_blank=True, max_length=2000)


# --- what is told -------------------------------------------------------------------------------------------


class CasePart(serializers.Serializer):
    """One part of a score."""

    name = serializers.CharField()
    points = serializers.IntegerField()


class CaseTold(serializers.Serializer):
    """Something that needs a person."""

    key = serializers.UUIDField()
    number = serializers.IntegerField()
    kind = Word(choices=CaseKind.choices)
    cause = Word(choices=Cause.choices, help_text="There is one live case of a cause and its subject.")
    title = serializers.SerializerMethodField(help_text="In the language of the request.")
    state = Word(choices=CaseState.choices)
    version = serializers.IntegerField()
    score = serializers.IntegerField(help_text="0 to 100.")
    parts = CasePart(many=True)
    inputs = serializers.DictField(
        child=serializers.CharField(),
        help_text="The figures the score was made of; unknown ones are left out.",
    )
    facts = serializers.DictField(help_text="What is known of it. Grows with the kinds; decimals are text.")
    supplier = serializers.CharField(source="supplier.number", allow_null=True, default=None)
    order = serializers.UUIDField(source="order.key", allow_null=True, default=None)
    order_number = serializers.CharField(source="order.number", allow_null=True, default=None)
    line = serializers.CharField(source="line.key", allow_null=True, default=None)
    site = serializers.CharField(source="site.code", allow_null=True, default=None)
    item_number = serializers.CharField()
    owner = serializers.EmailField(source="owner.email", allow_null=True, default=None)
    holder = serializers.EmailField(
        source="holder.email", allow_null=True, default=None, help_text="The owner, or who stands in."
    )
    occurrences = serializers.IntegerField()
    opened_at = Moment()
    last_recurred_at = Moment(allow_null=True)
    updated_at = Moment()
    due_at = Moment(allow_null=True)
    snoozed_until = Moment(allow_null=True)
    closed_at = Moment(allow_null=True)
    closed_because = Word(choices=[*CloseReason.choices, ("", "Not closed")])
    closed_by = serializers.CharField()
    closed_note = serializers.CharField()
    allowed_actions = serializers.SerializerMethodField(help_text="What this caller may do with it now.")

    def get_title(self, case: ExceptionCase) -> str:
        """What it is about, in one line."""
        return title_of(case, self.context["at"])

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_allowed_actions(self, case: ExceptionCase) -> list[str]:
        """The verdicts of its kind, and the verbs of its life that people have."""
        actor = self.context["actor"]
        verdicts = [verb for verb in verbs_for(case, actor) if verb != "counter"]
        life = [verb for verb in CASE_LIFECYCLE.verbs_for(actor, case.state) if verb not in BY_ITSELF]
        return [*verdicts, *life]


class CaseNoteTold(serializers.Serializer):
    """What somebody of the buying side wrote on a case."""

    text = serializers.CharField()
    written_at = Moment()
    written_by = serializers.CharField()


class CaseNotesTold(serializers.Serializer):
    """The notes of a case, oldest first."""

    results = CaseNoteTold(many=True)


class CaseOutcome(serializers.Serializer):
    """What came of one of many; `refusal` is empty where it was done."""

    case = serializers.UUIDField()
    number = serializers.IntegerField()
    refusal = serializers.CharField()


class CaseOutcomes(serializers.Serializer):
    """What came of each."""

    results = CaseOutcome(many=True)


CasePage = page_of(CaseTold, "CasePage")


class CaseQuery(Query):
    """Which cases."""

    state = Word(required=False, choices=CaseState.choices)
    kind = Word(required=False, choices=CaseKind.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    order = Text(required=False, max_length=60, help_text="Of the order with exactly this number.")
    site = Text(required=False, max_length=40, help_text="The code of a site.")
    holder = Text(required=False, max_length=254, help_text="The mail address of who has it.")
    least = WholeInQuery(required=False, min_value=0, max_value=100, help_text="A score of at least so much.")
    updated_since = Moment(required=False, help_text="Opened or moved at or after this moment.")


# --- doors --------------------------------------------------------------------------------------------------

TAGS = ["cases"]


def _told(request: ProgramRequest, key: UUID) -> Response:
    case = find_case(key, actor=request.actor)
    return Response(CaseTold(case, context={"actor": request.actor, "at": request.at}).data)


class Cases(Doors):
    """Cases of the exception inbox."""

    @extend_schema(
        operation_id="list_cases",
        summary="List cases",
        description=(
            "What needs a person, of the buying side alone. In the order in which cases were opened or moved; sort by "
            "`score` for the most pressing. To follow, ask with `updated_since` and a few minutes of overlap."
        ),
        tags=TAGS,
        parameters=[CaseQuery],
        responses={200: CasePage},
    )
    @program_door(Permission.CASE_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(CaseQuery, request)
        same = {
            "state": "state",
            "kind": "kind",
            "supplier": "supplier__number",
            "order": "order__number",
            "site": "site__code",
            "holder": "holder__email__iexact",
            "least": "score__gte",
            "updated_since": "updated_at__gte",
        }
        wanted = wanted_of(asked, same)
        context = {"actor": request.actor, "at": request.at}
        return answer_page(
            request,
            with_papers(visible_cases(request.actor).filter(**wanted)),
            asked,
            order=("updated_at", "id"),
            told=lambda rows: CaseTold(rows, many=True, context=context).data,
        )

    @extend_schema(
        operation_id="get_case",
        summary="Read one case",
        description="With its score, its facts, and what you may do with it.",
        tags=TAGS,
        responses={200: CaseTold},
    )
    @program_door(Permission.CASE_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return _told(request, key)

    @extend_schema(
        operation_id="list_case_notes",
        summary="List the notes of a case",
        description="For colleagues alone: no channel shows them to a supplier.",
        tags=TAGS,
        responses={200: CaseNotesTold},
    )
    @program_door(Permission.CASE_VIEW)
    def notes(self, request: ProgramRequest, key: UUID) -> Response:
        notes = notes_of(find_case(key, actor=request.actor))
        return Response({"results": CaseNoteTold(notes, many=True).data})

    @extend_schema(
        operation_id="write_case_note",
        summary="Write a note on a case",
        description="For colleagues alone.",
        tags=TAGS,
        parameters=WRITES,
        request=CaseWords,
        responses={200: CaseNoteTold},
    )
    @program_door(Permission.CASE_WORK)
    def note(self, request: ProgramRequest, key: UUID) -> Response:
        find_case(key, actor=request.actor)
        sent = read(CaseWords, request.data)
        note = write_note(key, sent["text"], actor=request.actor, at=request.at)
        return Response(CaseNoteTold(note).data)

    @extend_schema(
        operation_id="assign_case",
        summary="Give a case to somebody",
        description="Who stands in for them has it while they are away.",
        tags=TAGS,
        parameters=WRITES,
        request=CaseOwner,
        responses={200: CaseTold},
    )
    @program_door(Permission.CASE_WORK)
    def assign(self, request: ProgramRequest, key: UUID) -> Response:
        find_case(key, actor=request.actor)
        sent = read(CaseOwner, request.data)
        owner = _person(sent.get("owner", ""))
        assign_case(Seen(key, sent["version"]), owner, actor=request.actor, at=request.at)
        return _told(request, key)

    @extend_schema(
        operation_id="snooze_case",
        summary="Let a case sleep",
        description="It wakes before its day if its cause changes.",
        tags=TAGS,
        parameters=WRITES,
        request=CaseSleep,
        responses={200: CaseTold},
    )
    @program_door(Permission.CASE_WORK)
    def snooze(self, request: ProgramRequest, key: UUID) -> Response:
        find_case(key, actor=request.actor)
        sent = read(CaseSleep, request.data)
        seen = Seen(key, sent["version"])
        snooze_case(seen, sent["until"], sent.get("reason", ""), actor=request.actor, at=request.at)
        return _told(request, key)

    @extend_schema(
        operation_id="wake_case",
        summary="Wake a case",
        description="Before its day.",
        tags=TAGS,
        parameters=WRITES,
        request=CaseSeen,
        responses={200: CaseTold},
    )
    @program_door(Permission.CASE_WORK)
    def wake(self, request: ProgramRequest, key: UUID) -> Response:
        find_case(key, actor=request.actor)
        sent = read(CaseSeen, request.data)
        wake_case(Seen(key, sent["version"]), actor=request.actor, at=request.at)
        return _told(request, key)

    @extend_schema(
        operation_id="settle_case",
        summary="Close a case by hand",
        description="It comes back by itself when its cause changes. A reason is owed.",
        tags=TAGS,
        parameters=WRITES,
        request=CaseReason,
        responses={200: CaseTold},
    )
    @program_door(Permission.CASE_WORK)
    def settle(self, request: ProgramRequest, key: UUID) -> Response:
        find_case(key, actor=request.actor)
        sent = read(CaseReason, request.data)
        seen = Seen(key, sent["version"])
        settle_case(seen, sent.get("reason", ""), actor=request.actor, at=request.at)
        return _told(request, key)

    @extend_schema(
        operation_id="reopen_case",
        summary="Open a closed case again",
        description="It then waits for a person to close it.",
        tags=TAGS,
        parameters=WRITES,
        request=CaseReason,
        responses={200: CaseTold},
    )
    @program_door(Permission.CASE_WORK)
    def reopen(self, request: ProgramRequest, key: UUID) -> Response:
        find_case(key, actor=request.actor)
        sent = read(CaseReason, request.data)
        seen = Seen(key, sent["version"])
        reopen_case(seen, sent.get("reason", ""), actor=request.actor, at=request.at)
        return _told(request, key)

    @extend_schema(
        operation_id="decide_case",
        summary="Accept or decline what a case is about",
        description="The same as on the order or the change request: the ERP or the supplier is told.",
        tags=TAGS,
        parameters=WRITES,
        request=CaseVerdict,
        responses={200: CaseTold},
    )
    @program_door(Permission.CASE_WORK)
    def decide(self, request: ProgramRequest, key: UUID) -> Response:
        find_case(key, actor=request.actor)
        sent = read(CaseVerdict, request.data)
        command = ActOnCase(
            Seen(key, sent["version"]), sent["verdict"], sent.get("reason", ""), sent.get("note", "")
        )
        act_on_case(command, actor=request.actor, at=request.at)
        return _told(request, key)

    @extend_schema(
        operation_id="decide_cases",
        summary="Accept or decline what many cases are about",
        description="Each stands for itself: one that moved meanwhile says so in its result, the others are done.",
        tags=TAGS,
        parameters=WRITES,
        request=VerdictOnMany,
        responses={200: CaseOutcomes},
    )
    @program_door(Permission.CASE_WORK)
    def decide_many(self, request: ProgramRequest) -> Response:
        sent = read(VerdictOnMany, request.data)
        outcomes = act_on_cases(
            [Seen(one["case"], one["version"]) for one in sent["cases"]],
            Verdict(sent["verdict"], sent.get("reason", ""), sent.get("note", "")),
            actor=request.actor,
            at=request.at,
        )
        return Response({"results": CaseOutcome(outcomes, many=True).data})


def _person(address: str) -> int | None:
    if not address.strip():
        return None
    found: int | None = workers().filter(email__iexact=address.strip()).values_list("pk", flat=True).first()
    if found is None:
        message = _("Nobody who works on cases has the address %(address)s.") % {"address": address[:80]}
        raise Invalid(message, [Problem("owner", message, address[:80], "unknown")])
    return found


VERBS = ("assign", "snooze", "wake", "settle", "reopen", "decide")

urlpatterns = [
    path("cases", Cases.as_view({"get": "browse"}), name="api-case-list"),
    path("cases/decide", Cases.as_view({"post": "decide_many"}), name="api-case-decide-many"),
    path("cases/<uuid:key>", Cases.as_view({"get": "read"}), name="api-case"),
    path("cases/<uuid:key>/notes", Cases.as_view({"get": "notes", "post": "note"}), name="api-case-notes"),
    *(
        path(f"cases/<uuid:key>/{verb}", Cases.as_view({"post": verb}), name=f"api-case-{verb}")
        for verb in VERBS
    ),
]
