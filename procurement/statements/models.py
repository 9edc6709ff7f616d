"""Statements of account, their rows beside ours, and the balances that each comparison came to."""

import uuid
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from procurement.invoices.models import AMOUNT
from procurement.statements.states import ItemKind, StatementState, Verdict

ZERO = Decimal(0)


class SupplierStatement(models.Model):
    """What a supplier lists as open with one company at the end of a day, as it came and as it was compared.

    Of a file `table` is kept, with the row that names its columns (`head`, from 0) and which is which, and in `bad`
    what could not be read of it. `revision` counts the comparisons, the newest of which was at `compared_at`.
    `differing` is how many rows do not agree, `gap` the largest distance of the two balances in any currency,
    `gap_currency` that one.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=StatementState.choices, default=StatementState.READ)
    version = models.PositiveIntegerField(default=1)
    stated_on = models.DateField()
    currency = models.CharField(max_length=3)
    file_name = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    table = models.JSONField(default=list)
    head = models.PositiveIntegerField(default=0)
    columns = models.JSONField(default=dict)
    bad = models.JSONField(default=list)
    row_count = models.PositiveIntegerField(default=0)
    on_behalf = models.BooleanField(default=False)
    came_at = models.DateTimeField()
    came_from = models.CharField(max_length=200)
    came_from_user_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20)
    revision = models.PositiveIntegerField(default=0)
    compared_at = models.DateTimeField(null=True)
    compared_by = models.CharField(max_length=200, blank=True)
    differing = models.PositiveIntegerField(default=0)
    gap = models.DecimalField(**AMOUNT, default=ZERO)
    gap_currency = models.CharField(max_length=3, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=200, blank=True)
    settled_note = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="statement_wall"),
            models.CheckConstraint(
                condition=Q(state__in=StatementState.values), name="statement_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["compared", "settled"])
                | Q(compared_at__isnull=False, revision__gte=1) & ~Q(compared_by=""),
                name="statement_compared_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="settled") | Q(settled_at__isnull=False) & ~Q(settled_by=""),
                name="statement_settled_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["supplier", "company", "-came_at"], name="statement_of_supplier"),
            models.Index(
                fields=["differing", "id"], condition=Q(state="compared"), name="statement_differing"
            ),
        ]

    def __str__(self) -> str:
        return f"statement of {self.supplier_id} of {self.stated_on}"

    @property
    def stream(self) -> str:
        return f"statement:{self.key}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be compared."""
        return self.state in (StatementState.READ, StatementState.COMPARED)


class StatementRow(models.Model):
    """A row of a statement beside ours, or what they do not list (`place` is empty then, and so are its own fields).

    `place` is the row in their file. Amounts are signed: what is owed to the supplier is above zero; `open_amount` is
    what is open with them, `our_open` what is open with us, and `difference` the one less the other. `told` is what the
    sentence says: how it stands with us, when it is paid, why it is held, as of the comparison.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    statement = models.ForeignKey(SupplierStatement, on_delete=models.CASCADE, related_name="rows")
    place = models.PositiveIntegerField(null=True)
    kind = models.CharField(max_length=15, choices=ItemKind.choices)
    number = models.CharField(max_length=60, blank=True)
    reference = models.CharField(max_length=100, blank=True)
    dated_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    amount = models.DecimalField(**AMOUNT, null=True)
    open_amount = models.DecimalField(**AMOUNT, default=ZERO)
    currency = models.CharField(max_length=3)
    verdict = models.CharField(max_length=20, choices=Verdict.choices, blank=True)
    our_amount = models.DecimalField(**AMOUNT, null=True)
    our_open = models.DecimalField(**AMOUNT, default=ZERO)
    difference = models.DecimalField(**AMOUNT, default=ZERO)
    told = models.JSONField(default=dict)
    invoice = models.ForeignKey(
        "procurement.Invoice", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    bill = models.ForeignKey(
        "procurement.Bill", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    question = models.TextField(blank=True)
    asked_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "place"], name="statement_row_once"),
            models.CheckConstraint(condition=Q(kind__in=ItemKind.values), name="statement_row_kind_known"),
            models.CheckConstraint(
                condition=Q(verdict__in=["", *Verdict.values]), name="statement_row_verdict_known"
            ),
            models.CheckConstraint(
                condition=Q(verdict="") | Q(difference=F("our_open") - F("open_amount")),
                name="statement_row_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["statement", "verdict", "id"], name="statement_row_by_verdict"),
        ]

    def __str__(self) -> str:
        return f"row {self.place} of statement {self.statement_id}"

    @property
    def is_asked(self) -> bool:
        """Whether a question about it waits for the supplier's answer."""
        return self.asked_at is not None and self.answered_at is None

    @property
    def said_version(self) -> str:
        """When something was said about it last, ISO 8601; empty where nothing was."""
        said_at = self.answered_at or self.asked_at
        return said_at.isoformat() if said_at else ""


class StatementBalance(models.Model):
    """What one comparison of a statement came to in one currency: both balances, and the bridge between them.

    `bridge` says by verdict what the differences add up to, `counts` how many rows have it; theirs and all of the
    bridge come to ours. `stopped` is what of ours is held or disputed, and counts all the same.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    statement = models.ForeignKey(SupplierStatement, on_delete=models.CASCADE, related_name="balances")
    revision = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    theirs = models.DecimalField(**AMOUNT)
    ours = models.DecimalField(**AMOUNT)
    stopped = models.DecimalField(**AMOUNT, default=ZERO)
    bridge = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    compared_at = models.DateTimeField()
    compared_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "revision", "currency"], name="statement_balance_once"
            ),
        ]

    def __str__(self) -> str:
        return f"balance of statement {self.statement_id} in {self.currency}"

    @property
    def gap(self) -> Decimal:
        """By how much our balance is above theirs."""
        return self.ours - self.theirs
