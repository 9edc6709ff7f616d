"""What programs send about onboardings, and what they ask them by."""

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from portal.kernel.rest.fields import Flag, Query, Shape, Text, Whole, WholeInQuery, Word
from suppliers.onboarding.filters import MOST_DAYS
from suppliers.onboarding.policies import LONGEST_COMPANY, LONGEST_REASON, MOST_TARGETS
from suppliers.onboarding.states import ChaseKind, RunState, StepKind

TAGS = ["onboarding"]
REMIND = OpenApiExample(
    "With a sentence", {"words": "We would like to pay you by Friday."}, request_only=True
)


class OnboardingQuery(Query):
    """Which onboardings."""

    state = Word(required=False, choices=RunState.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    step = Word(
        required=False,
        choices=StepKind.choices,
        help_text="Those under way of which this is the first step that waits for them.",
    )
    quiet_days = WholeInQuery(
        required=False,
        max_value=MOST_DAYS,
        help_text="Those that are not ended and in which nothing has moved for as many days or more.",
    )


class SupplierToInvite(Shape):
    """A supplier to be invited."""

    supplier = Text(
        required=False, allow_blank=True, max_length=40, help_text="Its number; empty: a prospect."
    )
    address = Text(
        required=False,
        allow_blank=True,
        max_length=254,
        help_text="Empty: the one of the ERP. Of a prospect it is needed.",
    )
    name = Text(required=False, allow_blank=True, max_length=150, help_text="Of the person.")
    company = Text(
        required=False, allow_blank=True, max_length=LONGEST_COMPANY, help_text="Of a prospect: its name."
    )
    country = Text(
        required=False,
        allow_blank=True,
        max_length=2,
        help_text="Of a prospect: its country, as two letters.",
    )


class NumberOfProspect(Shape):
    """The number that the ERP has for a prospect."""

    number = Text(max_length=40)
    is_same = Flag(
        required=False,
        help_text="The supplier of this number, which the ERP's reading has brought already, is the same company.",
    )


class SuppliersToInvite(Shape):
    """Suppliers to be invited in one go."""

    suppliers = SupplierToInvite(many=True, max_length=MOST_TARGETS)  # type: ignore[call-arg]  # of the list


class OnboardingApproval(Shape):
    """An onboarding is done."""

    version = Whole(required=False, help_text="The version that was looked at; or If-Match.")


class OnboardingDecision(Shape):
    """An onboarding is handed back, refused or taken back, and why."""

    version = Whole(required=False, help_text="The version that was looked at; or If-Match.")
    reason = Text(max_length=LONGEST_REASON, help_text="The supplier reads it.")


class SentenceOfYourOwn(Shape):
    """What a mail says besides its own words."""

    words = Text(
        required=False,
        allow_blank=True,
        max_length=LONGEST_REASON,
        help_text="The supplier reads it, with your name.",
    )


class SomebodyElseToInvite(Shape):
    """Who is invited in place of who was."""

    address = Text(max_length=254)
    name = Text(required=False, allow_blank=True, max_length=150, help_text="Of the person.")


class SuppliersToChase(Shape):
    """Suppliers that are to be written to in one go."""

    suppliers = serializers.ListField(
        child=Text(max_length=40), min_length=1, max_length=MOST_TARGETS, help_text="Their numbers."
    )
    what = Word(
        required=False,
        choices=ChaseKind.choices,
        help_text=(
            "`remind` (usual): the invitation where nobody acts for the supplier yet, else the steps that are open. "
            "`invitation`: the invitation and nothing else."
        ),
    )


class AcceptanceQuery(Query):
    """Of which suppliers."""

    accepted = Word(
        required=False, choices=[("yes", "yes"), ("no", "no")], help_text="Whether the version in force is."
    )
