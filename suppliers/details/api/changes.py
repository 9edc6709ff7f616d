"""Changes of company data: read, approved, refused, withdrawn."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read, read_query
from portal.kernel.rest.schema import WRITES
from suppliers.details.api.sent import TAGS, Decided, DetailChangeQuery, RefusedBecause
from suppliers.details.api.told import ChangePage, ChangeTold
from suppliers.details.queries import find_detail_change, visible_changes
from suppliers.details.services import approve_detail_change, refuse_detail_change, withdraw_detail_change
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission


class DetailChanges(Doors):
    """Changes of company data."""

    @extend_schema(
        operation_id="list_detail_changes",
        summary="List changes of company data",
        description="In the order in which they were asked for. A supplier reads its own.",
        tags=TAGS,
        parameters=[DetailChangeQuery],
        responses={200: ChangePage},
    )
    @program_door(Permission.DETAIL_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(DetailChangeQuery, request)
        same = {"state": "state", "supplier": "supplier__number"}
        found = visible_changes(request.actor).filter(
            **{name: asked[word] for word, name in same.items() if word in asked}
        )
        return answer_page(
            request,
            found,
            asked,
            order=("requested_at", "id"),
            told=lambda rows: ChangeTold(rows, many=True, context={"actor": request.actor}).data,
        )

    @extend_schema(
        operation_id="get_detail_change",
        summary="Read one change of company data",
        tags=TAGS,
        responses={200: ChangeTold},
    )
    @program_door(Permission.DETAIL_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(
            ChangeTold(find_detail_change(key, actor=request.actor), context={"actor": request.actor}).data
        )

    @extend_schema(
        operation_id="approve_detail_change",
        summary="Approve a change of company data",
        description="By a signed-in person of the buying side who did not ask for it, and who has shown a second "
        "factor a moment ago, where there is one (403 `fresh_factor_needed`).",
        tags=TAGS,
        parameters=WRITES,
        request=Decided,
        responses={200: ChangeTold},
    )
    @program_door(Permission.DETAIL_APPROVE)
    def approve(self, request: ProgramRequest, key: UUID) -> Response:
        find_detail_change(key, actor=request.actor)
        require_own_factor(request)
        sent = read(Decided, request.data)
        done = approve_detail_change(key, sent["version"], actor=request.actor, at=request.at)
        return Response(ChangeTold(done, context={"actor": request.actor}).data)

    @extend_schema(
        operation_id="refuse_detail_change",
        summary="Refuse a change of company data",
        description="What stood stands. Whoever asked reads the reason.",
        tags=TAGS,
        parameters=WRITES,
        request=RefusedBecause,
        responses={200: ChangeTold},
    )
    @program_door(Permission.DETAIL_APPROVE)
    def refuse(self, request: ProgramRequest, key: UUID) -> Response:
        find_detail_change(key, actor=request.actor)
        sent = read(RefusedBecause, request.data)
        done = refuse_detail_change(key, sent["version"], sent["reason"], actor=request.actor, at=request.at)
        return Response(ChangeTold(done, context={"actor": request.actor}).data)

    @extend_schema(
        operation_id="withdraw_detail_change",
        summary="Withdraw a change of company data",
        description="By a signed-in person of the side that asked for it.",
        tags=TAGS,
        parameters=WRITES,
        request=Decided,
        responses={200: ChangeTold},
    )
    @program_door(Permission.DETAIL_EDIT)
    def withdraw(self, request: ProgramRequest, key: UUID) -> Response:
        find_detail_change(key, actor=request.actor)
        sent = read(Decided, request.data)
        done = withdraw_detail_change(key, sent["version"], actor=request.actor, at=request.at)
        return Response(ChangeTold(done, context={"actor": request.actor}).data)
