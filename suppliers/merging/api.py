"""Merging for programs: candidates, ask, and the word of a second person. No token of a program may."""

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
from portal.kernel.rest.fields import Flag, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import WRITES
from suppliers.merging.messages import AskMerge
from suppliers.merging.models import SupplierMerge
from suppliers.merging.policies import LONGEST_REASON
from suppliers.merging.queries import candidates, find_merge, merges
from suppliers.merging.services import (
    approve_merge,
    ask_merge,
    keep_apart,
    refuse_merge,
    undo_merge,
    withdraw_merge,
)
from suppliers.merging.states import Alike, MergeState
from suppliers.models import Supplier
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission

TAGS = ["supplier merges"]
P = Permission


class SupplierMergeTold(serializers.Serializer):
    """Two records that are, or are to be, one company."""

    key = serializers.UUIDField()
    duplicate = serializers.CharField(help_text="The number of the record that is joined.")
    kept = serializers.CharField(help_text="The number of the record that is kept.")
    state = Word(choices=MergeState.choices)
    version = serializers.IntegerField(help_text="Moves with every change: send it with the next.")
    reason = serializers.CharField()
    preferences = serializers.BooleanField(help_text="Whether the duplicate's preferences count.")
    tokens_ended = serializers.ListField(
        child=serializers.CharField(), help_text="Access tokens of the duplicate that ended with it."
    )
    asked_at = Moment()
    asked_by = serializers.CharField()
    decided_at = Moment(allow_null=True)
    decided_by = serializers.CharField()
    why = serializers.CharField(help_text="Why it was refused, withdrawn or taken apart.")


class MergeCandidateTold(serializers.Serializer):
    """Two records that may be one company."""

    one = serializers.CharField(help_text="The number of a supplier.")
    other = serializers.CharField(help_text="The number of a supplier.")
    why = serializers.ListField(child=Word(choices=Alike.choices))


class SupplierMergeQuery(Query):
    """Which merges."""

    state = Word(required=False, choices=MergeState.choices)
    supplier = Text(required=False, max_length=40, help_text="The number of the duplicate.")


class SupplierMergeAsked(Shape):
    """Two records are one company, or two."""

    duplicate = Text(max_length=40, help_text="The number of the record that is to be joined.")
    kept = Text(max_length=40, help_text="The number of the record that is kept.")
    reason = Text(max_length=LONGEST_REASON)
    preferences = Flag(required=False, help_text="Whether the duplicate's preferences count from now on.")


class SupplierMergeApproval(Shape):
    """A second person agrees."""

    version = Whole(help_text="The version that was looked at.")


class SupplierMergeDecision(Shape):
    """Not, or not any more, and why."""

    version = Whole(help_text="The version that was looked at.")
    why = Text(max_length=LONGEST_REASON)


SupplierMergePage = page_of(SupplierMergeTold, "SupplierMergePage")
_SAME = (
    "key",
    "state",
    "version",
    "reason",
    "preferences",
    "asked_at",
    "asked_by",
    "decided_at",
    "decided_by",
    "why",
)


def _told(row: SupplierMerge) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in _SAME} | {"tokens_ended": row.carried.get("tokens", [])}
    return dict(SupplierMergeTold({**said, "duplicate": row.supplier.number, "kept": row.kept.number}).data)


class SupplierMerges(Doors):
    """Merges of suppliers."""

    @extend_schema(
        operation_id="list_supplier_merges",
        summary="List merges of suppliers",
        tags=TAGS,
        parameters=[SupplierMergeQuery],
        responses={200: SupplierMergePage},
    )
    @program_door(P.SUPPLIER_MANAGE, P.DETAIL_APPROVE)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(SupplierMergeQuery, request)
        same = {"state": "state", "supplier": "supplier__number"}
        wanted = wanted_of(asked, same)
        return answer_page(
            request,
            merges(request.actor).filter(**wanted),
            asked,
            order=("asked_at", "id"),
            told=lambda rows: [_told(one) for one in rows],
        )

    @extend_schema(
        operation_id="list_merge_candidates",
        summary="List suppliers that may be one company",
        description="At most 200 pairs, those for which most speaks first; not those that somebody has judged.",
        tags=TAGS,
        responses={200: MergeCandidateTold(many=True)},
    )
    @program_door(P.SUPPLIER_MANAGE, P.DETAIL_APPROVE)
    def candidates(self, request: ProgramRequest) -> Response:
        found = [
            {"one": one.one.number, "other": one.other.number, "why": list(one.why)} for one in candidates()
        ]
        return Response(MergeCandidateTold(found, many=True).data)

    @extend_schema(
        operation_id="ask_supplier_merge",
        summary="Say that two suppliers are one company",
        description="A second person decides on it. Refused (422) where one of them cannot be merged.",
        tags=TAGS,
        parameters=WRITES,
        request=SupplierMergeAsked,
        responses={201: SupplierMergeTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def ask(self, request: ProgramRequest) -> Response:
        return self._asked(request, ask_merge)

    @extend_schema(
        operation_id="keep_suppliers_apart",
        summary="Say that two suppliers are two companies",
        description="They are named as candidates no more.",
        tags=TAGS,
        parameters=WRITES,
        request=SupplierMergeAsked,
        responses={201: SupplierMergeTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def keep_apart(self, request: ProgramRequest) -> Response:
        return self._asked(request, keep_apart)

    @extend_schema(
        operation_id="get_supplier_merge",
        summary="Read one merge of suppliers",
        tags=TAGS,
        responses={200: SupplierMergeTold},
    )
    @program_door(P.SUPPLIER_MANAGE, P.DETAIL_APPROVE)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(_told(find_merge(key, actor=request.actor)))

    @extend_schema(
        operation_id="approve_supplier_merge",
        summary="Approve a merge of suppliers",
        description=(
            "By another person than asked for it, who has decided on such things for 14 days. Bank accounts never come "
            "over, documents count for both, and access tokens of the duplicate end."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=SupplierMergeApproval,
        responses={200: SupplierMergeTold},
    )
    @program_door(P.DETAIL_APPROVE)
    def approve(self, request: ProgramRequest, key: UUID) -> Response:
        require_own_factor(request)
        find_merge(key, actor=request.actor)
        sent = read(SupplierMergeApproval, request.data)
        approve_merge(key, sent["version"], actor=request.actor, at=request.at)
        return Response(_told(find_merge(key, actor=request.actor)))

    @extend_schema(
        operation_id="refuse_supplier_merge",
        summary="Refuse a merge: they are two companies",
        tags=TAGS,
        parameters=WRITES,
        request=SupplierMergeDecision,
        responses={200: SupplierMergeTold},
    )
    @program_door(P.DETAIL_APPROVE)
    def refuse(self, request: ProgramRequest, key: UUID) -> Response:
        return self._decided(request, key, refuse_merge)

    @extend_schema(
        operation_id="withdraw_supplier_merge",
        summary="Withdraw a merge that was asked for",
        tags=TAGS,
        parameters=WRITES,
        request=SupplierMergeDecision,
        responses={200: SupplierMergeTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def withdraw(self, request: ProgramRequest, key: UUID) -> Response:
        return self._decided(request, key, withdraw_merge)

    @extend_schema(
        operation_id="undo_supplier_merge",
        summary="Take two merged suppliers apart again",
        description="Within 30 days. What came over ends, and so do the roles that the merge gave.",
        tags=TAGS,
        parameters=WRITES,
        request=SupplierMergeDecision,
        responses={200: SupplierMergeTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def undo(self, request: ProgramRequest, key: UUID) -> Response:
        require_own_factor(request)
        return self._decided(request, key, undo_merge)

    def _asked(self, request: ProgramRequest, verb: Any) -> Response:
        sent = read(SupplierMergeAsked, request.data)
        numbers = {name: sent[name] for name in ("duplicate", "kept")}
        found = Supplier.objects.visible_to(request.actor).filter(number__in=numbers.values())
        keys = dict(found.values_list("number", "key"))
        message = _("There is no supplier of this number.")
        unknown = [
            Problem(name, message, number, "unknown")
            for name, number in numbers.items()
            if number not in keys
        ]
        if unknown:
            raise Invalid(message, unknown)
        command = AskMerge(
            keys[sent["kept"]], keys[sent["duplicate"]], sent["reason"], sent.get("preferences", False)
        )
        row = verb(command, actor=request.actor, at=request.at)
        return Response(_told(find_merge(row.key, actor=request.actor)), status=201)

    def _decided(self, request: ProgramRequest, key: UUID, verb: Any) -> Response:
        find_merge(key, actor=request.actor)
        sent = read(SupplierMergeDecision, request.data)
        verb(key, sent["version"], sent["why"], actor=request.actor, at=request.at)
        return Response(_told(find_merge(key, actor=request.actor)))


urlpatterns = [
    address("supplier-merges", SupplierMerges, "api-supplier-merge-list", get="browse", post="ask"),
    address("supplier-merges/candidates", SupplierMerges, "api-merge-candidates", get="candidates"),
    address("supplier-merges/apart", SupplierMerges, "api-merge-apart", post="keep_apart"),
    address("supplier-merges/<uuid:key>", SupplierMerges, "api-supplier-merge", get="show"),
    address(
        "supplier-merges/<uuid:key>/approve", SupplierMerges, "api-supplier-merge-approve", post="approve"
    ),
    address("supplier-merges/<uuid:key>/refuse", SupplierMerges, "api-supplier-merge-refuse", post="refuse"),
    address(
        "supplier-merges/<uuid:key>/withdraw", SupplierMerges, "api-supplier-merge-withdraw", post="withdraw"
    ),
    address("supplier-merges/<uuid:key>/undo", SupplierMerges, "api-supplier-merge-undo", post="undo"),
]
