"""Matches for programs: how an invoice was compared, check by check; of a draft, what would come of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor
from portal.kernel.rest.doors import Doors, ProgramRequest, program_door
from portal.kernel.rest.fields import Moment, Word
from procurement.invoices.queries import find_invoice
from procurement.invoices.states import InvoiceState
from procurement.matching.engine import Acts, Check
from procurement.matching.engine.checks import check_to_json
from procurement.matching.presenters.rows import KIND_WORDS, OUTCOME_WORDS, RESULT_WORDS, check_rows
from procurement.matching.queries import checks_of, current_match
from procurement.matching.services import dry_match
from procurement.matching.states import Trigger
from suppliers.roles import Permission


class MatchCheckTold(serializers.Serializer):
    """One comparison. Figures are exact, as text; where no decimal says them exactly, as a fraction."""

    kind = Word(choices=[(one.value, words) for one, words in KIND_WORDS.items()])
    result = Word(choices=[(one.value, words) for one, words in RESULT_WORDS.items()])
    position = serializers.IntegerField(help_text="The line of the invoice; 0 for the whole of it.")
    order = serializers.CharField(help_text="Number of the order that it was compared with.")
    line = serializers.CharField(help_text="Number of its line.")
    message = serializers.CharField(help_text="Key of the sentence, to branch on.")
    sentence = serializers.CharField(help_text="What it says, in your language.")
    inputs = serializers.DictField(child=serializers.CharField(), help_text="The figures that were compared.")
    limit = serializers.CharField(
        allow_null=True, help_text="How far apart was allowed; null: nothing was measured."
    )
    rule = serializers.CharField(help_text="The tolerance that decided.")
    acts = Word(choices=[(one.value, one.value) for one in Acts])


class InvoiceMatch(serializers.Serializer):
    """How an invoice was compared."""

    made_at = Moment(allow_null=True, help_text="Null: it was tried now, and nothing is kept.")
    trigger = Word(choices=[*Trigger.choices, ("", "Tried")])
    outcome = Word(choices=[(one.value, words) for one, words in OUTCOME_WORDS.items()])
    policy = serializers.CharField(help_text="Name of the matching policy; empty where there is none.")
    tolerances = serializers.CharField(help_text="Name of the tolerances that counted.")
    approves_alone = serializers.BooleanField(help_text="Whether what passes needs nobody.")
    checks = serializers.SerializerMethodField()

    @extend_schema_field(MatchCheckTold(many=True))
    def get_checks(self, told: Any) -> Any:
        """All of them, in their order."""
        return MatchCheckTold(told["checks"], many=True).data


class Matches(Doors):
    """How invoices were compared."""

    @extend_schema(
        operation_id="get_invoice_match",
        summary="How an invoice was compared, check by check",
        description=(
            "The match that counts now; of a draft, or of one that was not matched yet, what would come of it as "
            "things stand (`made_at` is null then). Both sides read the same."
        ),
        tags=["invoices"],
        responses={200: InvoiceMatch},
    )
    @program_door(Permission.INVOICE_VIEW)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        invoice = find_invoice(key, actor=request.actor)
        told: dict[str, Any]
        match = None if invoice.state == InvoiceState.DRAFT else current_match(invoice, actor=request.actor)
        if match is None:
            tried = dry_match(invoice, at=request.at)
            checks = list(tried.checks)
            told = {
                "made_at": None,
                "trigger": "",
                "outcome": tried.outcome.value,
                "policy": tried.approver,
                "tolerances": "",
                "approves_alone": tried.approves_alone,
            }
        else:
            checks = checks_of(match)
            told = {name: getattr(match, name) for name in OF_A_MATCH}
        told["checks"] = told_checks(checks, told["tolerances"], actor=request.actor)
        return Response(InvoiceMatch(told).data)


OF_A_MATCH = ("made_at", "trigger", "outcome", "policy", "tolerances", "approves_alone")


def told_checks(checks: Sequence[Check], policy: str, *, actor: Actor) -> list[dict[str, Any]]:
    """Checks as programs read them, for `MatchCheckTold`."""
    rows = check_rows(checks, policy=policy, actor=actor)
    found = []
    for check, row in zip(checks, rows, strict=True):
        kept = check_to_json(check)
        found.append(
            {
                "kind": row.kind,
                "result": row.result,
                "position": row.position,
                "order": row.order,
                "line": row.line,
                "message": check.message,
                "sentence": row.sentence,
                "inputs": kept["inputs"],
                "limit": kept.get("limit"),
                "rule": row.rule,
                "acts": row.acts,
            }
        )
    return found


urlpatterns = [path("invoices/<uuid:key>/match", Matches.as_view({"get": "show"}), name="api-invoice-match")]
