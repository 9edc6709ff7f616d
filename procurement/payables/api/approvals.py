"""Approvals that were asked for, for programs."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
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
)
from portal.kernel.rest.schema import etag_of
from procurement.payables.api.sent import ApprovalQuery, NoToApproval, WordOnApproval
from procurement.payables.api.told import ApprovalPage, ApprovalTold
from procurement.payables.api.words import DESK_TAGS, FACTOR_ABOVE, GRANTED, IN_A_NAME, REFUSED, WRITES
from procurement.payables.messages import ApprovalSaid
from procurement.payables.models import Approval
from procurement.payables.queries.approvals import (
    approver_named,
    find_approval,
    visible_approvals,
    waiting_for,
    waiting_for_me,
)
from procurement.payables.services.approvals import approve_step, decline_step
from procurement.payables.ways import require_factor_to_approve
from suppliers.roles import Permission


class Approvals(Doors):
    """Approvals that were asked for."""

    @extend_schema(
        operation_id="list_approvals",
        summary="List the approvals that were asked for",
        description=(
            "The oldest first. `asked_of` narrows to those that somebody can give now: asked of the person, of the "
            "role, or of whom he or she stands in for, without those that bar this person. For the buying side."
        ),
        tags=DESK_TAGS,
        parameters=[ApprovalQuery],
        responses={200: ApprovalPage},
    )
    @program_door(Permission.CASE_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(ApprovalQuery, request)
        found = visible_approvals(request.actor)
        if "asked_of" in asked:
            found = self._waiting(asked["asked_of"], request)
        same = {"state": "state", "invoice": "invoice__key", "supplier": "supplier__number"}
        found = found.filter(**{field: asked[name] for name, field in same.items() if name in asked})
        return answer_page(
            request,
            found.order_by("asked_at", "id"),
            asked,
            order=("asked_at", "id"),
            told=lambda rows: ApprovalTold(rows, many=True).data,
        )

    def _waiting(self, whom: str, request: ProgramRequest) -> QuerySet[Approval]:
        if whom == "me":
            if request.actor.user_id is None:
                told = _("This token acts in nobody’s name. Say whom you mean by mail address.")
                raise serializers.ValidationError({"asked_of": [told]}, code="nobody")
            return waiting_for_me(request.actor, request.at)
        approver = approver_named(whom, timezone.localdate(request.at))
        found = visible_approvals(request.actor)
        return waiting_for(approver, request.actor) if approver else found.none()

    @extend_schema(
        operation_id="get_approval",
        summary="Read one approval",
        description="Of whom it is asked and why, and what was answered.",
        tags=DESK_TAGS,
        parameters=[etag_of("approval", "200")],
        responses={200: ApprovalTold},
    )
    @program_door(Permission.CASE_VIEW)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return self._told(key, request)

    @extend_schema(
        operation_id="approve_step",
        summary="Give an approval",
        description=(
            "After the last of its step the next step is asked; after the last of all the invoice is approved. Where "
            "the rules ask others by now it lapses instead, and accounts payable asks anew (`state` says so)."
            + IN_A_NAME
            + FACTOR_ABOVE
        ),
        tags=DESK_TAGS,
        parameters=[*WRITES, etag_of("approval", "200")],
        request=WordOnApproval,
        responses={200: ApprovalTold},
        examples=[GRANTED],
    )
    @program_door(Permission.INVOICE_APPROVE)
    def approve(self, request: ProgramRequest, key: UUID) -> Response:
        require_factor_to_approve(request, find_approval(key, actor=request.actor).invoice)
        return self._say(approve_step, request, key, WordOnApproval)

    @extend_schema(
        operation_id="decline_step",
        summary="Decline an approval",
        description="With the reason. It ends the round; accounts payable goes on with the invoice."
        + IN_A_NAME,
        tags=DESK_TAGS,
        parameters=[*WRITES, etag_of("approval", "200")],
        request=NoToApproval,
        responses={200: ApprovalTold},
        examples=[REFUSED],
    )
    @program_door(Permission.INVOICE_APPROVE)
    def decline(self, request: ProgramRequest, key: UUID) -> Response:
        return self._say(decline_step, request, key, NoToApproval)

    def _say(
        self, verb: Callable[..., Approval], request: ProgramRequest, key: UUID, shape: type[WordOnApproval]
    ) -> Response:
        one = find_approval(key, actor=request.actor)
        sent = read(shape, request.data)
        version = version_answered(request, one.version, sent.get("version"))
        verb(ApprovalSaid(key, version, sent.get("reason", "")), actor=request.actor, at=request.at)
        return self._told(key, request)

    def _told(self, key: UUID, request: ProgramRequest) -> Response:
        one = find_approval(key, actor=request.actor)
        return Response(ApprovalTold(one).data, headers={"ETag": etag(one.version)})
