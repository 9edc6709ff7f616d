"""What programs read of the desk of accounts payable: its cases, approvals and questions."""

from rest_framework import serializers

from portal.kernel.rest.fields import Day, Exact, Moment, Word, page_of
from procurement.invoices.api.told import InvoiceTold, Signed
from procurement.invoices.states import InvoiceKind, InvoiceState
from procurement.matching.api import InvoiceMatch
from procurement.orders.api import CompanyRef, SupplierRef
from procurement.payables.states import ApprovalState, Asked, QuestionState


class PersonRef(serializers.Serializer):
    """Somebody of the buying side."""

    email = serializers.CharField()
    name = serializers.CharField()


class PaperRef(serializers.Serializer):
    """An invoice, a credit or a debit note by its key."""

    key = serializers.UUIDField()
    number = serializers.CharField()
    kind = Word(choices=InvoiceKind.choices)
    state = Word(choices=InvoiceState.choices)
    supplier = SupplierRef()
    company = CompanyRef()
    total = Signed()
    currency = serializers.CharField()
    due_on = Day(allow_null=True)


class DiscountTold(serializers.Serializer):
    """What can still be taken off by paying early."""

    amount = Signed()
    currency = serializers.CharField()
    until = Day()


class DeskRow(serializers.Serializer):
    """An invoice on the desk."""

    invoice = PaperRef()
    version = serializers.IntegerField(source="invoice.version")
    act_on = Day(
        allow_null=True, help_text="By when somebody should have seen to it: the rank goes by this day first."
    )
    late = serializers.BooleanField(help_text="Whether that day has passed.")
    why = serializers.CharField(help_text="Why it is held, in your language; empty where it is not.")
    acts = serializers.CharField(
        source="invoice.acts", help_text="Whose turn it is; empty while it is matched."
    )
    checks = serializers.ListField(
        source="kinds", child=serializers.CharField(), help_text="What it did not pass, in words."
    )
    asked = serializers.CharField(help_text="Of whom approval is asked, in words.")
    discount = DiscountTold(source="stake", allow_null=True)
    unanswered = serializers.BooleanField(help_text="Whether a question about it is late.")
    sent_at = Moment(source="invoice.sent_at")


DeskPage = page_of(DeskRow, "DeskPage")


class ApprovalTold(serializers.Serializer):
    """One approval that was asked for."""

    key = serializers.UUIDField()
    version = serializers.IntegerField()
    invoice = PaperRef()
    state = Word(choices=ApprovalState.choices)
    round = serializers.IntegerField(help_text="The how manieth time approval of the invoice was asked for.")
    step = serializers.IntegerField()
    role = serializers.CharField(help_text="The role that is asked; empty where a person is.")
    person = PersonRef(allow_null=True)
    reason = serializers.CharField(help_text="Why it should be paid as it is.")
    asked_by = serializers.CharField()
    asked_at = Moment()
    reached_at = Moment(allow_null=True, help_text="When its turn came.")
    answered_by = serializers.CharField()
    answered_at = Moment(allow_null=True)
    for_person = PersonRef(allow_null=True, help_text="For whom a stand-in answered.")
    answer = serializers.CharField()


ApprovalPage = page_of(ApprovalTold, "ApprovalPage")


class QuestionTold(serializers.Serializer):
    """A question about an invoice, with its answer."""

    key = serializers.UUIDField()
    version = serializers.IntegerField()
    asked_of = Word(choices=Asked.choices)
    state = Word(choices=QuestionState.choices)
    question = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = Moment()
    due_at = Moment()
    answer = serializers.CharField()
    answered_by = serializers.CharField()
    answered_at = Moment(allow_null=True)


class QuestionsTold(serializers.Serializer):
    """What was asked about an invoice in all its versions, the oldest first."""

    results = QuestionTold(many=True)


class BookedReceipt(serializers.Serializer):
    """Goods that came, as the ERP booked them."""

    key = serializers.CharField()
    received_on = Day()
    quantity = Exact()
    unit = serializers.CharField()
    reference = serializers.CharField()
    reversed = serializers.BooleanField()


class OrderedTold(serializers.Serializer):
    """What was ordered on a line, and how much of it came."""

    order = serializers.CharField(source="order.number")
    line = serializers.CharField(source="key")
    number = serializers.IntegerField()
    item_number = serializers.CharField()
    quantity = Exact()
    unit = serializers.CharField()
    price = Exact()
    price_per = Exact()
    received_quantity = Exact()


class SideBySideTold(serializers.Serializer):
    """A line of the invoice with what stands against it."""

    position = serializers.IntegerField(source="line.position")
    quantity = Exact(source="line.quantity")
    unit = serializers.CharField(source="line.unit")
    unit_price = Exact(source="line.unit_price")
    price_quantity = Exact(source="line.price_quantity")
    amount = Signed(source="line.amount")
    ordered = OrderedTold(source="line.line", allow_null=True)
    claimed_quantity = Exact(source="before.quantity", help_text="By earlier invoices, less credits.")
    claimed_amount = Signed(source="before.amount")
    receipts = BookedReceipt(many=True)


class DeskCase(serializers.Serializer):
    """An invoice on the desk, with all that stands against it."""

    invoice = InvoiceTold()
    why = serializers.CharField(help_text="Why it is held, in your language; empty where it is not.")
    lines = SideBySideTold(many=True)
    match = InvoiceMatch(allow_null=True, help_text="The match that counts; null: not matched yet.")
    approvals = ApprovalTold(many=True, help_text="Of all rounds, the newest last.")
    questions = QuestionTold(many=True)
    other_papers = PaperRef(many=True, help_text="Other papers on the same order lines.")
    allowed_actions = serializers.ListField(
        child=serializers.CharField(), help_text="What you may do to it now: verbs below its address."
    )
