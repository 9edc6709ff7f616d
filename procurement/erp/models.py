"""Commands on their way to the ERP, and what its feeds told."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from portal.kernel.lifecycle import Lifecycle
from portal.kernel.scope import ScopedQuerySet
from procurement.erp.circuit import Circuit
from procurement.erp.ports import Feed
from procurement.erp.problems import Problem, Severity
from procurement.erp.states import (
    EARLY_PAYMENT_WRITE_LIFECYCLE,
    IN_FLIGHT,
    INVOICE_WRITE_LIFECYCLE,
    NOTICE_WRITE_LIFECYCLE,
    RECEIPT_WRITE_LIFECYCLE,
    CommandState,
    ConnectionState,
    Fault,
    RunState,
    TellingState,
)


class ErpCommand(models.Model):
    """One agreed promise that the ERP is to hold. `key` is what the ERP knows it by, and the outbox
    message's own.

    `payload` is the command with the values it was decided on. `calling_since` is set while a call to the
    ERP may be under way: found set by the next attempt, it means that nobody knows how the last one ended.
    `current` is what the ERP was last known to hold for these lines, and `current_at` since when that is known, while
    it is in conflict or waits for hands; `missing` is what this ERP cannot take by machine; `fault` of which kind the
    `reason` is. Who is to key it in is `assigned_to`; nobody means that it is anybody's.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    origin = models.UUIDField(unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="erp_commands"
    )
    kind = models.CharField(max_length=40, default="promise")
    state = models.CharField(max_length=10, choices=CommandState.choices, default=CommandState.QUEUED)
    version = models.PositiveIntegerField(default=1)
    payload = models.JSONField()
    behind = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="waiting")
    attempts = models.PositiveIntegerField(default=0)
    queued_at = models.DateTimeField()
    calling_since = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    fault = models.CharField(max_length=20, choices=Fault.choices, blank=True, default="", db_default="")
    current = models.JSONField(default=list)
    current_at = models.DateTimeField(null=True)
    missing = models.JSONField(default=list)
    reference = models.CharField(max_length=120, blank=True)
    assigned_to = models.ForeignKey(
        "suppliers.User", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=CommandState.values), name="erp_command_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=CommandState.CONFIRMED, confirmed_at__isnull=False)
                | (~Q(state=CommandState.CONFIRMED) & Q(confirmed_at__isnull=True)),
                name="erp_command_confirmed_when",
            ),
            models.CheckConstraint(condition=Q(fault__in=Fault.values), name="erp_command_fault_known"),
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="erp_command_of_order"),
            models.Index(fields=["state", "queued_at"], name="erp_command_by_state"),
            models.Index(
                fields=["order", "id"], condition=Q(state__in=sorted(IN_FLIGHT)), name="erp_command_in_flight"
            ),
        ]

    def __str__(self) -> str:
        return f"ERP command {self.key} for order {self.order_id} ({self.state})"

    @property
    def stream(self) -> str:
        """The order's own: what happens to a command is part of the order's story."""
        return self.order.stream


class Telling(models.Model):
    """Something that the ERP is told whole, on its way there. `key` is the outbox message's own.

    `calling_since` is set while a call may be under way, as for a command. `order` is the first order in it: its buyer
    sees to what a person has to.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=TellingState.choices, default=TellingState.QUEUED)
    version = models.PositiveIntegerField(default=1)
    payload = models.JSONField()
    attempts = models.PositiveIntegerField(default=0)
    queued_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    calling_since = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    fault = models.CharField(max_length=20, choices=Fault.choices, blank=True)
    reference = models.CharField(max_length=120, blank=True)

    objects = ScopedQuerySet.as_manager()

    lifecycle: ClassVar[Lifecycle]

    class Meta:
        abstract = True


class NoticeWrite(Telling):
    """One ship notice that the ERP is told of, sent or withdrawn, or expected on another day."""

    notice = models.ForeignKey("procurement.ShipNotice", on_delete=models.PROTECT, related_name="erp_writes")
    consignment = models.UUIDField()
    withdrawn = models.BooleanField(default=False)

    lifecycle = NOTICE_WRITE_LIFECYCLE

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TellingState.values), name="notice_write_state_known"
            ),
        ]
        indexes = [models.Index(fields=["consignment", "id"], name="notice_write_of_consignment")]

    def __str__(self) -> str:
        return f"ship notice {self.consignment} to the ERP ({self.state})"

    @property
    def stream(self) -> str:
        """The consignment's own: what happens here is part of its story, for the buying side."""
        return f"shipment:{self.consignment}"

    @property
    def facts(self) -> dict[str, Any]:
        """What each fact about it says."""
        named = {name: self.payload[name] for name in ("number", "issue", "expected_on")}
        return {**named, "withdrawn": self.withdrawn}


class ReceiptWrite(Telling):
    """One count at a dock that the ERP is asked to book, or, `reversed`, to take back.

    `count` names the count and is the same when it is reversed; `consignment` is that of the ship notice which the
    goods came with, nothing where nobody announced them. `order_ids` are all orders in it.
    """

    count = models.UUIDField()
    consignment = models.UUIDField(null=True)
    reversed = models.BooleanField(default=False)
    order_ids = models.JSONField(default=list)

    lifecycle = RECEIPT_WRITE_LIFECYCLE

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TellingState.values), name="receipt_write_state_known"
            ),
        ]
        indexes = [models.Index(fields=["count", "id"], name="receipt_write_of_count")]

    def __str__(self) -> str:
        return f"count {self.count} to the ERP ({self.state})"

    @property
    def stream(self) -> str:
        """The consignment's own; of goods that nobody announced, the count's."""
        return f"shipment:{self.consignment}" if self.consignment else f"count:{self.count}"

    @property
    def facts(self) -> dict[str, Any]:
        """What each fact about it says."""
        return {
            "count": str(self.count),
            "reference": self.payload["reference"],
            "reversed": self.reversed,
        }


class InvoiceWrite(Telling):
    """One approved invoice that the ERP is asked to book, or, `voided`, to take out again.

    `document` names the invoice and is the same when it is voided. `order` is nothing for an invoice of no order;
    `order_ids` are all orders in it.
    """

    order = models.ForeignKey(  # type: ignore[assignment]  # it may be of none
        "procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="+", null=True
    )
    invoice = models.ForeignKey("procurement.Invoice", on_delete=models.PROTECT, related_name="erp_writes")
    document = models.UUIDField()
    voided = models.BooleanField(default=False)
    order_ids = models.JSONField(default=list)

    lifecycle = INVOICE_WRITE_LIFECYCLE

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TellingState.values), name="invoice_write_state_known"
            ),
        ]
        indexes = [models.Index(fields=["document", "id"], name="invoice_write_of_document")]

    def __str__(self) -> str:
        return f"invoice {self.document} to the ERP ({self.state})"

    @property
    def stream(self) -> str:
        """The invoice's own: what happens here is part of its story, for the buying side."""
        return f"invoice:{self.document}"

    @property
    def facts(self) -> dict[str, Any]:
        """What each fact about it says."""
        return {"number": self.payload["number"], "voided": self.voided}


class EarlyPaymentWrite(Telling):
    """An early payment that the ERP is asked to plan, or, `ended`, to plan as it was due again.

    `document` names the invoice, `early` what was agreed. `order` is nothing for an invoice of no order; `order_ids`
    are all orders in it.
    """

    order = models.ForeignKey(  # type: ignore[assignment]  # it may be of none
        "procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="+", null=True
    )
    invoice = models.ForeignKey("procurement.Invoice", on_delete=models.PROTECT, related_name="early_writes")
    document = models.UUIDField()
    early = models.UUIDField()
    ended = models.BooleanField(default=False)
    order_ids = models.JSONField(default=list)

    lifecycle = EARLY_PAYMENT_WRITE_LIFECYCLE

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TellingState.values), name="early_payment_write_state_known"
            ),
        ]
        indexes = [models.Index(fields=["document", "id"], name="early_payment_write_of")]

    def __str__(self) -> str:
        return f"early payment of invoice {self.document} to the ERP ({self.state})"

    @property
    def stream(self) -> str:
        """The invoice's own: what happens here is part of its story, for the buying side."""
        return f"invoice:{self.document}"

    @property
    def facts(self) -> dict[str, Any]:
        """What each fact about it says."""
        return {"number": self.payload["number"], "ended": self.ended, "early": str(self.early)}


class ErpConnection(models.Model):
    """The connection to one ERP: what was found there, whether it answers, and whether a person has paused it.

    `found` is what the connector discovered, `fingerprint` tells one find from another, `change` lists what was new in
    the last one until a person has seen it. The fields of the door are those of `circuit.Circuit`; `trouble` is why it
    is shut, `flowing_since` when it was last opened again after a pause or a silence. `refused_since` is set while the
    ERP does not let us in, `refused_at` is when it last did not.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=30, unique=True)
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=ConnectionState.choices, default=ConnectionState.RUNNING)
    paused_at = models.DateTimeField(null=True)
    paused_by = models.CharField(max_length=200, blank=True)
    paused_reason = models.TextField(blank=True)

    failures = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    ask_at = models.DateTimeField(null=True)
    asking_until = models.DateTimeField(null=True)
    asked = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True)
    heard_at = models.DateTimeField(null=True)
    flowing_since = models.DateTimeField(null=True)
    refused_since = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    found = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64, blank=True)
    found_since = models.DateTimeField(null=True)
    change = models.JSONField(default=list)
    changed_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    look_asked_at = models.DateTimeField(null=True)
    look_trouble = models.TextField(blank=True)
    clock_skew = models.DurationField(null=True)
    credentials_expire_at = models.DateTimeField(null=True)

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ConnectionState.values), name="erp_connection_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=ConnectionState.PAUSED, paused_at__isnull=False)
                | Q(state=ConnectionState.RUNNING, paused_at__isnull=True),
                name="erp_connection_paused_when",
            ),
        ]

    def __str__(self) -> str:
        return f"connection {self.key} ({self.state})"

    @property
    def stream(self) -> str:
        """Its own story."""
        return f"connection:{self.key}"

    @property
    def is_paused(self) -> bool:
        """Whether a person holds everything back."""
        return self.state == ConnectionState.PAUSED

    @property
    def circuit(self) -> Circuit:
        """How the door stands."""
        return Circuit(self.failures, self.opened_at, self.ask_at, self.asking_until, self.asked)


class FeedCursor(models.Model):
    """How far a feed has been read. `position` is the connector's own.

    A feed that failed rests until `retry_at`, longer with each of the `failures` in a row, the first of which was
    at `failing_since`. `again_since` is the moment from which a person wants everything once more; the next reading
    sets the position back and counts it in `rewinds`, so that a reading that began before does not set it forward.
    """

    feed = models.CharField(max_length=30, choices=[(feed.value, feed.value) for feed in Feed], unique=True)
    position = models.JSONField(default=dict)
    moved_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    rewinds = models.PositiveIntegerField(default=0, db_default=0)
    again_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"cursor of {self.feed}"


class FeedRun(models.Model):
    """One reading of a feed that found something, or failed.

    `told_until` is the newest moment of the ERP's time in it: while things change there, how far behind we were.
    `again_since` says that a person had it read once more from then on.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    feed = models.CharField(max_length=30, choices=[(feed.value, feed.value) for feed in Feed])
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    sources = models.JSONField(default=list)
    papers = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    noticed = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    told_until = models.DateTimeField(null=True)
    again_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="feed_run_state_known"),
            models.CheckConstraint(
                condition=Q(state=RunState.RUNNING, finished_at__isnull=True)
                | (~Q(state=RunState.RUNNING) & Q(finished_at__isnull=False)),
                name="feed_run_finished_when",
            ),
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="feed_run_newest")]

    def __str__(self) -> str:
        return f"{self.feed} at {self.started_at:%Y-%m-%d %H:%M} ({self.state})"


class FeedProblem(models.Model):
    """One record that a feed could not hand over whole: kept as rule and facts, told in the reader's
    language."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(FeedRun, on_delete=models.CASCADE, related_name="problems")
    rule = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Severity])
    source = models.CharField(max_length=300, blank=True)
    row = models.PositiveBigIntegerField(null=True)
    record = models.CharField(max_length=300, blank=True)
    column = models.CharField(max_length=100, blank=True)
    value = models.TextField(blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(severity__in=[one.value for one in Severity]), name="feed_problem_severity_known"
            )
        ]
        indexes = [models.Index(fields=["run", "id"], name="feed_problem_of_run")]

    def __str__(self) -> str:
        return f"{self.rule} in {self.source} row {self.row}"

    @property
    def problem(self) -> Problem:
        """The finding with its sentences."""
        return Problem(self.rule, self.source, self.row, self.column, self.value, self.record, self.facts)


class Alert(models.Model):
    """Something that passed a limit, told to people and programs: one for each cause, with its own clock.

    `gone_since` is set when the cause is away; only when it stays away is the alert over.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    cause = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, blank=True)
    facts = models.JSONField(default=dict)
    raised_at = models.DateTimeField()
    told_at = models.DateTimeField()
    times_told = models.PositiveIntegerField(default=1)
    gone_since = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "subject"], condition=Q(over_at__isnull=True), name="alert_once_per_cause"
            )
        ]
        indexes = [models.Index(fields=["-raised_at", "-id"], name="alert_newest")]

    def __str__(self) -> str:
        return f"alert {self.cause} {self.subject}".strip()
