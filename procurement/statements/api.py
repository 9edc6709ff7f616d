"""Statements of account for programs: what is open in a supplier's books in one call, and how each row stands."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor
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
from portal.kernel.rest.fields import Day, Exact, Moment, Query, Shape, Text, Word, page_of
from portal.kernel.rest.schema import WRITES
from procurement.invoices.api.told import Signed
from procurement.orders.api import CompanyRef, SupplierRef
from procurement.statements.messages import Item, KeepStatement
from procurement.statements.models import StatementBalance, StatementRow, SupplierStatement
from procurement.statements.policies import kind_of, signed
from procurement.statements.presenters import is_hidden_draft, sentence_of
from procurement.statements.queries import balances_of, find_statement, rows_of, visible_statements
from procurement.statements.services import compare_statement, keep_statement, parties_of
from procurement.statements.states import ItemKind, StatementState, Verdict
from suppliers.roles import Permission

MOST_ROWS = 5_000

# --- what is sent -------------------------------------------------------------------------------------------


class SentRow(Shape):
    """A paper that is open in the supplier's books, or a payment that is set against none."""

    kind = Word(choices=ItemKind.choices, default=ItemKind.INVOICE)
    number = Text(required=False, allow_blank=True, max_length=60, help_text="Needed for all but payments.")
    dated_on = Day(required=False)
    due_on = Day(required=False)
    amount = Exact(required=False, help_text="What it came to.")
    open = Exact(
        required=False,
        help_text="What is left of it; `amount` if left out. Credit notes and payments take off by their kind.",
    )
    currency = Text(required=False, max_length=3, help_text="The usual one of the supplier if left out.")
    reference = Text(
        required=False, allow_blank=True, max_length=100, help_text="Of a payment: the payer's reference."
    )


class NewStatement(Shape):
    """What is open at the end of a day, whole. It is compared at once."""

    stated_on = Day(help_text="The day whose end it shows.")
    company = Text(
        required=False, max_length=20, help_text="The code of the company, where there are several."
    )
    supplier = Text(required=False, max_length=40, help_text="Whose it is: for the buying side alone.")
    rows = serializers.ListField(child=SentRow(), max_length=MOST_ROWS)


# --- what is told -------------------------------------------------------------------------------------------


class StatementRowTold(serializers.Serializer):
    """A row beside ours. Amounts are signed: what is owed to the supplier is above zero."""

    row = serializers.IntegerField(
        source="place",
        allow_null=True,
        help_text="Its place in what was sent; null: it is not in their list.",
    )
    kind = Word(choices=ItemKind.choices)
    number = serializers.CharField()
    reference = serializers.CharField()
    dated_on = Day(allow_null=True)
    due_on = Day(allow_null=True)
    currency = serializers.CharField()
    amount = Signed(allow_null=True)
    open = Signed(source="open_amount")
    our_amount = Signed(allow_null=True)
    our_open = Signed()
    difference = Signed(help_text="What is open with us, less what is open with them.")
    verdict = Word(choices=[*Verdict.choices, ("", "Not compared")])
    sentence = serializers.SerializerMethodField(help_text="The same for people.")
    invoice = serializers.SerializerMethodField()
    question = serializers.CharField()
    answer = serializers.CharField()

    def get_sentence(self, row: StatementRow) -> str:
        """How it stands, in the reader's language."""
        return sentence_of(row, self.context["actor"]) if row.verdict else ""

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_invoice(self, row: StatementRow) -> Any:
        """The invoice beside it, by its key; null where there is none of ours."""
        if row.invoice is None or is_hidden_draft(row, self.context["actor"]):
            return None
        return str(row.invoice.key)


class BalanceTold(serializers.Serializer):
    """Both sides in one currency; theirs and all of the bridge come to ours."""

    currency = serializers.CharField()
    theirs = Signed()
    ours = Signed()
    stopped = Signed(help_text="What of ours is held or disputed. It counts all the same.")
    bridge = serializers.DictField(
        child=serializers.CharField(), help_text="By verdict, what its rows differ by. Decimals as text."
    )
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="By verdict, how many rows.")


class StatementHead(serializers.Serializer):
    """A statement of account and how far it is."""

    key = serializers.UUIDField()
    state = Word(choices=StatementState.choices)
    version = serializers.IntegerField()
    supplier = SupplierRef()
    company = CompanyRef()
    stated_on = Day()
    on_behalf = serializers.BooleanField(help_text="Accounts payable uploaded it for the supplier.")
    came_at = Moment()
    came_from = serializers.CharField()
    revision = serializers.IntegerField(help_text="How often it was compared.")
    compared_at = Moment(allow_null=True)
    differing = serializers.IntegerField(help_text="How many rows do not agree.")
    gap = Signed(help_text="Ours less theirs, in the currency where both are furthest apart.")
    gap_currency = serializers.CharField()
    settled_at = Moment(allow_null=True)
    settled_by = serializers.CharField()
    settled_note = serializers.CharField()


class StatementTold(StatementHead):
    """A statement with its balances and rows."""

    balances = BalanceTold(many=True)
    rows = StatementRowTold(many=True)


StatementPage = page_of(StatementHead, "StatementPage")


class StatementQuery(Query):
    """Which statements."""

    state = Word(required=False, choices=StatementState.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    company = Text(required=False, max_length=20, help_text="The code of a company.")


# --- doors --------------------------------------------------------------------------------------------------


def _item(place: int, sent: Mapping[str, Any], currency: str) -> Item:
    amount, rest = sent.get("amount"), sent.get("open")
    if amount is None and rest is None:
        message = _("The row says no amount.")
        raise Invalid(message, [Problem("open", message, "", "required", str(place))])
    kind = kind_of(sent["kind"])
    return Item(
        row=place,
        kind=kind,
        number=sent.get("number", "").strip(),
        open=signed(kind, rest if rest is not None else amount),  # type: ignore[arg-type]  # one of both is there
        currency=sent.get("currency", currency).upper(),
        amount=None if amount is None else signed(kind, amount),
        dated_on=sent.get("dated_on"),
        due_on=sent.get("due_on"),
        reference=sent.get("reference", ""),
    )


def _told(statement: SupplierStatement, actor: Actor) -> dict[str, Any]:
    balances: list[StatementBalance] = balances_of(statement)
    head = StatementHead(statement).data
    rows = StatementRowTold(rows_of(statement), many=True, context={"actor": actor}).data
    return {**head, "balances": BalanceTold(balances, many=True).data, "rows": rows}


LISTED = OpenApiExample(
    "Two invoices, and a payment that is set against none",
    {
        "stated_on": "2026-03-31",
        "rows": [
            {"number": "INV-2026-0042", "dated_on": "2026-03-02", "amount": "119.00", "open": "119.00"},
            {"number": "INV-2026-0043", "open": "59.50"},
            {"kind": "payment", "number": "B-771", "amount": "40.00", "reference": "RUN-12"},
        ],
    },
    request_only=True,
)
TAGS = ["invoices"]


class Statements(Doors):
    """Statements of account."""

    @extend_schema(
        operation_id="list_statements",
        summary="List statements of account",
        description="In the order in which they came. What was only read is told to its own side alone.",
        tags=TAGS,
        parameters=[StatementQuery],
        responses={200: StatementPage},
    )
    @program_door(Permission.INVOICE_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(StatementQuery, request)
        same = {"state": "state", "supplier": "supplier__number", "company": "company__code"}
        wanted = wanted_of(asked, same)
        found = visible_statements(request.actor).exclude(state=StatementState.DISCARDED).filter(**wanted)
        return answer_page(
            request,
            found,
            asked,
            order=("came_at", "id"),
            told=lambda rows: StatementHead(rows, many=True).data,
        )

    @extend_schema(
        operation_id="create_statement",
        summary="Send a statement of account",
        description=(
            "What is open in the supplier's books is held against ours at once. The answer says of each row how it "
            "stands, lists what is open with us and not in the list, and leads from their balance to ours. It takes "
            "the place of earlier statements that are not settled."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=NewStatement,
        responses={201: StatementTold},
        examples=[LISTED],
    )
    @program_door(Permission.INVOICE_WRITE)
    def create(self, request: ProgramRequest) -> Response:
        sent = read(NewStatement, request.data)
        number, code = sent.get("supplier", ""), sent.get("company", "")
        supplier, company = parties_of(number, code, actor=request.actor)
        currency = supplier.currency or company.currency
        items = [_item(place, row, currency) for place, row in enumerate(sent["rows"], start=1)]
        command = KeepStatement(
            stated_on=sent["stated_on"], supplier=number, company=company.code, currency=currency, items=items
        )
        kept, _is_new = keep_statement(command, actor=request.actor, at=request.at)
        compare_statement(kept.key, actor=request.actor, at=request.at)
        found = find_statement(kept.key, actor=request.actor)
        return Response(_told(found, request.actor), status=201)

    @extend_schema(
        operation_id="get_statement",
        summary="Read one statement of account",
        description="With its balances, the bridge between them, and every row.",
        tags=TAGS,
        responses={200: StatementTold},
    )
    @program_door(Permission.INVOICE_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(_told(find_statement(key, actor=request.actor), request.actor))

    @extend_schema(
        operation_id="compare_statement",
        summary="Compare a statement of account again",
        description="As our books are now. Not possible once it is settled or replaced.",
        tags=TAGS,
        parameters=WRITES,
        request=None,
        responses={200: StatementTold},
    )
    @program_door(Permission.INVOICE_WRITE)
    def compare(self, request: ProgramRequest, key: UUID) -> Response:
        compare_statement(key, actor=request.actor, at=request.at)
        return Response(_told(find_statement(key, actor=request.actor), request.actor))


urlpatterns = [
    path("statements", Statements.as_view({"get": "browse", "post": "create"}), name="api-statement-list"),
    path("statements/<uuid:key>", Statements.as_view({"get": "read"}), name="api-statement"),
    path(
        "statements/<uuid:key>/compare", Statements.as_view({"post": "compare"}), name="api-statement-compare"
    ),
]
