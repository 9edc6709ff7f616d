"""A supplier's answer to one revision of an order, and what is being typed towards the next one."""

import uuid

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from procurement.acknowledgments.states import AcknowledgmentState


class OrderAcknowledgment(models.Model):
    """One answer. Its pieces are the promises whose `origin` is its key.

    `on_behalf` marks for ever that a buyer gave it for the supplier (phoned in). `due_at` is by when an answer was owed
    when it was given; not set on answers from before that was kept, and where nothing was owed.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="acknowledgments"
    )
    revision = models.PositiveIntegerField()
    state = models.CharField(
        max_length=10, choices=AcknowledgmentState.choices, default=AcknowledgmentState.SENT
    )
    version = models.PositiveIntegerField(default=1)
    supplier_reference = models.CharField(max_length=60, blank=True)
    ship_from = models.ForeignKey(
        "suppliers.SupplierSite", on_delete=models.PROTECT, null=True, related_name="+"
    )
    note = models.TextField(blank=True)
    sent_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=200)
    sent_by_user_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20)
    on_behalf = models.BooleanField(default=False)
    lines_as_asked = models.PositiveIntegerField(default=0)
    lines_by_rule = models.PositiveIntegerField(default=0, db_default=0)
    lines_changed = models.PositiveIntegerField(default=0)
    lines_refused = models.PositiveIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AcknowledgmentState.values), name="acknowledgment_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["order", "-sent_at"], name="acknowledgment_of_order"),
            models.Index(fields=["supplier", "-sent_at"], name="acknowledgment_of_supplier"),
        ]

    def __str__(self) -> str:
        return f"acknowledgment of order {self.order_id}, revision {self.revision}"

    @property
    def stream(self) -> str:
        return f"acknowledgment:{self.key}"


class DraftAnswer(models.Model):
    """What is being typed for one line, as typed: text, not yet read. `version` is the order's that was on the screen.

    One draft per line and side, shared by colleagues, so that a second tab or person goes on where the first stopped.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("procurement.PurchaseOrder", on_delete=models.CASCADE, related_name="+")
    line_key = models.CharField(max_length=60)
    side = models.CharField(max_length=10)
    version = models.PositiveIntegerField()
    pieces = models.JSONField(default=list)
    typed_at = models.DateTimeField()
    typed_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "line_key", "side"], name="draft_answer_once")
        ]

    def __str__(self) -> str:
        return f"draft for line {self.line_key} of order {self.order_id}"


class DraftHeader(models.Model):
    """What is being typed about the answer as a whole."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("procurement.PurchaseOrder", on_delete=models.CASCADE, related_name="+")
    side = models.CharField(max_length=10)
    supplier_reference = models.CharField(max_length=60, blank=True)
    ship_from_code = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    typed_at = models.DateTimeField()
    typed_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "side"], name="draft_header_once")]

    def __str__(self) -> str:
        return f"draft header of order {self.order_id}"


class UploadedAnswer(models.Model):
    """An answer sheet as it was read, kept from its preview until it is sent: nothing is lost between.

    `rows` are the rows of the file (`messages.FileRow`); `result` is what came of each order once it was sent.
    A buyer's own sheet may answer for many suppliers: it has no supplier and no supplier sees it.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(max_length=200)
    rows = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    created_by_user_id = models.BigIntegerField(null=True)
    applied_at = models.DateTimeField(null=True)
    applied_by = models.CharField(max_length=200, blank=True)
    result = models.JSONField(default=dict)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["supplier", "-created_at"], name="uploaded_answer_newest")]

    def __str__(self) -> str:
        return f"uploaded answer {self.file_name}"
