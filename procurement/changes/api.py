"""Change requests for programs: the same wishes and words, by the same rules, as on the page."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Channel
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    program_door,
    read,
    read_query,
    version_answered,
    wanted_of,
)
from portal.kernel.rest.fields import Day, Exact, Flag, Key, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import IF_MATCH, WRITES
from procurement.changes.messages import (
    ACCEPT,
    DECLINE,
    AnswerChange,
    ProposeChange,
    ReviseChange,
    WantedPiece,
    Wish,
    terms_from_json,
)
from procurement.changes.models import ChangeRound, OrderChange
from procurement.changes.policies import MOST_DAYS, MOST_PIECES
from procurement.changes.queries import (
    allowed_verbs,
    current_round,
    find_change,
    reasons_by_company,
    visible_changes,
    with_rounds,
)
from procurement.changes.services import (
    MOST,
    Choice,
    accept_change,
    counter_change,
    decide_changes,
    decline_change,
    edit_change,
    propose_changes,
    withdraw_change,
)
from procurement.changes.states import OF_ANSWERER, OF_AUTHOR, ChangeKind, ChangeState, Side
from procurement.orders.api import OrderRef, SupplierRef
from procurement.orders.queries import find_order
from suppliers.roles import Permission

VERBS = (*OF_AUTHOR, *OF_ANSWERER)

# --- what is sent -------------------------------------------------------------------------------------------


class WishedPiece(Shape):
    """One delivery of a wish. What is left out is as agreed."""

    quantity = Exact(required=False, help_text="Left out of the only piece: as much as is agreed.")
    delivery_on = Day(required=False)
    price = Exact(required=False, help_text="For `price_per` units.")
    price_per = Exact(required=False)
    item_number = Text(
        required=False,
        allow_blank=True,
        max_length=60,
        help_text="Of a substitute, as the supplier calls it. Empty: the item that the order asks for.",
    )
    item_description = Text(required=False, allow_blank=True, max_length=300)


class WishShape(Shape):
    """What is to be altered. Nothing said stays as agreed."""

    pieces = serializers.ListField(
        child=WishedPiece(),
        required=False,
        max_length=MOST_PIECES,
        help_text="Take the place of all that is agreed: several split the line, one merges it.",
    )
    move_days = Whole(
        required=False,
        min_value=-MOST_DAYS,
        max_value=MOST_DAYS,
        help_text="Everything that has not come yet, so many days later; negative: earlier.",
    )
    ship_to = Text(required=False, allow_blank=True, max_length=40, help_text="The code of another place.")
    cancel = Flag(default=False, help_text="Nothing more is to come.")
    reason = Text(required=False, allow_blank=True, max_length=30, help_text="A code of the company's list.")
    note = Text(required=False, allow_blank=True, max_length=2000)


class WishForLine(WishShape):
    """What is to be altered on one agreed line."""

    line = Text(max_length=60, help_text="The line's key.")


class WishesForOrder(Shape):
    """Wishes on some lines of an order. Each stands for itself."""

    version = Whole(
        required=False,
        min_value=1,
        help_text="The order's version that you have seen. Owed unless you send If-Match.",
    )
    changes = serializers.ListField(child=WishForLine(), min_length=1, max_length=MOST)


class RevisedWish(WishShape):
    """Another wish in place of the one on the table."""

    version = Whole(min_value=1, help_text="The request's version that you have seen.")


class WordOnWish(Shape):
    """A word on the wish on the table."""

    version = Whole(min_value=1, help_text="The request's version that you have seen.")
    reason = Text(required=False, allow_blank=True, max_length=30, help_text="A code of the company's list.")
    note = Text(required=False, allow_blank=True, max_length=2000)


class ReasonedWord(WordOnWish):
    """A no. It owes a reason, or words."""


class ChosenChange(Shape):
    """One request, and its version that you have seen."""

    change = Key()
    version = Whole(min_value=1)


class WordOnMany(Shape):
    """One word on many wishes."""

    verdict = Word(choices=[(ACCEPT, ACCEPT), (DECLINE, DECLINE)])
    changes = serializers.ListField(child=ChosenChange(), min_length=1, max_length=MOST)
    reason = Text(required=False, allow_blank=True, max_length=30, help_text="A code of the company's list.")
    note = Text(required=False, allow_blank=True, max_length=2000)


# --- what is told -------------------------------------------------------------------------------------------


class AgreedPiece(serializers.Serializer):
    """One delivery, as agreed or wished for."""

    quantity = Exact()
    delivery_on = Day(allow_null=True)
    price = Exact()
    price_per = Exact()
    item_number = serializers.CharField()
    item_description = serializers.CharField()


class AgreedTerms(serializers.Serializer):
    """What is agreed on a line, or wished for."""

    pieces = AgreedPiece(many=True)
    ship_to = serializers.CharField(help_text="The code of the place; empty: as asked.")
    cancel = serializers.BooleanField(help_text="Nothing more is to come.")


class ChangedLineRef(serializers.Serializer):
    """The line that a request is about."""

    key = serializers.CharField()
    number = serializers.IntegerField()
    item_number = serializers.CharField()
    unit = serializers.CharField()


class WishRound(serializers.Serializer):
    """One wish within a request."""

    number = serializers.IntegerField()
    side = Word(choices=Side.choices)
    terms = serializers.SerializerMethodField()
    reason = serializers.CharField()
    note = serializers.CharField()
    written_at = Moment()
    edited_at = Moment(allow_null=True)
    written_by = serializers.CharField()
    channel = Word(choices=[(one.value, one.value) for one in Channel])

    @extend_schema_field(AgreedTerms())
    def get_terms(self, spoken: ChangeRound) -> Any:
        """As they were kept."""
        return AgreedTerms(terms_from_json(spoken.terms)).data


class RequestedChange(serializers.Serializer):
    """One side's wish to alter what was agreed on a line, with all its rounds."""

    key = serializers.UUIDField()
    order = OrderRef()
    supplier = SupplierRef()
    line = ChangedLineRef()
    state = Word(choices=ChangeState.choices)
    version = serializers.IntegerField()
    opened_by = Word(choices=Side.choices)
    turn = Word(choices=[*Side.choices, ("", "Nobody")], help_text="Who owes a word; empty: nobody.")
    kinds = serializers.ListField(child=Word(choices=ChangeKind.choices), help_text="What it would alter.")
    agreed = serializers.SerializerMethodField(help_text="What was agreed when it was opened.")
    wish = serializers.SerializerMethodField(help_text="What is on the table.")
    rounds = WishRound(many=True, source="told")
    opened_at = Moment()
    updated_at = Moment()
    expires_at = Moment(allow_null=True, help_text="Until when the word is owed.")
    answered_at = Moment(allow_null=True)
    answered_by = serializers.CharField()
    answer_reason = serializers.CharField()
    answer_note = serializers.CharField()
    closed_at = Moment(allow_null=True, help_text="Null while it is open, or waits for the ERP.")
    allowed_actions = serializers.SerializerMethodField(help_text="What this caller may say to it now.")

    @extend_schema_field(AgreedTerms())
    def get_agreed(self, change: OrderChange) -> Any:
        """As it was then."""
        return AgreedTerms(terms_from_json(change.was)).data

    @extend_schema_field(AgreedTerms())
    def get_wish(self, change: OrderChange) -> Any:
        """The last round."""
        return AgreedTerms(terms_from_json(current_round(change).terms)).data

    @extend_schema_field(serializers.ListField(child=Word(choices=VERBS)))
    def get_allowed_actions(self, change: OrderChange) -> list[str]:
        """See `allowed_verbs`."""
        return allowed_verbs(change, self.context["actor"])


RequestedChangePage = page_of(RequestedChange, "RequestedChangePage")


class WishProblem(serializers.Serializer):
    """One thing that is wrong with a wish."""

    field = serializers.CharField()
    message = serializers.CharField()
    value = serializers.CharField()
    code = serializers.CharField()


class WishRefusal(serializers.Serializer):
    """Why a wish is not on the table."""

    code = serializers.CharField()
    detail = serializers.CharField()
    problems = WishProblem(many=True)


class WishResult(serializers.Serializer):
    """What came of one wish: the request, or why there is none."""

    line = serializers.CharField(help_text="The line's key.")
    change = RequestedChange(allow_null=True)
    refusal = WishRefusal(allow_null=True)


class WishResults(serializers.Serializer):
    """What came of each wish, in the order in which they were sent."""

    results = WishResult(many=True)


class WordResult(serializers.Serializer):
    """What came of one of many; `refusal` is empty where it was done."""

    change = serializers.UUIDField(source="key")
    order = serializers.CharField(help_text="The order's number.")
    line = serializers.IntegerField(help_text="The line's number.")
    refusal = serializers.CharField()


class WordResults(serializers.Serializer):
    """What came of each, in the order in which they were sent."""

    results = WordResult(many=True)


class GivenReason(serializers.Serializer):
    """One reason that may be given."""

    company = serializers.CharField(help_text="The code of the company whose list it is on.")
    code = serializers.CharField()
    text = serializers.CharField(help_text="What people read.")


class GivenReasons(serializers.Serializer):
    """The reasons of every company."""

    results = GivenReason(many=True)


class ChangeQuery(Query):
    """Which change requests."""

    order = Text(required=False, max_length=60, help_text="Of the order with exactly this number.")
    state = Word(required=False, choices=ChangeState.choices)
    turn = Word(required=False, choices=Side.choices, help_text="On which this side owes a word.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    updated_since = Moment(required=False, help_text="Opened or moved at or after this moment.")


class ReasonQuery(Shape):
    """Whose reasons."""

    company = Text(required=False, max_length=20, help_text="The code of a company.")


# --- between both -------------------------------------------------------------------------------------------


def _wish(sent: Mapping[str, Any]) -> Wish:
    return Wish(
        pieces=tuple(WantedPiece(**piece) for piece in sent.get("pieces", ())),
        move_days=sent.get("move_days", 0),
        ship_to=sent.get("ship_to", ""),
        cancel=sent["cancel"],
    )


def _told(change: OrderChange, request: ProgramRequest) -> dict[str, Any]:
    return dict(RequestedChange(change, context={"actor": request.actor}).data)


def _refusal(refusal: Refusal) -> dict[str, Any]:
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    told = [
        {"field": one.field, "message": one.message, "value": one.value, "code": one.code} for one in problems
    ]
    return {"code": refusal.code, "detail": refusal.message, "problems": told}


# --- doors --------------------------------------------------------------------------------------------------

TAGS = ["change requests"]
LATER = OpenApiExample(
    "A week later, and one line in two deliveries",
    {
        "version": 3,
        "changes": [
            {"line": "L10", "move_days": 7, "reason": "capacity"},
            {
                "line": "L20",
                "pieces": [{"quantity": "60"}, {"quantity": "40", "delivery_on": "2026-04-15"}],
                "note": "The rest comes with the next casting.",
            },
        ],
    },
    request_only=True,
)


class ChangesOfOrder(Doors):
    """Wishes on one order."""

    @extend_schema(
        operation_id="propose_changes",
        summary="Ask for changes of what was agreed",
        description=(
            "Puts a wish for each line on the other side's table. What is agreed stands until it says yes. Each wish "
            "stands for itself: one that cannot stand says why in its result, and the others are taken."
        ),
        tags=TAGS,
        parameters=[*WRITES, IF_MATCH],
        request=WishesForOrder,
        responses={200: WishResults},
        examples=[LATER],
    )
    @program_door(Permission.CHANGE_NEGOTIATE)
    def propose(self, request: ProgramRequest, key: UUID) -> Response:
        order = find_order(key, actor=request.actor)
        sent = read(WishesForOrder, request.data)
        version = version_answered(request, order.version, sent.get("version"))
        commands = [
            ProposeChange(key, version, one["line"], _wish(one), one.get("reason", ""), one.get("note", ""))
            for one in sent["changes"]
        ]
        came = propose_changes(commands, actor=request.actor, at=request.at)
        made = visible_changes(request.actor).filter(key__in=[one.change.key for one in came if one.change])
        told = {change.key: _told(change, request) for change in with_rounds(made)}
        results = [
            {
                "line": one.command.line_key,
                "change": told[one.change.key] if one.change else None,
                "refusal": _refusal(one.refusal) if one.refusal else None,
            }
            for one in came
        ]
        return Response({"results": results})


class Changes(Doors):
    """Change requests."""

    @extend_schema(
        operation_id="list_change_requests",
        summary="List change requests",
        description=(
            "In the order in which they were opened or moved. To follow, ask with `updated_since` and a few minutes of "
            "overlap. What waits for you has your side as its `turn`."
        ),
        tags=TAGS,
        parameters=[ChangeQuery],
        responses={200: RequestedChangePage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(ChangeQuery, request)
        same = {
            "order": "order__number",
            "state": "state",
            "turn": "turn",
            "supplier": "supplier__number",
            "updated_since": "updated_at__gte",
        }
        wanted = wanted_of(asked, same)
        return answer_page(
            request,
            with_rounds(visible_changes(request.actor).filter(**wanted)),
            asked,
            order=("updated_at", "id"),
            told=lambda rows: RequestedChange(rows, many=True, context={"actor": request.actor}).data,
        )

    @extend_schema(
        operation_id="get_change_request",
        summary="Read one change request",
        description="With every wish that was on the table.",
        tags=TAGS,
        responses={200: RequestedChange},
    )
    @program_door(Permission.ORDER_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(_told(find_change(key, actor=request.actor), request))

    @extend_schema(
        operation_id="accept_change_request",
        summary="Accept a change request",
        description="What is wished for is agreed now, and the ERP is told. Nobody confirms it a second time.",
        tags=TAGS,
        parameters=WRITES,
        request=WordOnWish,
        responses={200: RequestedChange},
    )
    @program_door(Permission.CHANGE_NEGOTIATE)
    def accept(self, request: ProgramRequest, key: UUID) -> Response:
        return _answer(request, key, accept_change, WordOnWish)

    @extend_schema(
        operation_id="decline_change_request",
        summary="Decline a change request",
        description="What was agreed stands. A reason or words are owed.",
        tags=TAGS,
        parameters=WRITES,
        request=ReasonedWord,
        responses={200: RequestedChange},
    )
    @program_door(Permission.CHANGE_NEGOTIATE)
    def decline(self, request: ProgramRequest, key: UUID) -> Response:
        return _answer(request, key, decline_change, ReasonedWord)

    @extend_schema(
        operation_id="withdraw_change_request",
        summary="Withdraw a change request",
        description="Takes your own wish back while the other side has not answered it. What was agreed stands.",
        tags=TAGS,
        parameters=WRITES,
        request=WordOnWish,
        responses={200: RequestedChange},
    )
    @program_door(Permission.CHANGE_NEGOTIATE)
    def withdraw(self, request: ProgramRequest, key: UUID) -> Response:
        return _answer(request, key, withdraw_change, WordOnWish)

    @extend_schema(
        operation_id="counter_change_request",
        summary="Counter a change request",
        description="Answers a wish with another one: the ball goes back.",
        tags=TAGS,
        parameters=WRITES,
        request=RevisedWish,
        responses={200: RequestedChange},
    )
    @program_door(Permission.CHANGE_NEGOTIATE)
    def counter(self, request: ProgramRequest, key: UUID) -> Response:
        return _revise(request, key, counter_change)

    @extend_schema(
        operation_id="edit_change_request",
        summary="Edit a change request",
        description="Puts your own wish anew while the other side has not answered it.",
        tags=TAGS,
        parameters=WRITES,
        request=RevisedWish,
        responses={200: RequestedChange},
    )
    @program_door(Permission.CHANGE_NEGOTIATE)
    def edit(self, request: ProgramRequest, key: UUID) -> Response:
        return _revise(request, key, edit_change)

    @extend_schema(
        operation_id="decide_change_requests",
        summary="Accept or decline many change requests",
        description=(
            "One word, and one reason, on many. Each stands for itself: one that moved meanwhile says so in its "
            "result, and the others are done."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=WordOnMany,
        responses={200: WordResults},
    )
    @program_door(Permission.CHANGE_NEGOTIATE)
    def decide(self, request: ProgramRequest) -> Response:
        sent = read(WordOnMany, request.data)
        outcomes = decide_changes(
            [Choice(one["change"], one["version"]) for one in sent["changes"]],
            sent["verdict"],
            reason=sent.get("reason", ""),
            note=sent.get("note", ""),
            actor=request.actor,
            at=request.at,
        )
        return Response({"results": WordResult(outcomes, many=True).data})

    @extend_schema(
        operation_id="list_change_reasons",
        summary="List the reasons that may be given",
        description=(
            "Each company has a list of its own, in its own words. "
            "A supplier reads those of companies that order from it."
        ),
        tags=TAGS,
        parameters=[ReasonQuery],
        responses={200: GivenReasons},
    )
    @program_door(Permission.ORDER_VIEW)
    def reasons(self, request: ProgramRequest) -> Response:
        asked = read(ReasonQuery, request.query_params.dict())
        told = [
            {"company": company, "code": row.code, "text": row.label}
            for company, rows in reasons_by_company(request.actor).items()
            for row in rows
            if row.active and asked.get("company", company) == company
        ]
        return Response({"results": told})


def _answer(
    request: ProgramRequest, key: UUID, verb: Callable[..., OrderChange], shape: type[WordOnWish]
) -> Response:
    find_change(key, actor=request.actor)
    sent = read(shape, request.data)
    command = AnswerChange(key, sent["version"], sent.get("reason", ""), sent.get("note", ""))
    verb(command, actor=request.actor, at=request.at)
    return Response(_told(find_change(key, actor=request.actor), request))


def _revise(request: ProgramRequest, key: UUID, verb: Callable[..., OrderChange]) -> Response:
    find_change(key, actor=request.actor)
    sent = read(RevisedWish, request.data)
    command = ReviseChange(key, sent["version"], _wish(sent), sent.get("reason", ""), sent.get("note", ""))
    verb(command, actor=request.actor, at=request.at)
    return Response(_told(find_change(key, actor=request.actor), request))


urlpatterns = [
    path(
        "orders/<uuid:key>/changes",
        ChangesOfOrder.as_view({"post": "propose"}),
        name="api-order-changes",
    ),
    path("changes", Changes.as_view({"get": "browse"}), name="api-change-list"),
    path("changes/decide", Changes.as_view({"post": "decide"}), name="api-change-decide"),
    path("changes/<uuid:key>", Changes.as_view({"get": "read"}), name="api-change"),
    *(
        path(f"changes/<uuid:key>/{verb}", Changes.as_view({"post": verb}), name=f"api-change-{verb}")
        for verb in VERBS
    ),
    path("change-reasons", Changes.as_view({"get": "reasons"}), name="api-change-reasons"),
]
