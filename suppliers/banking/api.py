"""Bank details for programs: what is on record, masked; and a change, which a program may propose and nobody but a
person with a second factor requests."""

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor
from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read, read_query
from portal.kernel.rest.fields import Key, Moment, Query, Shape, Text, Word, page_of
from portal.kernel.rest.schema import WRITES
from suppliers.banking.messages import AccountTyped, AskForChange
from suppliers.banking.models import BankAccount, BankChange
from suppliers.banking.queries import (
    OURS_ALONE,
    accounts_with_changes,
    changes,
    find_change,
    find_supplier_by_number,
    own_supplier,
)
from suppliers.banking.services import propose_change
from suppliers.banking.states import AccountState, ChangeKind, ChangeState, EnteredHow, NumberForm, Origin
from suppliers.roles import Permission

TAGS = ["bank details"]
ENTERED_AT = "Since when the ERP is known to pay by it. Told to the buying side alone."
ENTERED_HOW = (
    "Whence that is known: `erp` has told so, a `person` of the buying side has said so, or `nobody` had to: it was in "
    "force before the ERP was asked, or ended before it was entered. Told to the buying side alone."
)


class BankAccountTold(serializers.Serializer):
    """An account. Its number is nowhere but in its last four characters."""

    key = serializers.UUIDField()
    supplier = serializers.CharField(source="supplier.number")
    state = Word(choices=AccountState.choices)
    form = Word(choices=NumberForm.choices)
    account = serializers.CharField(source="masked", help_text="Such as `DE •••• 3000`.")
    currency = serializers.CharField()
    country = serializers.CharField()
    holder = serializers.CharField()
    bic = serializers.CharField()
    bank_name = serializers.CharField()
    since_at = Moment()
    ended_at = Moment(allow_null=True)
    origin = Word(
        source="by_change.origin",
        choices=Origin.choices,
        help_text="Through which door the change came that brought it: `erp` where the ERP told of it first.",
    )
    change = serializers.UUIDField(source="by_change.key", help_text="The change that brought it.")
    entered_at = Moment(source="by_change.entered_at", allow_null=True, help_text=ENTERED_AT)
    entered_how = Word(
        source="by_change.entered_how", choices=EnteredHow.choices, allow_null=True, help_text=ENTERED_HOW
    )


class BankChangeTold(serializers.Serializer):
    """A change of bank details, and how far it is."""

    key = serializers.UUIDField()
    supplier = serializers.CharField(source="supplier.number")
    kind = Word(choices=ChangeKind.choices)
    origin = Word(choices=Origin.choices)
    state = Word(choices=ChangeState.choices)
    replaces = serializers.UUIDField(source="account.key", default=None, allow_null=True)
    account = serializers.SerializerMethodField(help_text="The new one, masked; empty where an account ends.")
    currency = serializers.CharField()
    country = serializers.CharField()
    holder = serializers.CharField()
    bic = serializers.CharField()
    bank_name = serializers.CharField()
    proposed_at = Moment()
    requested_at = Moment(allow_null=True)
    called_at = Moment(allow_null=True, help_text="When a contact from before the request confirmed it.")
    approved_at = Moment(allow_null=True, help_text="When two people had approved it.")
    waits_until = Moment(allow_null=True, help_text="Told to the buying side alone.")
    closed_at = Moment(allow_null=True)
    close_reason = serializers.CharField()
    entered_at = Moment(allow_null=True, help_text=ENTERED_AT)
    entered_how = Word(choices=EnteredHow.choices, allow_null=True, help_text=ENTERED_HOW)

    def get_account(self, change: Any) -> str:
        """Masked."""
        return str(change.masked) if change.number_id else ""


BankAccountPage = page_of(BankAccountTold, "BankAccountPage")
BankChangePage = page_of(BankChangeTold, "BankChangePage")


class BankAccountQuery(Query):
    """Which accounts."""

    state = Word(required=False, choices=AccountState.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")


class BankChangeQuery(Query):
    """Which changes."""

    state = Word(required=False, choices=ChangeState.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")


class ProposedAccount(Shape):
    """A change that a person will look at. Nothing is in force by it."""

    kind = Word(choices=ChangeKind.choices)
    supplier = Text(
        required=False, max_length=40, help_text="A supplier's number; only the buying side says it."
    )
    replaces = Key(required=False, help_text="The account that is replaced or ends.")
    country = Text(required=False, max_length=2, help_text="Of the bank: ISO 3166, two letters.")
    number = Text(required=False, max_length=60, help_text="IBAN, or the national account number.")
    routing = Text(required=False, max_length=20, help_text="The bank's code where there is no IBAN.")
    bic = Text(required=False, max_length=14)
    holder = Text(required=False, max_length=140)
    currency = Text(required=False, max_length=3)
    reason = Text(required=False, max_length=2000)


EXAMPLE = OpenApiExample(
    "Another account",
    {
        "kind": "add",
        "country": "DE",
        "number": "DE89370400440532013000",
        "holder": "Acme Valves",
        "currency": "EUR",
        "reason": "We have moved to another bank.",
    },
    request_only=True,
)


class BankAccounts(Doors):
    """The accounts on record."""

    @extend_schema(
        operation_id="list_bank_accounts",
        summary="The bank accounts on record, masked",
        description="Those in force are paid to. A number is never told here: it is shown to a person, on a page.",
        tags=TAGS,
        parameters=[BankAccountQuery],
        responses={200: BankAccountPage},
    )
    @program_door(Permission.BANK_VIEW)
    def index(self, request: ProgramRequest) -> Response:
        asked = read_query(BankAccountQuery, request)
        found = _filtered(accounts_with_changes(request.actor).order_by(), asked)
        return answer_page(
            request,
            found,
            asked,
            order=("-id",),
            told=lambda rows: [_told_of_account(row, request.actor) for row in rows],
        )


class BankChanges(Doors):
    """Changes of bank details."""

    @extend_schema(
        operation_id="list_bank_changes",
        summary="Changes of bank details, the newest first",
        tags=TAGS,
        parameters=[BankChangeQuery],
        responses={200: BankChangePage},
    )
    @program_door(Permission.BANK_VIEW)
    def index(self, request: ProgramRequest) -> Response:
        asked = read_query(BankChangeQuery, request)
        found = _filtered(changes(request.actor), asked)
        return answer_page(
            request,
            found,
            asked,
            order=("-id",),
            told=lambda rows: [_told(row, request.actor) for row in rows],
        )

    @extend_schema(
        operation_id="get_bank_change",
        summary="One change of bank details",
        tags=TAGS,
        responses={200: BankChangeTold},
    )
    @program_door(Permission.BANK_VIEW)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(_told(find_change(key, actor=request.actor), request.actor))

    @extend_schema(
        operation_id="propose_bank_change",
        summary="Propose a change of bank details",
        description=(
            "A program has no second factor, so what it sends is a proposal and changes nothing: a person signs in, "
            "adds a paper of the bank and requests it. Everybody known from before is told, a contact is called back, "
            "two people approve it, and it waits. An account that cannot be one is refused here already (422)."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=ProposedAccount,
        responses={201: BankChangeTold},
        examples=[EXAMPLE],
    )
    @program_door(Permission.BANK_PROPOSE)
    def create(self, request: ProgramRequest) -> Response:
        sent = read(ProposedAccount, request.data)
        actor = request.actor
        supplier = (
            own_supplier(actor)
            if actor.is_supplier
            else find_supplier_by_number(sent.get("supplier", ""), actor=actor)
        )
        typed = {
            name: sent.get(name, "") for name in ("currency", "country", "holder", "number", "routing", "bic")
        }
        command = AskForChange(
            supplier=supplier.key,
            kind=sent["kind"],
            reason=sent.get("reason", ""),
            account=sent.get("replaces"),
            typed=AccountTyped(**typed),
        )
        made = propose_change(command, actor=actor, at=request.at)
        return Response(_told(find_change(made.key, actor=actor), actor), status=201)


def _told(change: BankChange, actor: Actor) -> dict[str, Any]:
    """A change as a program reads it; when a supplier's comes into force is told once it is (presenters.steps_of)."""
    return dict(BankChangeTold(_known(change, actor)).data)


def _told_of_account(account: BankAccount, actor: Actor) -> dict[str, Any]:
    account.by_change = _known(account.by_change, actor)
    return dict(BankAccountTold(account).data)


def _known(change: BankChange, actor: Actor) -> BankChange:
    """The change as this side knows it: what is the buying side's was not read for a supplier, and is nothing here."""
    if not actor.is_company:
        for name in OURS_ALONE:
            setattr(change, name, None)
    return change


def _filtered(found: Any, asked: dict[str, Any]) -> Any:
    if state := asked.get("state"):
        found = found.filter(state=state)
    if supplier := asked.get("supplier"):
        found = found.filter(supplier__number=supplier)
    return found


urlpatterns = [
    path("bank-accounts", BankAccounts.as_view({"get": "index"}), name="api-bank-account-list"),
    path(
        "bank-changes", BankChanges.as_view({"get": "index", "post": "create"}), name="api-bank-change-list"
    ),
    path("bank-changes/<uuid:key>", BankChanges.as_view({"get": "show"}), name="api-bank-change"),
]
