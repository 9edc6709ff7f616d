"""What is sent to change company data, and to look for it."""

from rest_framework import serializers

from portal.kernel.rest.fields import Flag, Key, Query, Shape, Text, Whole, Word
from suppliers.details.states import AddressKind, ChangeState, ContactRole, IdentifierKind
from suppliers.states import Segment, SupplierState, TradeChannel

TAGS = ["suppliers"]
SEEN = "What was read as `seen` of this part: where it looks otherwise by now, nothing is changed (409)."


class Asked(Shape):
    """What every change may say besides."""

    reason = Text(required=False, allow_blank=True, max_length=500, help_text="For who approves it.")
    seen = Text(required=False, max_length=64, help_text=SEEN)


class LegalSent(Asked):
    """The company before the law."""

    legal_name = Text(max_length=300)
    legal_form = Text(required=False, allow_blank=True, max_length=100)
    country = Text(max_length=2)


class NamesSent(Asked):
    """What the company calls itself in trade."""

    trading_name = Text(allow_blank=True, max_length=300)
    website = Text(allow_blank=True, max_length=300)


class PreferencesSent(Asked):
    """In which language, and when, the company is written to."""

    language = Text(max_length=10)
    time_zone = Text(max_length=60)
    email = Text(allow_blank=True, max_length=254)


class ChannelSent(Asked):
    """How orders reach the company."""

    channel = Word(choices=TradeChannel.choices)


class NumberSent(Asked):
    """A number; `ends` where it is to be no more."""

    kind = Word(choices=IdentifierKind.choices)
    country = Text(required=False, allow_blank=True, max_length=2)
    value = Text(required=False, allow_blank=True, max_length=100)
    ends = Flag(required=False, default=False)


class AddressSent(Asked):
    """An address; `ends` where it is to be no more. Which fields a country needs, a refusal names."""

    kind = Word(choices=AddressKind.choices)
    name = Text(required=False, allow_blank=True, max_length=300)
    line1 = Text(required=False, allow_blank=True, max_length=300)
    line2 = Text(required=False, allow_blank=True, max_length=300)
    district = Text(required=False, allow_blank=True, max_length=200)
    postal_code = Text(required=False, allow_blank=True, max_length=40)
    city = Text(required=False, allow_blank=True, max_length=200)
    region = Text(required=False, allow_blank=True, max_length=200)
    country = Text(required=False, allow_blank=True, max_length=2)
    ends = Flag(required=False, default=False)


class ContactSent(Asked):
    """A contact: a new one without `key`; `ends` where one is to be no more."""

    key = Key(required=False, help_text="Of the contact that is changed.")
    name = Text(required=False, allow_blank=True, max_length=300)
    roles = serializers.ListField(
        child=Word(choices=ContactRole.choices), required=False, max_length=len(ContactRole)
    )
    email = Text(required=False, allow_blank=True, max_length=254)
    telephone = Text(required=False, allow_blank=True, max_length=60)
    language = Text(required=False, max_length=10, default="en")
    ends = Flag(required=False, default=False)


class Decided(Shape):
    """Which version of the change was seen."""

    version = Whole()


class RefusedBecause(Decided):
    """Why the old stands."""

    reason = Text(max_length=500)


class Classified(Shape):
    """Which suppliers, and what is said of them; what is left out stays."""

    suppliers = serializers.ListField(child=Text(max_length=40), max_length=5_000, help_text="Their numbers.")
    segment = Word(choices=Segment.choices, required=False)
    channel = Word(choices=TradeChannel.choices, required=False)
    categories = serializers.ListField(child=Text(max_length=40), max_length=100, required=False)


class ClassifiedDone(serializers.Serializer):
    """How many were otherwise before."""

    changed = serializers.IntegerField()


class SupplierQuery(Query):
    """Which suppliers."""

    q = Text(required=False, max_length=100, help_text="A part of the number, the name or the legal name.")
    segment = Word(required=False, choices=Segment.choices, help_text="The buying side's; only it may ask.")
    channel = Word(required=False, choices=TradeChannel.choices, help_text="How orders reach the supplier.")
    state = Word(required=False, choices=SupplierState.choices, help_text="Active or blocked.")
    country = Text(required=False, max_length=2, help_text="Two letters, ISO 3166-1.")


class DetailChangeQuery(Query):
    """Which changes."""

    state = Word(required=False, choices=ChangeState.choices, help_text="Waiting, or what became of it.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
