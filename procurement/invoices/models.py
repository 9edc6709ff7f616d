"""Invoices with their lines, charges, taxes and files; and how each company takes and taxes them."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from procurement.invoices.states import (
    LIVE,
    OPEN,
    Acts,
    FileKind,
    InvoiceKind,
    InvoiceState,
    TaxCategory,
)
from procurement.threads.policies import LARGEST_FILE

QUANTITY: dict[str, Any] = {"max_digits": 18, "decimal_places": 6}
PRICE: dict[str, Any] = {"max_digits": 18, "decimal_places": 6}
AMOUNT: dict[str, Any] = {"max_digits": 20, "decimal_places": 4}
RATE: dict[str, Any] = {"max_digits": 8, "decimal_places": 4}
ZERO = Decimal(0)


class Invoice(models.Model):
    """What a supplier claims of one company in one currency, gives back (credit note), or claims besides (debit note).

    One that was sent is never edited: the database refuses it. Its correction is another one that `replaces` it: same
    `document`, next `issue`, under the same number. `number` is the supplier's own, `number_key` that number as it is
    compared (`policies.numbers.number_key`). `supplied_on` is the tax point (EN 16931 BT-7). Payment is due within
    `payment_days` of `invoiced_on`, on `due_on`; who pays within `discount_days` takes off `discount_percent`, which is
    `discount_amount` (worked out once, with the sums). The sums are worked out by services (`policies.sums`): net of
    the lines, document allowances and charges, tax, and what is to be paid. `typed_total` is that as the supplier's own
    paper has it, where it was typed too. A credit note's figures are what it gives back, so they are no less than zero
    either; `corrects` is the invoice that it, or a debit note, is about, `corrects_number` its number where it never
    came this way, and `sheet` the count whose damaged or missing goods it is for.

    `pay_to` is which of its supplier's accounts it asks to be paid to. `asked_account` is the one that its electronic
    form names, in part, and `asked_trace` what it is recognised by (suppliers.banking): one that is not on record holds
    it for accounts payable.

    `held_for` says in a key and its parameters why it does not go on, `acts` whose turn it is, `held_at` since when.
    `state_at` is when it last moved. `bill` is what the ERP booked of it, `pay_on` the day it means to pay, `paid_on`
    the day it did. `early_discount` is what its supplier has agreed to take off for being paid early, on `pay_on`:
    short by that it is paid in full.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=15, choices=InvoiceKind.choices, default=InvoiceKind.INVOICE)
    state = models.CharField(max_length=10, choices=InvoiceState.choices, default=InvoiceState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    document = models.UUIDField(default=uuid.uuid4)
    issue = models.PositiveIntegerField(default=1)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="notes")
    corrects_number = models.CharField(max_length=60, blank=True)
    sheet = models.ForeignKey(
        "procurement.ReceivingSheet", on_delete=models.PROTECT, null=True, related_name="credit_notes"
    )
    reason = models.TextField(blank=True)
    number = models.CharField(max_length=60, blank=True)
    number_key = models.CharField(max_length=60, blank=True)
    invoiced_on = models.DateField(null=True)
    supplied_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    payment_days = models.PositiveSmallIntegerField(null=True)
    discount_percent = models.DecimalField(**RATE, null=True)
    discount_days = models.PositiveSmallIntegerField(null=True)
    currency = models.CharField(max_length=3)
    buyer_reference = models.CharField(max_length=100, blank=True)
    supplier_tax_id = models.CharField(max_length=30, blank=True)
    company_tax_id = models.CharField(max_length=30, blank=True)
    withholding_note = models.TextField(blank=True)
    note = models.TextField(blank=True)
    line_total = models.DecimalField(**AMOUNT, default=ZERO)
    allowance_total = models.DecimalField(**AMOUNT, default=ZERO)
    charge_total = models.DecimalField(**AMOUNT, default=ZERO)
    tax_total = models.DecimalField(**AMOUNT, default=ZERO)
    total = models.DecimalField(**AMOUNT, default=ZERO)
    pay_to = models.ForeignKey(
        "suppliers.BankAccount", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    asked_account = models.CharField(max_length=12, blank=True, db_default="")
    asked_trace = models.CharField(max_length=64, blank=True, db_default="")
    typed_total = models.DecimalField(**AMOUNT, null=True)
    discount_amount = models.DecimalField(**AMOUNT, default=ZERO)
    drafted_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    state_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)
    on_behalf = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=200, blank=True)
    sent_by_user_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20, blank=True)
    held_for = models.JSONField(default=dict)
    acts = models.CharField(max_length=10, choices=Acts.choices, blank=True)
    held_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=200, blank=True)
    approval_reason = models.TextField(blank=True)
    rejected_reason = models.TextField(blank=True)
    end_reason = models.TextField(blank=True)
    pay_on = models.DateField(null=True)
    early_discount = models.DecimalField(**AMOUNT, null=True)
    paid_on = models.DateField(null=True)
    payment_reference = models.CharField(max_length=200, blank=True)
    bill = models.ForeignKey("procurement.Bill", on_delete=models.PROTECT, null=True, related_name="invoices")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="invoice_wall"),
            models.UniqueConstraint(
                fields=["document", "issue"], condition=~Q(state="discarded"), name="invoice_issue_once"
            ),
            # In the ERP's books a debit note is an invoice: they share their numbers.
            models.UniqueConstraint(
                fields=["supplier", "company", "number_key"],
                condition=Q(state__in=list(LIVE), kind__in=["invoice", "debit_note"]),
                name="invoice_number_once",
            ),
            models.UniqueConstraint(
                fields=["supplier", "company", "number_key"],
                condition=Q(state__in=list(LIVE), kind="credit_note"),
                name="invoice_number_once_credited",
            ),
            models.CheckConstraint(condition=Q(kind__in=InvoiceKind.values), name="invoice_kind_known"),
            models.CheckConstraint(condition=Q(state__in=InvoiceState.values), name="invoice_state_known"),
            models.CheckConstraint(condition=Q(acts__in=["", *Acts.values]), name="invoice_acts_known"),
            models.CheckConstraint(condition=Q(issue__gte=1), name="invoice_issue_from_one"),
            models.CheckConstraint(
                condition=~Q(state__in=list(LIVE))
                | (Q(sent_at__isnull=False, invoiced_on__isnull=False) & ~Q(number_key="")),
                name="invoice_sent_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | (Q(held_at__isnull=False) & ~Q(held_for={}) & ~Q(acts="")),
                name="invoice_held_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(rejected_reason=""), name="invoice_rejected_for_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(
                    total=F("line_total") - F("allowance_total") + F("charge_total") + F("tax_total")
                ),
                name="invoice_adds_up",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "scheduled", "paid"])
                | Q(approved_at__isnull=False) & ~Q(approved_by=""),
                name="invoice_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(early_discount__isnull=True)
                | Q(
                    Q(state="approved") | Q(state="scheduled") | Q(state="paid"),
                    early_discount__gt=ZERO,
                    early_discount__lt=F("total"),
                    pay_on__isnull=False,
                ),
                name="invoice_early_only_when_approved",
            ),
        ]
        indexes = [
            models.Index(fields=["supplier", "-updated_at", "-id"], name="invoice_of_supplier"),
            models.Index(fields=["-updated_at", "-id"], name="invoice_newest"),
            models.Index(fields=["updated_at", "id"], name="invoice_moved"),
            models.Index(fields=["supplier", "number_key"], name="invoice_by_number"),
            models.Index(fields=["supplier", "total", "invoiced_on"], name="invoice_by_amount"),
            models.Index(
                fields=["due_on", "id"], condition=Q(state__in=list(OPEN)), name="invoice_open_by_due"
            ),
            models.Index(fields=["bill"], condition=Q(bill__isnull=False), name="invoice_of_bill"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number or self.key}"

    @property
    def stream(self) -> str:
        """One story for all versions of a document."""
        return f"invoice:{self.document}"

    @property
    def is_draft(self) -> bool:
        return self.state == InvoiceState.DRAFT

    @property
    def is_credit(self) -> bool:
        return self.kind == InvoiceKind.CREDIT_NOTE

    @property
    def planned_on(self) -> date | None:
        """The day on which the ERP means to pay; None until it has said so by booking it."""
        return self.pay_on if self.state == InvoiceState.SCHEDULED else None

    @property
    def to_pay(self) -> Decimal:
        """What is to be paid of it: all of it, or less what was agreed for paying early."""
        return self.total - (self.early_discount or ZERO)

    @property
    def sign(self) -> int:
        """Which way it counts: minus one for what is given back."""
        return -1 if self.is_credit else 1


class InvoiceLine(models.Model):
    """What is claimed of one order line, or of nothing that was ordered (`line` and `order` are empty then).

    `unit_price` is for `price_quantity` units. `amount` is net, after the line's own allowances and charges.
    `quantity` is what is claimed, in `unit`; `price_only` says that goods were claimed before and only money moves: the
    quantity of a price that is corrected counts nowhere.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, null=True, related_name="+"
    )
    line = models.ForeignKey(
        "procurement.PurchaseOrderLine", on_delete=models.PROTECT, null=True, related_name="invoice_lines"
    )
    notice_line = models.ForeignKey(
        "procurement.ShipNoticeLine", on_delete=models.PROTECT, null=True, related_name="invoice_lines"
    )
    sheet_line = models.ForeignKey(
        "procurement.SheetLine", on_delete=models.PROTECT, null=True, related_name="invoice_lines"
    )
    position = models.PositiveIntegerField()
    description = models.CharField(max_length=300, blank=True)
    supplier_item = models.CharField(max_length=60, blank=True)
    quantity = models.DecimalField(**QUANTITY, default=ZERO)
    unit = models.CharField(max_length=20, blank=True)
    unit_decimals = models.PositiveSmallIntegerField(default=0)
    unit_price = models.DecimalField(**PRICE, default=ZERO)
    price_quantity = models.DecimalField(**QUANTITY, default=Decimal(1))
    amount = models.DecimalField(**AMOUNT, default=ZERO)
    price_only = models.BooleanField(default=False)
    category = models.CharField(max_length=2, choices=TaxCategory.choices, blank=True)
    tax_rate = models.DecimalField(**RATE, default=ZERO)
    jurisdiction = models.CharField(max_length=60, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="invoice_line_wall"),
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="invoice_line_not_negative"),
            models.CheckConstraint(condition=Q(price_quantity__gt=0), name="invoice_line_price_per_positive"),
            models.CheckConstraint(
                condition=Q(category__in=["", *TaxCategory.values]), name="invoice_line_tax_known"
            ),
            models.CheckConstraint(
                condition=Q(line__isnull=True) | Q(order__isnull=False), name="invoice_line_with_its_order"
            ),
        ]
        indexes = [
            models.Index(fields=["line", "invoice"], name="invoice_line_of_line"),
            models.Index(fields=["order", "invoice"], name="invoice_line_of_order"),
        ]

    def __str__(self) -> str:
        return f"line {self.position} of invoice {self.invoice_id}"


class InvoiceCharge(models.Model):
    """What is added to an invoice or taken off, of the whole or of one line (`of_line`).

    `code` is of UNCL 7161 for a charge (FC freight) and of UNCL 5189 for an allowance (95 discount). With `percent` the
    amount is that share of what it is taken of. `amount` is no less than zero: `is_allowance` says which way it goes.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="charges")
    of_line = models.ForeignKey(InvoiceLine, on_delete=models.CASCADE, null=True, related_name="charges")
    position = models.PositiveIntegerField(default=1)
    is_allowance = models.BooleanField(default=False)
    code = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    percent = models.DecimalField(**RATE, null=True)
    amount = models.DecimalField(**AMOUNT)
    category = models.CharField(max_length=2, choices=TaxCategory.choices, blank=True)
    tax_rate = models.DecimalField(**RATE, default=ZERO)
    jurisdiction = models.CharField(max_length=60, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="invoice_charge_wall"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="invoice_charge_not_negative"),
            models.CheckConstraint(
                condition=Q(category__in=["", *TaxCategory.values]), name="invoice_charge_tax_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{'allowance' if self.is_allowance else 'charge'} {self.code} {self.amount}"


class InvoiceTax(models.Model):
    """The tax of all that is taxed alike: one row for each category, rate and jurisdiction (EN 16931 BG-23)."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="taxes")
    category = models.CharField(max_length=2, choices=TaxCategory.choices)
    tax_rate = models.DecimalField(**RATE, default=ZERO)
    jurisdiction = models.CharField(max_length=60, blank=True)
    base = models.DecimalField(**AMOUNT)
    amount = models.DecimalField(**AMOUNT)
    exemption_reason = models.CharField(max_length=300, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "category", "tax_rate", "jurisdiction"], name="invoice_tax_once"
            ),
            models.CheckConstraint(
                condition=Q(category__in=TaxCategory.values), name="invoice_tax_category_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.tax_rate} % of {self.base}"


class InvoiceFile(models.Model):
    """A file of an invoice, kept in the database like every file (ADR 9): its picture, what proves it, or itself as an
    electronic invoice. `reading` is what was read of a PDF (`einvoices.pictures.Picture`), to be held against the data;
    empty where nobody read it.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField(max_length=10, choices=FileKind.choices)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    reading = models.JSONField(default=dict)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="invoice_file_wall"),
            models.CheckConstraint(condition=Q(kind__in=FileKind.values), name="invoice_file_kind_known"),
            models.CheckConstraint(
                condition=Q(size__gt=0, size__lte=LARGEST_FILE), name="invoice_file_size_within_limit"
            ),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(kind="picture"), name="invoice_has_one_picture"
            ),
        ]
        indexes = [
            models.Index(fields=["invoice", "added_at"], name="invoice_file_of_invoice"),
            models.Index(fields=["supplier", "sha256"], name="invoice_file_same"),
        ]

    def __str__(self) -> str:
        return self.name


class UploadedInvoices(models.Model):
    """A file of invoices as it was read, kept from its preview until drafts are made of it: nothing is lost.

    A `sheet` has its `table` (cell by cell), which of its columns is which of ours (`columns`, by place), in which row
    their names stand (`head`, 0: the first), and its `rows` as they were understood (`messages.InvoiceRow`). An
    `einvoice` has its `content`, what it says (`told`: the invoice by the terms of EN 16931, what is wrong with it,
    what had no place) and what was answered about it (`answers`: the company, the order line of each line). `plan` is
    what would become of the file when it was looked at last, at `planned_at`; `result` what became of it. `digest` is
    the SHA-256 of the file: it names a file that comes twice. A buyer's file may write for many suppliers: it has none,
    and no supplier sees it.
    """

    SHEET, EINVOICE = "sheet", "einvoice"

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=10)
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    content = models.BinaryField(default=bytes)
    table = models.JSONField(default=list)
    head = models.PositiveIntegerField(default=0)
    columns = models.JSONField(default=dict)
    rows = models.JSONField(default=list)
    told = models.JSONField(default=dict)
    answers = models.JSONField(default=dict)
    plan = models.JSONField(default=dict)
    planned_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    created_by_user_id = models.BigIntegerField(null=True)
    applied_at = models.DateTimeField(null=True)
    applied_by = models.CharField(max_length=200, blank=True)
    result = models.JSONField(default=dict)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["sheet", "einvoice"]), name="uploaded_invoices_kind_known"
            ),
        ]
        indexes = [
            models.Index(fields=["supplier", "-created_at"], name="uploaded_invoices_newest"),
            models.Index(fields=["digest"], name="uploaded_invoices_digest"),
        ]

    def __str__(self) -> str:
        return f"uploaded invoices {self.file_name}"


class InvoicingProfile(models.Model):
    """How a company takes invoices: whether any without an order, in which formats, under which name and tax id.

    `claims_received` says that what can be claimed is what was received, not what was ordered (three-way); the matching
    policy, where there is one, says it more closely. `address` is what stands on an invoice as the one who pays.
    """

    id = models.BigAutoField(primary_key=True)
    company = models.OneToOneField(
        "procurement.Company", on_delete=models.PROTECT, related_name="invoicing_profile"
    )
    version = models.PositiveIntegerField(default=1)
    allow_without_order = models.BooleanField(default=False)
    claims_received = models.BooleanField(default=True)
    einvoice_formats = models.JSONField(default=list)
    company_tax_id = models.CharField(max_length=30, blank=True)
    name = models.CharField(max_length=200, blank=True)
    address = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"how {self.company_id} takes invoices"


class InvoiceTaxChoice(models.Model):
    """A tax that may stand on an invoice to a company: category, rate, jurisdiction, as people call it.

    `is_usual` is the one that a new line begins with.
    """

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="invoice_taxes")
    category = models.CharField(max_length=2, choices=TaxCategory.choices)
    rate = models.DecimalField(**RATE, default=ZERO)
    jurisdiction = models.CharField(max_length=60, blank=True)
    label = models.CharField(max_length=100)
    exemption_reason = models.CharField(max_length=300, blank=True)
    is_usual = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "category", "rate", "jurisdiction"], name="invoice_tax_choice_once"
            ),
            models.CheckConstraint(
                condition=Q(category__in=TaxCategory.values), name="invoice_tax_choice_known"
            ),
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lt=100), name="invoice_tax_choice_rate"),
            models.UniqueConstraint(
                fields=["company"], condition=Q(is_usual=True), name="invoice_tax_one_is_usual"
            ),
        ]

    def __str__(self) -> str:
        return self.label
