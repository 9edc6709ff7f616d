"""Many suppliers that are written to in one go, by programs."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.response import Response

from portal.kernel.rest.doors import Doors, ProgramRequest, program_door, read
from portal.kernel.rest.schema import WRITES
from suppliers.onboarding.api.sent import REMIND, TAGS, SentenceOfYourOwn, SuppliersToChase
from suppliers.onboarding.api.told import ChaseTold, chase_told
from suppliers.onboarding.messages import MarkSuppliers
from suppliers.onboarding.queries import find_chase, keys_of_suppliers
from suppliers.onboarding.services import mark_suppliers, send_chase
from suppliers.onboarding.states import ChaseKind
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission

P = Permission
CHASE = OpenApiExample(
    "Two suppliers", {"suppliers": ["ACME", "GLOBEX"], "what": "remind"}, request_only=True
)


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
        return Response(chase_told(chase, request), status=201)

    @extend_schema(
        operation_id="get_onboarding_chase",
        summary="Read who is to be written to, or what came of it",
        tags=TAGS,
        responses={200: ChaseTold},
    )
    @program_door(P.SUPPLIER_MANAGE)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(chase_told(find_chase(key), request))

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
        return Response(chase_told(chase, request))
