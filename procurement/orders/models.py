"""An order as the ERP asked for it, its revisions, and the promises made on it."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from portal.kernel.scope import ScopedQuerySet
from procurement.orders.states import (
    Agreement,
    DocumentState,
    Finance,
    Logistics,
    OrderState,
    PromiseKind,
    PromiseState,
    Reason,
    RevisionStatus,
    Turn,
)

QUANTITY: dict[str, Any] = {"max_digits": 18, "decimal_places": 6}
PRICE: dict[str, Any] = {"max_digits": 18, "decimal_places": 6}
AMOUNT: dict[str, Any] = {"max_digits": 20, "decimal_places": 4}

# The conditions of indexes: lists of what is open must say exactly this to find them (`filters.rows`).
ORDER_IS_OPEN = Q(state="issued") & ~Q(logistics__in=["received", "closed_short"])
LINE_IS_OPEN = Q(cancelled=False, closed=False, received_quantity__lt=F("quantity"))


class PurchaseOrder(models.Model):
    """What a company asks a supplier for. The ERP owns it; the portal owns the promise on its lines.

    The status fields and counts are computed from the lines (`policies.roll_up`) and kept for lists. `updated_at` is
    when anything of it last moved, whichever side moved it: who mirrors orders reads from there. The supplier has
    from `answer_asked_at` to `acknowledge_by_at` to answer what waits for it.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="orders")
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="orders")
    number = models.CharField(max_length=60)
    kind = models.CharField(max_length=30, default="standard")
    state = models.CharField(max_length=10, choices=OrderState.choices, default=OrderState.ISSUED)
    version = models.PositiveIntegerField(default=1)
    revision = models.PositiveIntegerField(default=1)
    erp_revision = models.CharField(max_length=40, blank=True)
    content_hash = models.CharField(max_length=64)
    erp_stamp = models.DateTimeField(null=True)
    currency = models.CharField(max_length=3)
    ordered_on = models.DateField()
    received_at = models.DateTimeField()
    revised_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_default=Now())
    answer_asked_at = models.DateTimeField(null=True)
    acknowledge_by_at = models.DateTimeField(null=True)
    ship_to = models.ForeignKey("procurement.Site", on_delete=models.PROTECT, null=True, related_name="+")
    payment_terms = models.CharField(max_length=200, blank=True)
    incoterm = models.CharField(max_length=3, blank=True)
    incoterm_place = models.CharField(max_length=100, blank=True)
    buyer_code = models.CharField(max_length=60, blank=True)
    buyer_name = models.CharField(max_length=150, blank=True)
    buyer_email = models.EmailField(blank=True)
    note = models.TextField(blank=True)
    supplier_reference = models.CharField(max_length=60, blank=True)

    agreement = models.CharField(max_length=10, choices=Agreement.choices, default=Agreement.AWAITING)
    revision_status = models.CharField(
        max_length=10, choices=RevisionStatus.choices, default=RevisionStatus.CURRENT
    )
    logistics = models.CharField(max_length=20, choices=Logistics.choices, default=Logistics.NOTHING_SHIPPED)
    finance = models.CharField(max_length=20, choices=Finance.choices, default=Finance.NOT_INVOICED)
    line_count = models.PositiveIntegerField(default=0)
    lines_agreed = models.PositiveIntegerField(default=0)
    lines_for_supplier = models.PositiveIntegerField(default=0)
    lines_for_buyer = models.PositiveIntegerField(default=0)
    total_amount = models.DecimalField(**AMOUNT, default=Decimal(0))
    next_delivery_on = models.DateField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="order_number_once"),
            models.UniqueConstraint(fields=["id", "supplier"], name="order_wall"),
            models.CheckConstraint(condition=Q(state__in=OrderState.values), name="order_state_known"),
            models.CheckConstraint(condition=Q(agreement__in=Agreement.values), name="order_agreement_known"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="order_revision_from_one"),
        ]
        indexes = [
            models.Index(fields=["supplier", "-ordered_on", "-id"], name="order_of_supplier"),
            models.Index(fields=["-ordered_on", "-id"], name="order_newest"),
            models.Index(fields=["supplier", "updated_at", "id"], name="order_of_supplier_moved"),
            models.Index(fields=["updated_at", "id"], name="order_moved"),
            models.Index(
                fields=["supplier", "acknowledge_by_at", "id"],
                condition=Q(lines_for_supplier__gt=0),
                name="order_waits_for_supplier",
            ),
            models.Index(
                fields=["acknowledge_by_at", "id"],
                condition=Q(lines_for_buyer__gt=0),
                name="order_waits_for_buyer",
            ),
            models.Index(fields=["next_delivery_on", "id"], condition=ORDER_IS_OPEN, name="order_open"),
            GinIndex(fields=["number"], opclasses=["gin_trgm_ops"], name="order_number_search"),
        ]

    def __str__(self) -> str:
        return f"Order {self.number}"

    @property
    def stream(self) -> str:
        return f"order:{self.key}"


class OrderRevision(models.Model):
    """One version of an order as the ERP sent it. Immutable once stored: the login may not update or delete it.

    `paper` is the whole order as sent; `changes` lists what moved against the revision before, field by field,
    and whether each change reopened its line.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    erp_revision = models.CharField(max_length=40, blank=True)
    received_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)
    paper = models.JSONField()
    changes = models.JSONField(default=list)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="revision_once")]

    def __str__(self) -> str:
        return f"revision {self.number} of order {self.order_id}"


class PurchaseOrderLine(models.Model):
    """One line: what is asked (the ERP's), where both sides stand, and what happened.

    `key` is the ERP's line key. `asked_revision` is the newest revision that changed something that matters on this
    line, `agreed_revision` the one the agreement refers to, `touched_version` the order's version when its promise side
    last moved: who answers or decides on an older version is told so. `price` is for `price_per` units.
    `last_schedule_key` is the highest key any of its deliveries ever had.

    `shipped_quantity` is all that ship notices say has left, or that was received without one; `on_the_way` is what of
    it is not here yet, as [quantity, day] each. Both are the portal's, like the promise. So is `claimed_quantity`: what
    invoices of the supplier claim here, less what is given back; `invoiced_quantity` is what the ERP has booked.

    Asked are the days from `delivery_on` to `last_delivery_on`; `expected_on` is the day of the last delivery as
    planning should see it, `next_delivery_on` that of the earliest one not yet here.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="lines")
    key = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    item_number = models.CharField(max_length=60)
    description = models.CharField(max_length=300, blank=True)
    gtin = models.CharField(max_length=14, blank=True)
    supplier_part_number = models.CharField(max_length=60, blank=True)
    search = models.TextField(blank=True)
    quantity = models.DecimalField(**QUANTITY)
    unit = models.CharField(max_length=20)
    unit_decimals = models.PositiveSmallIntegerField(default=0)
    price = models.DecimalField(**PRICE)
    price_per = models.DecimalField(**QUANTITY, default=Decimal(1))
    amount = models.DecimalField(**AMOUNT)
    delivery_on = models.DateField()
    last_delivery_on = models.DateField(null=True)
    expected_on = models.DateField()
    next_delivery_on = models.DateField(null=True)
    ship_to = models.ForeignKey("procurement.Site", on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)
    cancelled = models.BooleanField(default=False)
    closed = models.BooleanField(default=False)
    shipped_quantity = models.DecimalField(**QUANTITY, default=Decimal(0), db_default=Decimal(0))
    on_the_way = models.JSONField(default=list, db_default=Value([], output_field=models.JSONField()))
    received_quantity = models.DecimalField(**QUANTITY, default=Decimal(0))
    invoiced_quantity = models.DecimalField(**QUANTITY, default=Decimal(0))
    claimed_quantity = models.DecimalField(**QUANTITY, default=Decimal(0), db_default=Decimal(0))
    asked_revision = models.PositiveIntegerField(default=1)
    agreed_revision = models.PositiveIntegerField(null=True)
    touched_version = models.PositiveIntegerField(default=1)
    last_schedule_key = models.PositiveIntegerField(default=0, db_default=0)
    agreement = models.CharField(max_length=10, choices=Agreement.choices, default=Agreement.AWAITING)
    logistics = models.CharField(max_length=20, choices=Logistics.choices, default=Logistics.NOTHING_SHIPPED)
    finance = models.CharField(max_length=20, choices=Finance.choices, default=Finance.NOT_INVOICED)
    turn = models.CharField(max_length=10, choices=Turn.choices, default=Turn.SUPPLIER, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "key"], name="line_key_once"),
            models.UniqueConstraint(fields=["id", "supplier"], name="line_wall"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_quantity_positive"),
            models.CheckConstraint(condition=Q(price_per__gt=0), name="line_price_per_positive"),
            models.CheckConstraint(condition=Q(price__gte=0), name="line_price_not_negative"),
            models.CheckConstraint(condition=Q(agreement__in=Agreement.values), name="line_agreement_known"),
            models.CheckConstraint(condition=Q(turn__in=Turn.values), name="line_turn_known"),
        ]
        indexes = [
            models.Index(fields=["supplier", "delivery_on", "id"], name="line_of_supplier"),
            models.Index(fields=["delivery_on", "id"], name="line_by_delivery"),
            models.Index(
                fields=["supplier", "delivery_on", "id"],
                condition=Q(turn="supplier"),
                name="line_waits_for_supplier",
            ),
            models.Index(
                fields=["delivery_on", "id"], condition=Q(turn="buyer"), name="line_waits_for_buyer"
            ),
            models.Index(
                fields=["delivery_on", "id"], condition=Q(turn="supplier"), name="line_waits_by_delivery"
            ),
            # What is open, stale or not agreed is little of what there is after a few years.
            models.Index(fields=["delivery_on", "id"], condition=LINE_IS_OPEN, name="line_open_by_delivery"),
            models.Index(
                fields=["supplier", "delivery_on", "id"], condition=LINE_IS_OPEN, name="line_open_of_supplier"
            ),
            models.Index(fields=["expected_on", "id"], condition=LINE_IS_OPEN, name="line_open_by_expected"),
            models.Index(fields=["next_delivery_on", "id"], condition=LINE_IS_OPEN, name="line_open_by_next"),
            # What is on its way of an item, and what one supplier delivered of it lately.
            models.Index(fields=["item_number", "id"], condition=LINE_IS_OPEN, name="line_open_of_item"),
            models.Index(fields=["item_number", "supplier", "-delivery_on"], name="line_of_item"),
            models.Index(
                fields=["delivery_on", "id"],
                condition=Q(agreed_revision__lt=F("asked_revision")),
                name="line_stale",
            ),
            models.Index(
                fields=["agreement", "delivery_on", "id"],
                condition=~Q(agreement="agreed"),
                name="line_not_agreed",
            ),
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="line_search"),
        ]

    def __str__(self) -> str:
        return f"line {self.number} of order {self.order_id}"

    @property
    def revision_status(self) -> str:
        """Stale when the agreement refers to an older revision, as long as anything can still be agreed."""
        if self.is_open and self.agreed_revision is not None and self.agreed_revision < self.asked_revision:
            return RevisionStatus.STALE
        return RevisionStatus.CURRENT

    @property
    def is_settled(self) -> bool:
        """Whether both sides are through with it: agreed, or refused and taken so. It takes no other answer."""
        is_refused = self.agreement == Agreement.REFUSED and self.turn == Turn.NOBODY
        return self.agreement == Agreement.AGREED or is_refused

    @property
    def is_open(self) -> bool:
        """Whether anything can still be promised on it."""
        return not (self.cancelled or self.closed or self.received_quantity >= self.quantity)

    @property
    def open_quantity(self) -> Decimal:
        return max(Decimal(0), self.quantity - self.received_quantity)

    @property
    def way(self) -> list[tuple[Decimal, date]]:
        """What is on its way: so much, expected on that day."""
        return [(Decimal(quantity), date.fromisoformat(day)) for quantity, day in self.on_the_way]


class ScheduleLine(models.Model):
    """One delivery asked for on a line: so much on that day. A line without any has one.

    `key` is ours, stays when the ERP re-creates its own deliveries, and is never given again on its line. The first
    promise and the first agreement are written once and never over: on-time is measured against them.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(PurchaseOrderLine, on_delete=models.CASCADE, related_name="schedules")
    key = models.PositiveIntegerField()
    quantity = models.DecimalField(**QUANTITY)
    delivery_on = models.DateField()
    first_promised_on = models.DateField(null=True)
    first_agreed_on = models.DateField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "key"], name="schedule_key_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="schedule_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.key} of line {self.line_id}"


class Promise(models.Model):
    """One piece of a supplier's answer to a line. The pieces of a line add up to its quantity.

    `origin` is the key of the paper that made it (an acknowledgment, an order change). `ship_to` is set where another
    place than the one asked for was agreed. Promises are superseded by newer ones, never edited; `was_agreed` marks the
    superseded ones on which a whole line had been agreed: they come back when what took their place is withdrawn.
    `by_rule` marks those that a tolerance agreed to, without anybody looking.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(PurchaseOrderLine, on_delete=models.PROTECT, related_name="promises")
    schedule_key = models.PositiveIntegerField()
    piece = models.PositiveIntegerField()
    origin = models.UUIDField()
    revision = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=PromiseKind.choices)
    state = models.CharField(max_length=10, choices=PromiseState.choices)
    quantity = models.DecimalField(**QUANTITY)
    ship_on = models.DateField(null=True)
    delivery_on = models.DateField(null=True)
    price = models.DecimalField(**PRICE)
    price_per = models.DecimalField(**QUANTITY)
    item_number = models.CharField(max_length=60, blank=True)
    item_description = models.CharField(max_length=300, blank=True)
    ship_to = models.ForeignKey(
        "procurement.Site", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=30, choices=Reason.choices, blank=True)
    note = models.TextField(blank=True)
    promised_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decision_note = models.TextField(blank=True)
    was_agreed = models.BooleanField(default=False, db_default=False)
    by_rule = models.BooleanField(default=False, db_default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "origin", "piece"], name="promise_piece_once"),
            models.CheckConstraint(condition=Q(kind__in=PromiseKind.values), name="promise_kind_known"),
            models.CheckConstraint(condition=Q(state__in=PromiseState.values), name="promise_state_known"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="promise_quantity_positive"),
            models.CheckConstraint(condition=Q(price__gte=0), name="promise_price_not_negative"),
            models.CheckConstraint(
                condition=Q(kind__in=[PromiseKind.REFUSE, PromiseKind.BACKORDER])
                | Q(delivery_on__isnull=False),
                name="promise_has_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(kind=PromiseKind.REFUSE) | ~Q(reason=""), name="promise_refusal_has_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(kind=PromiseKind.SUBSTITUTE) | ~Q(item_number=""),
                name="promise_substitute_has_an_item",
            ),
            models.CheckConstraint(
                condition=Q(ship_on__isnull=True)
                | Q(delivery_on__isnull=True)
                | Q(ship_on__lte=F("delivery_on")),
                name="promise_ships_before_it_arrives",
            ),
        ]
        indexes = [
            models.Index(
                fields=["line", "schedule_key", "piece"],
                condition=Q(state__in=["proposed", "agreed", "declined"]),
                name="promise_live",
            ),
            models.Index(fields=["origin"], name="promise_origin"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} on {self.delivery_on} ({self.state})"


class SavedView(models.Model):
    """A list as somebody likes to see it: a name for its filters and order."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    user_id = models.BigIntegerField()
    page = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "page", "name"], name="saved_view_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class OrderDocument(models.Model):
    """The PDF of a long order, made by a worker for one version of it and one language."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(PurchaseOrder, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    language = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=DocumentState.choices, default=DocumentState.MAKING)
    content = models.BinaryField(default=bytes)
    reason = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "version", "language"], name="order_document_once"),
            models.CheckConstraint(
                condition=Q(state__in=DocumentState.values), name="order_document_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"document of order {self.order_id}, version {self.version}"
