"""People and invitations for programs that run in a person's own session: whose rights they are, the roles say.

No token manages people: who lets others in is a person who has signed in, and has shown a second factor a moment ago
where there is one. Whoever changes something on the buying side must have one.
"""

from typing import Any
from uuid import UUID

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.errors import Invalid, NotFound, Problem
from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    program_door,
    read,
    read_query,
    wanted_of,
)
from portal.kernel.rest.fields import Moment, Query, Shape, Text, Word, page_of
from portal.kernel.rest.schema import WRITES
from suppliers.models import Invitation
from suppliers.people.messages import InvitePerson
from suppliers.people.presenters import PersonRow, member_rows, staff_rows
from suppliers.people.queries import (
    find_invitation,
    find_member,
    find_staff,
    invitations,
    members,
    staff,
    staff_invitations,
    supplier_named,
)
from suppliers.people.services import (
    change_member_role,
    change_staff_role,
    deactivate_staff,
    invite_person,
    reactivate_staff,
    remove_member,
    resend_invitation,
    revoke_invitation,
)
from suppliers.people.states import InvitationState
from suppliers.people.ways import require_factor_to_invite, require_own_factor
from suppliers.roles import CompanyRole, Permission, SupplierRole

TAGS = ["people"]
P = Permission
ROLES = [*SupplierRole.choices, *(one for one in CompanyRole.choices if one[0] not in SupplierRole.values)]


class PersonTold(serializers.Serializer):
    """Somebody who acts for a supplier."""

    member = serializers.IntegerField(source="pk", help_text="Names this person at this supplier.")
    name = serializers.CharField(source="user.name")
    address = serializers.CharField(source="user.email")
    supplier = serializers.CharField(source="member.supplier.number")
    role = Word(source="member.role", choices=SupplierRole.choices)
    is_active = serializers.BooleanField(source="user.is_active")
    last_sign_in_at = Moment(source="standing.last_sign_in_at", allow_null=True)
    has_second_factor = serializers.BooleanField(source="standing.has_factor")
    asleep_at = Moment(
        source="standing.asleep_at",
        allow_null=True,
        help_text="Since when nobody signs in before a mailed link was opened.",
    )


class ColleagueTold(serializers.Serializer):
    """Somebody of the buying side."""

    person = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="user.name")
    address = serializers.CharField(source="user.email")
    role = Word(source="user.company_role", choices=CompanyRole.choices)
    is_active = serializers.BooleanField(source="user.is_active")
    last_sign_in_at = Moment(source="standing.last_sign_in_at", allow_null=True)
    has_second_factor = serializers.BooleanField(source="standing.has_factor")
    asleep_at = Moment(source="standing.asleep_at", allow_null=True)


class InvitationTold(serializers.Serializer):
    """Somebody was invited."""

    key = serializers.UUIDField()
    supplier = serializers.CharField(
        source="supplier.number", allow_null=True, default=None, help_text="null: to the buying side."
    )
    address = serializers.CharField()
    name = serializers.CharField()
    role = Word(choices=ROLES)
    state = Word(choices=InvitationState.choices)
    invited_at = Moment()
    invited_by = serializers.CharField()
    sent_at = Moment(help_text="When it was mailed last.")
    expires_at = Moment()
    ended_at = Moment(allow_null=True)


PersonPage = page_of(PersonTold, "PersonPage")
ColleaguePage = page_of(ColleagueTold, "ColleaguePage")
InvitationPage = page_of(InvitationTold, "InvitationPage")


class PeopleQuery(Query):
    """Which people."""

    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")


class InvitationQuery(Query):
    """Which invitations."""

    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    state = Word(required=False, choices=InvitationState.choices)


class StaffQuery(Query):
    """Which colleagues: all."""


class NewInvitation(Shape):
    """Whom to invite, and to what."""

    address = Text(max_length=254)
    role = Word(choices=SupplierRole.choices)
    name = Text(required=False, max_length=150, allow_blank=True)
    supplier = Text(
        required=False, max_length=40, help_text="A supplier's number; its own people need not say it."
    )


class NewStaffInvitation(Shape):
    """Whom to invite to the buying side."""

    address = Text(max_length=254)
    role = Word(choices=CompanyRole.choices)
    name = Text(required=False, max_length=150, allow_blank=True)


class NewRole(Shape):
    """What somebody does from now on."""

    role = Word(choices=SupplierRole.choices)


class NewStaffRole(Shape):
    """What a colleague does from now on."""

    role = Word(choices=CompanyRole.choices)


class NothingMoreSaid(Shape):
    """Nothing more is to be said."""


EXAMPLE = OpenApiExample(
    "Somebody who ships", {"address": "kiran@acme.example", "role": "shipping"}, request_only=True
)


def _person(request: ProgramRequest, pk: int) -> Response:
    (row,) = member_rows([find_member(pk, actor=request.actor)], request.actor.user_id)
    return Response(PersonTold(row).data)


def _colleague(request: ProgramRequest, pk: int) -> Response:
    (row,) = staff_rows([find_staff(pk)], request.actor.user_id)
    return Response(ColleagueTold(row).data)


class People(Doors):
    """Who acts for suppliers."""

    @extend_schema(
        operation_id="list_people",
        summary="List who acts for suppliers",
        description="A supplier's administrator reads its own people, the buying side those of all suppliers.",
        tags=TAGS,
        parameters=[PeopleQuery],
        responses={200: PersonPage},
    )
    @program_door(P.PEOPLE_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(PeopleQuery, request)

        def told(rows: Any) -> Any:
            found: list[PersonRow] = member_rows(list(rows), request.actor.user_id)
            return PersonTold(found, many=True).data

        found = members(request.actor, supplier=asked.get("supplier", ""))
        return answer_page(request, found, asked, order=("id",), told=told)

    @extend_schema(
        operation_id="get_person",
        summary="Get one person of a supplier",
        description="With how the account stands at sign-in.",
        tags=TAGS,
        responses={200: PersonTold},
    )
    @program_door(P.PEOPLE_VIEW)
    def show(self, request: ProgramRequest, member: int) -> Response:
        return _person(request, member)

    @extend_schema(
        operation_id="change_person_role",
        summary="Give a person of a supplier another role",
        description="It counts from their next request. The last administrator of a supplier stays one (409).",
        tags=TAGS,
        parameters=WRITES,
        request=NewRole,
        responses={200: PersonTold},
    )
    @program_door(P.PEOPLE_MANAGE)
    def change_role(self, request: ProgramRequest, member: int) -> Response:
        require_own_factor(request)
        find_member(member, actor=request.actor)
        sent = read(NewRole, request.data)
        change_member_role(member, sent["role"], actor=request.actor, at=request.at)
        return _person(request, member)

    @extend_schema(
        operation_id="remove_person",
        summary="Let a person act for a supplier no more",
        description="At once: sessions and mailed links end. What was written stays under the name. Told: who it was.",
        tags=TAGS,
        parameters=WRITES,
        request=NothingMoreSaid,
        responses={200: PersonTold},
    )
    @program_door(P.PEOPLE_MANAGE)
    def remove(self, request: ProgramRequest, member: int) -> Response:
        require_own_factor(request)
        was = _person(request, member)
        read(NothingMoreSaid, request.data)
        remove_member(member, actor=request.actor, at=request.at)
        return was


class Invitations(Doors):
    """Who is invited, to suppliers and to the buying side."""

    @extend_schema(
        operation_id="list_invitations",
        summary="List invitations to suppliers",
        description="The newest first. A supplier's administrator reads its own.",
        tags=TAGS,
        parameters=[InvitationQuery],
        responses={200: InvitationPage},
    )
    @program_door(P.PEOPLE_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(InvitationQuery, request)
        same = {"supplier": "supplier__number", "state": "state"}
        found = invitations(request.actor).filter(**wanted_of(asked, same))
        return answer_page(request, found, asked, order=("-id",), told=_told_all)

    @extend_schema(
        operation_id="invite_person",
        summary="Invite somebody to act for a supplier",
        description=(
            "A mail goes to the address, in the supplier's language. Whether the address has an account already is not "
            "told."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=NewInvitation,
        responses={201: InvitationTold},
        examples=[EXAMPLE],
    )
    @program_door(P.PEOPLE_MANAGE)
    def invite(self, request: ProgramRequest) -> Response:
        require_own_factor(request)
        sent = read(NewInvitation, request.data)
        supplier_id = self._to(request, sent.get("supplier", ""))
        paper = InvitePerson(sent["address"], sent["role"], supplier_id, sent.get("name", ""))
        made = invite_person(paper, actor=request.actor, at=request.at)
        return Response(InvitationTold(made).data, status=201)

    def _to(self, request: ProgramRequest, number: str) -> int:
        if request.actor.is_supplier and not number:
            return request.actor.supplier_ids[0]
        named = supplier_named(number, actor=request.actor)
        if named is None:
            message = _("There is no supplier of this number.")
            raise Invalid(message, [Problem("supplier", message, number, "unknown")])
        return int(named.pk)

    @extend_schema(
        operation_id="get_invitation",
        summary="Get one invitation",
        description="To a supplier or, for who manages staff, to the buying side.",
        tags=TAGS,
        responses={200: InvitationTold},
    )
    @program_door(P.PEOPLE_VIEW)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(InvitationTold(_found(request, key)).data)

    @extend_schema(
        operation_id="resend_invitation",
        summary="Mail an invitation once more",
        description=(
            "It is good for as long again; also one that has run out. At most one mail in two minutes. Refused (409) "
            "where whoever invited may not invite there any more."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=NothingMoreSaid,
        responses={200: InvitationTold},
    )
    @program_door(P.PEOPLE_MANAGE)
    def resend(self, request: ProgramRequest, key: UUID) -> Response:
        require_factor_to_invite(request, _found(request, key).supplier_id)
        read(NothingMoreSaid, request.data)
        resend_invitation(key, actor=request.actor, at=request.at)
        return Response(InvitationTold(_found(request, key)).data)

    @extend_schema(
        operation_id="revoke_invitation",
        summary="Take an invitation back",
        description="Its link opens nothing any more.",
        tags=TAGS,
        parameters=WRITES,
        request=NothingMoreSaid,
        responses={200: InvitationTold},
    )
    @program_door(P.PEOPLE_MANAGE)
    def revoke(self, request: ProgramRequest, key: UUID) -> Response:
        require_factor_to_invite(request, _found(request, key).supplier_id)
        read(NothingMoreSaid, request.data)
        revoke_invitation(key, actor=request.actor, at=request.at)
        return Response(InvitationTold(_found(request, key)).data)


def _told_all(rows: Any) -> Any:
    return InvitationTold(rows, many=True).data


def _found(request: ProgramRequest, key: UUID) -> Invitation:
    """An invitation that the caller may know: one to the buying side is for who manages staff, or reads all."""
    invitation = find_invitation(key, actor=request.actor)
    if invitation.supplier_id is None and not (
        request.actor.may(P.STAFF_MANAGE) or request.actor.may(P.AUDIT_VIEW)
    ):
        raise NotFound(_("There is no such invitation."))
    return invitation


class Staff(Doors):
    """The people of the buying side."""

    @extend_schema(
        operation_id="list_staff",
        summary="List the people of the buying side",
        description="Those whose account is closed included.",
        tags=TAGS,
        parameters=[StaffQuery],
        responses={200: ColleaguePage},
    )
    @program_door(P.STAFF_MANAGE, P.AUDIT_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(StaffQuery, request)

        def told(rows: Any) -> Any:
            return ColleagueTold(staff_rows(list(rows), request.actor.user_id), many=True).data

        return answer_page(request, staff(), asked, order=("id",), told=told)

    @extend_schema(
        operation_id="change_staff_role",
        summary="Give a colleague another role",
        description="Nobody changes their own (403). The last administrator stays one (409).",
        tags=TAGS,
        parameters=WRITES,
        request=NewStaffRole,
        responses={200: ColleagueTold},
    )
    @program_door(P.STAFF_MANAGE, fresh=True)
    def change_role(self, request: ProgramRequest, person: int) -> Response:
        find_staff(person)
        sent = read(NewStaffRole, request.data)
        change_staff_role(person, sent["role"], actor=request.actor, at=request.at)
        return _colleague(request, person)

    @extend_schema(
        operation_id="close_staff_account",
        summary="Close the account of a colleague",
        description="At once: sessions end, and so do the tokens that act in this name. Nobody closes their own.",
        tags=TAGS,
        parameters=WRITES,
        request=NothingMoreSaid,
        responses={200: ColleagueTold},
    )
    @program_door(P.STAFF_MANAGE, fresh=True)
    def close(self, request: ProgramRequest, person: int) -> Response:
        find_staff(person)
        read(NothingMoreSaid, request.data)
        deactivate_staff(person, actor=request.actor, at=request.at)
        return _colleague(request, person)

    @extend_schema(
        operation_id="open_staff_account",
        summary="Open the account of a colleague again",
        description="In the role it had.",
        tags=TAGS,
        parameters=WRITES,
        request=NothingMoreSaid,
        responses={200: ColleagueTold},
    )
    @program_door(P.STAFF_MANAGE, fresh=True)
    def open(self, request: ProgramRequest, person: int) -> Response:
        find_staff(person)
        read(NothingMoreSaid, request.data)
        reactivate_staff(person, actor=request.actor, at=request.at)
        return _colleague(request, person)

    @extend_schema(
        operation_id="list_staff_invitations",
        summary="List invitations to the buying side",
        description="The newest first.",
        tags=TAGS,
        parameters=[StaffQuery],
        responses={200: InvitationPage},
    )
    @program_door(P.STAFF_MANAGE, P.AUDIT_VIEW)
    def browse_invitations(self, request: ProgramRequest) -> Response:
        asked = read_query(StaffQuery, request)
        return answer_page(request, staff_invitations(), asked, order=("-id",), told=_told_all)

    @extend_schema(
        operation_id="invite_colleague",
        summary="Invite somebody to the buying side",
        description="A mail goes to the address. Whether it has an account already is not told.",
        tags=TAGS,
        parameters=WRITES,
        request=NewStaffInvitation,
        responses={201: InvitationTold},
    )
    @program_door(P.STAFF_MANAGE, fresh=True)
    def invite(self, request: ProgramRequest) -> Response:
        sent = read(NewStaffInvitation, request.data)
        paper = InvitePerson(sent["address"], sent["role"], None, sent.get("name", ""))
        made = invite_person(paper, actor=request.actor, at=request.at)
        return Response(InvitationTold(made).data, status=201)


_PERSON, _COLLEAGUE, _INVITATION = "people/<int:member>", "staff/<int:person>", "invitations/<uuid:key>"
urlpatterns = [
    path("people", People.as_view({"get": "browse"}), name="api-person-list"),
    path(_PERSON, People.as_view({"get": "show"}), name="api-person"),
    path(f"{_PERSON}/role", People.as_view({"post": "change_role"}), name="api-person-role"),
    path(f"{_PERSON}/remove", People.as_view({"post": "remove"}), name="api-person-remove"),
    path("invitations", Invitations.as_view({"get": "browse", "post": "invite"}), name="api-invitation-list"),
    path(_INVITATION, Invitations.as_view({"get": "show"}), name="api-invitation"),
    path(f"{_INVITATION}/resend", Invitations.as_view({"post": "resend"}), name="api-invitation-resend"),
    path(f"{_INVITATION}/revoke", Invitations.as_view({"post": "revoke"}), name="api-invitation-revoke"),
    path("staff", Staff.as_view({"get": "browse"}), name="api-staff-list"),
    path(
        "staff/invitations",
        Staff.as_view({"get": "browse_invitations", "post": "invite"}),
        name="api-staff-invitation-list",
    ),
    path(f"{_COLLEAGUE}/role", Staff.as_view({"post": "change_role"}), name="api-staff-role"),
    path(f"{_COLLEAGUE}/close", Staff.as_view({"post": "close"}), name="api-staff-close"),
    path(f"{_COLLEAGUE}/open", Staff.as_view({"post": "open"}), name="api-staff-open"),
]
