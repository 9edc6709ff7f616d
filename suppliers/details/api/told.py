"""What is told of companies and of changes to their data."""

from typing import Any

from rest_framework import serializers

from portal.kernel.rest.fields import Moment, Word, page_of
from suppliers.details.models import ChangeRequest
from suppliers.details.states import AddressKind, ChangeState, ContactRole, IdentifierKind, Part
from suppliers.models import Supplier
from suppliers.states import SupplierState, TradeChannel


class SupplierHead(serializers.Serializer):
    """A supplier. Segment and erp_says are told to the buying side alone."""

    key = serializers.UUIDField()
    number = serializers.CharField(help_text="Its number in the ERP.")
    name = serializers.CharField(help_text="Its name in the ERP.")
    country = serializers.CharField()
    currency = serializers.CharField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    email = serializers.CharField()
    state = Word(choices=SupplierState.choices)
    channel = Word(choices=TradeChannel.choices)
    segment = serializers.SerializerMethodField()
    erp_says = serializers.SerializerMethodField(
        help_text="Of fields that were set here, what the ERP says: by field."
    )

    def get_segment(self, supplier: Supplier) -> str:
        """Empty for a supplier."""
        return supplier.segment if self.context["actor"].is_company else ""

    def get_erp_says(self, supplier: Supplier) -> dict[str, str]:
        """Empty for a supplier."""
        return supplier.erp_says if self.context["actor"].is_company else {}


class NumberTold(serializers.Serializer):
    """A number under which the world knows the company."""

    kind = Word(choices=IdentifierKind.choices)
    country = serializers.CharField(help_text="Empty where all the world has the same numbers.")
    value = serializers.CharField()
    checked = serializers.BooleanField(help_text="Whether a check digit stood up for it.")
    since_at = Moment()
    seen = serializers.CharField()


class AddressTold(serializers.Serializer):
    """An address, by field and as it is printed."""

    kind = Word(choices=AddressKind.choices)
    name = serializers.CharField()
    line1 = serializers.CharField()
    line2 = serializers.CharField()
    district = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    region = serializers.CharField()
    country = serializers.CharField()
    printed = serializers.ListField(child=serializers.CharField())
    since_at = Moment()
    seen = serializers.CharField()


class ContactTold(serializers.Serializer):
    """Somebody who can be reached; not an account."""

    key = serializers.UUIDField()
    name = serializers.CharField()
    roles = serializers.ListField(child=Word(choices=ContactRole.choices))
    email = serializers.CharField()
    telephone = serializers.CharField(help_text="E.164, an extension after `;ext=`.")
    language = serializers.CharField()
    since_at = Moment(help_text="Since when name, mail and telephone are these.")
    seen = serializers.CharField()


class ChangeTold(serializers.Serializer):
    """A change of one part: what stood and what shall stand."""

    key = serializers.UUIDField()
    supplier = serializers.CharField(source="supplier.number")
    part = Word(choices=Part.choices)
    subject = serializers.CharField(help_text="Which one, where a part has several.")
    state = Word(choices=ChangeState.choices)
    version = serializers.IntegerField()
    old = serializers.JSONField(help_text="By field; empty where nothing stood.")
    new = serializers.JSONField(help_text="By field; empty: what stood is to be no more.")
    reason = serializers.CharField(help_text="Empty for a supplier where the buying side asked.")
    requested_at = Moment()
    requested_by = serializers.CharField()
    decided_at = Moment(allow_null=True)
    decided_by = serializers.CharField(help_text="`rule` where it came into force at once.")
    decided_reason = serializers.CharField(help_text="As `reason`.")

    def to_representation(self, instance: ChangeRequest) -> dict[str, Any]:
        """As the reader named in the context may know it; without one, as a supplier may."""
        reason, decided_reason = instance.words_for(self.context.get("actor"))
        told: dict[str, Any] = super().to_representation(instance)
        return told | {"reason": reason, "decided_reason": decided_reason}


class CompanyTold(SupplierHead):
    """A supplier with all of its company data, and the changes that wait."""

    legal_name = serializers.CharField()
    legal_form = serializers.CharField()
    trading_name = serializers.CharField()
    website = serializers.CharField()
    seen = serializers.DictField(child=serializers.CharField(), help_text="Of each part that is there once.")
    categories = serializers.ListField(child=serializers.CharField())
    numbers = NumberTold(many=True)
    addresses = AddressTold(many=True)
    contacts = ContactTold(many=True)
    waiting = ChangeTold(many=True)


class ChangeDone(serializers.Serializer):
    """What became of it. `change` is null where it stood so already."""

    change = ChangeTold(allow_null=True)


SupplierPage = page_of(SupplierHead, "SupplierPage")
ChangePage = page_of(ChangeTold, "DetailChangePage")
