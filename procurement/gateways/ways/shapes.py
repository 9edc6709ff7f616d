"""The shapes of what gateways send: strict, so that a misspelt field is told and never passed over."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.kernel.rest.fields import Day, Exact, Moment, Shape, Text, Word
from procurement.gateways.policies import MILESTONES_OF, milestone_of
from procurement.labels.numbers import BadNumber, read_sscc
from procurement.receipts.states import Rest
from procurement.shipments.states import MilestoneKind

NAMES = ("sscc", "tracking_number", "notice", "bill_of_lading")
LONGEST_ID = 120


class Sscc(Text):
    """The number of a package: 18 digits with the right check digit; spaces and (00) may be there."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return read_sscc(super().to_internal_value(data))
        except BadNumber as problem:
            raise serializers.ValidationError(str(problem), code="sscc") from problem


class ConsignmentShape(Shape):
    """By what a consignment is known. One name is enough; all that are known here must mean the same one."""

    sscc = Sscc(required=False, max_length=40)
    tracking_number = Text(required=False, max_length=60)
    notice = Text(required=False, max_length=60)
    bill_of_lading = Text(required=False, max_length=60)
    supplier = Text(required=False, max_length=40)
    company = Text(required=False, max_length=20)
    site = Text(required=False, max_length=40)

    default_error_messages = {
        "no_name": _("Name the consignment: by sscc, tracking_number, notice or bill_of_lading."),
        "no_supplier": _("A ship notice’s number needs its supplier beside it: two may use the same one."),
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A name there must be, and a number that only one supplier uses."""
        if not any(attrs.get(name) for name in NAMES):
            raise serializers.ValidationError(self.error_messages["no_name"], code="required")
        if attrs.get("notice") and not attrs.get("supplier") and not self.context["one_supplier"]:
            raise serializers.ValidationError(
                {"supplier": [self.error_messages["no_supplier"]]}, code="required"
            )
        return attrs


class MilestoneShape(Shape):
    """What happened to one consignment on its way: in a word of ours, or in a standard code."""

    id = Text(required=False, max_length=80)
    kind = Word(required=False, choices=MilestoneKind.choices)
    code_list = Word(required=False, choices=[(name, name) for name in MILESTONES_OF])
    code = Text(required=False, max_length=10)
    happened_at = Moment()
    place = Text(required=False, allow_blank=True, max_length=100)
    estimated_on = Day(required=False)
    note = Text(required=False, allow_blank=True, max_length=500)
    consignment = ConsignmentShape()

    default_error_messages = {
        "one_word": _("Say what happened either as kind, or as code together with code_list."),
        "unknown_code": _("This code is not known here. Send the kind, or ask for the code to be added."),
        "no_day": _("Say on which day the goods arrive."),
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One word for what happened; a standard code becomes it, or an empty one where it is no milestone."""
        code, code_list = attrs.pop("code", ""), attrs.pop("code_list", "")
        if bool(attrs.get("kind")) == bool(code or code_list) or bool(code) != bool(code_list):
            raise serializers.ValidationError({"kind": [self.error_messages["one_word"]]}, code="required")
        if code:
            kind = milestone_of(code_list, code)
            if kind is None:
                raise serializers.ValidationError(
                    {"code": [self.error_messages["unknown_code"]]}, code="unknown_code"
                )
            attrs["kind"], attrs["code"] = kind, code.strip().upper()
        if attrs["kind"] == MilestoneKind.ESTIMATED and not attrs.get("estimated_on"):
            raise serializers.ValidationError(
                {"estimated_on": [self.error_messages["no_day"]]}, code="required"
            )
        return attrs


class CountLineShape(Shape):
    """What was counted of one order line, in its unit."""

    order = Text(max_length=60)
    line_key = Text(max_length=120)
    quantity = Exact()
    damaged = Exact(required=False)
    lot = Text(required=False, allow_blank=True, max_length=60)
    note = Text(required=False, allow_blank=True, max_length=500)
    rest = Word(choices=Rest.values, required=False)


class CountShape(Shape):
    """A finished count of what stood on a dock: with the ship notice it came with, or its delivery note."""

    id = Text(max_length=80)
    company = Text(max_length=20)
    supplier = Text(max_length=40)
    received_on = Day()
    notice = Text(required=False, max_length=60)
    delivery_note = Text(required=False, max_length=60)
    site = Text(required=False, max_length=40)
    note = Text(required=False, allow_blank=True, max_length=500)
    lines = serializers.ListField(child=CountLineShape(), allow_empty=False, max_length=2_000)
