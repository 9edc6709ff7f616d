"""What programs send to the desk of accounts payable, and what they ask it by."""

from rest_framework import serializers

from portal.kernel.rest.fields import Exact, Flag, Key, Query, Shape, Text, Whole, Word
from procurement.invoices.policies.checks import MOST_LINES
from procurement.invoices.states import OPEN, InvoiceState
from procurement.payables.engine import LONGEST_WHY
from procurement.payables.queries.desk import OURS, VIEWS
from procurement.payables.services.approvals import LONGEST_REASON
from procurement.payables.services.parting import LONGEST_WHOLE
from procurement.payables.states import ApprovalState, Asked, Why


class SeenCase(Shape):
    """The version of the invoice that you have seen."""

    version = Whole(
        required=False, min_value=1, help_text="Of the invoice as you saw it. Owed unless you send If-Match."
    )


class ReasonedCase(SeenCase):
    """Something that is done to an invoice, and why: the reason is kept with it."""

    reason = Text(max_length=LONGEST_REASON)


class RejectedCase(ReasonedCase):
    """Why an invoice is rejected, and whether it is the same as another."""

    is_same = Flag(
        required=False,
        help_text="It is the invoice that the match suspects it to repeat: its supplier has nothing to correct.",
    )


class QuestionAsked(SeenCase):
    """A question about an invoice."""

    asked_of = Word(choices=Asked.choices)
    question = Text(max_length=LONGEST_REASON)


class ShortenedLine(Shape):
    """What of a line is paid, where that is not all of it."""

    position = Whole(min_value=1, help_text="The line of the invoice.")
    quantity = Exact(
        required=False, help_text="How many of its units are paid; all of them where it is left out."
    )
    unit_price = Exact(required=False, help_text="At which price; as claimed where it is left out.")
    amount = Exact(required=False, help_text="How much of its net amount is taken off besides.")
    reason = Text(
        required=False,
        allow_blank=True,
        max_length=LONGEST_WHY,
        help_text="Why; else the reason of the whole.",
    )


class ShortenedCharge(Shape):
    """How much of a charge is paid, where that is not all of it."""

    position = Whole(
        min_value=1, help_text="Its place among the charges and allowances of the whole invoice, from 1."
    )
    amount = Exact(help_text="How much of it is paid, without tax.")


class PaidShort(SeenCase):
    """An invoice is accepted, and a credit note written for the supplier takes off what is not due: of lines, of
    charges, or of both.
    """

    reason = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=LONGEST_WHOLE,
        help_text="Why, as the supplier reads it. Owed where a charge is cut or a line says nothing of its own.",
    )
    lines = serializers.ListField(
        child=ShortenedLine(),
        required=False,
        default=list,
        max_length=MOST_LINES,
        help_text="Each line once.",
    )
    charges = serializers.ListField(
        child=ShortenedCharge(),
        required=False,
        default=list,
        max_length=MOST_LINES,
        help_text="Each charge once. A percentage goes with the lines.",
    )
    number = Text(required=False, allow_blank=True, max_length=60, help_text="Of that credit note.")


class WordOnApproval(Shape):
    """A yes. A word with it is kept, and owed to nobody."""

    version = Whole(
        required=False, min_value=1, help_text="Of the approval as you saw it. Owed unless you send If-Match."
    )
    reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)


class NoToApproval(WordOnApproval):
    """A no, and why."""

    reason = Text(max_length=LONGEST_REASON)


class AnswerGiven(Shape):
    """The answer to a question."""

    version = Whole(
        required=False, min_value=1, help_text="Of the question as you saw it. Owed unless you send If-Match."
    )
    answer = Text(max_length=LONGEST_REASON)


class DeskQuery(Query):
    """Which invoices of the desk."""

    view = Word(
        required=False,
        choices=[(view, view) for view in VIEWS],
        default=OURS,
        help_text=(
            "ours: accounts payable acts; approval: somebody is asked to approve; supplier: the supplier acts; inside: "
            "the buyer or receiving acts; waits: it goes on by itself; all."
        ),
    )
    state = Word(required=False, choices=[(str(one), InvoiceState(one).label) for one in OPEN])
    why = Word(required=False, choices=Why.choices, help_text="That did not pass this check.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    q = Text(
        required=False, max_length=60, help_text="In its number, its supplier's name, or an order's number."
    )


class ApprovalQuery(Query):
    """Which approvals."""

    asked_of = Text(
        required=False,
        max_length=254,
        help_text="Those that somebody can give now, by mail address; `me` for the person you act for.",
    )
    state = Word(required=False, choices=ApprovalState.choices)
    invoice = Key(required=False, help_text="The key of an invoice.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
