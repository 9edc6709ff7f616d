"""Terms for programs: those in force, and who has accepted them."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read_query
from suppliers.onboarding.api.sent import TAGS, AcceptanceQuery
from suppliers.onboarding.api.told import AcceptancePage, AcceptanceTold, TermsList
from suppliers.onboarding.queries import asked_for_terms, find_terms, terms_in_force, terms_standing
from suppliers.roles import Permission

P = Permission


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
            names = ("code", "title", "number", "made_at", "from_on")
            told.append({name: getattr(one, name) for name in names} | {"asked": asked, "accepted": accepted})
        return Response(TermsList({"results": told}).data)

    @extend_schema(
        operation_id="list_terms_acceptances",
        summary="List who has accepted terms, and who has not",
        description="Suppliers of which these terms are asked, and for which somebody is here.",
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
