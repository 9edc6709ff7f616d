"""Mails that came in, the drafts that were read in them, and how far each mailbox was read."""

import uuid

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from procurement.mailroom.states import WAITS, DraftKind, DraftState, MailState

LONGEST_SUBJECT = 300


class InboundMail(models.Model):
    """One mail as it came, and what was made of it. Only the buying side sees it: anybody may write a mail.

    `fingerprint` is of what its writer wrote, without the marks of transport: with the Message-ID it makes one row of
    a mail that comes twice or by two ways. `supplier` and `order` are set once they are known, `said` is what it
    became in the thread, `why` a code of `states.Why`. `told` holds what belongs to the outcome: the address that
    could not be reached, statements of which the reader was not sure. `is_whole` is False for one that was too large:
    then `raw` is only its beginning. The bytes are kept for MAIL_RAW_KEPT_FOR; then they are forgotten
    (`forgotten_at`), and what was drawn from them stays.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    door = models.CharField(max_length=10)
    received_at = models.DateTimeField()
    written_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=250, blank=True)
    sha256 = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    sender = models.CharField(max_length=254, blank=True)
    sender_name = models.CharField(max_length=200, blank=True)
    recipients = models.JSONField(default=list)
    subject = models.CharField(max_length=LONGEST_SUBJECT, blank=True)
    size = models.PositiveIntegerField()
    is_whole = models.BooleanField(default=True)
    raw = models.BinaryField()
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.RECEIVED)
    version = models.PositiveIntegerField(default=1)
    why = models.CharField(max_length=40, blank=True)
    sorted_at = models.DateTimeField(null=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, null=True, related_name="+"
    )
    said = models.ForeignKey("procurement.Message", on_delete=models.PROTECT, null=True, related_name="+")
    text = models.TextField(blank=True)
    files = models.JSONField(default=list)
    told = models.JSONField(default=dict)
    forgotten_at = models.DateTimeField(null=True)
    placed_at = models.DateTimeField(null=True)
    placed_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fingerprint", "message_id"], name="inbound_mail_once"),
            models.UniqueConstraint(fields=["id", "supplier"], name="inbound_mail_wall"),
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="inbound_mail_state_known"),
            models.CheckConstraint(
                condition=Q(order__isnull=True) | Q(supplier__isnull=False),
                name="inbound_mail_order_has_supplier",
            ),
            models.CheckConstraint(
                condition=Q(said__isnull=True) | Q(order__isnull=False),
                name="inbound_mail_said_about_an_order",
            ),
            models.CheckConstraint(
                condition=Q(placed_at__isnull=True, placed_by="")
                | (Q(placed_at__isnull=False) & ~Q(placed_by="")),
                name="inbound_mail_placed_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="inbound_mail_newest"),
            models.Index(
                fields=["-received_at", "-id"],
                condition=Q(state__in=list(WAITS)),
                name="inbound_mail_waits",
            ),
            models.Index(fields=["supplier", "-received_at", "-id"], name="inbound_mail_of_supplier"),
            models.Index(fields=["order", "-received_at"], name="inbound_mail_of_order"),
            models.Index(
                fields=["received_at"], condition=Q(forgotten_at__isnull=True), name="inbound_mail_kept"
            ),
        ]

    def __str__(self) -> str:
        return f"mail {self.key} of {self.sender or 'nobody'}"

    @property
    def stream(self) -> str:
        return f"mail:{self.key}"


class MailDraft(models.Model):
    """What a mail promises on one order, read and not yet said: it binds nobody until a person presses.

    `lines` and `unsure` are of `messages.DraftLine` and `messages.Unsure`, as JSON. `order_version` is the order's
    version when the mail was read: what moved since asks again. `sender` and `written_at` say whose word it is.
    `came` says what it became: the key of the answer, or of the change requests, and which lines were left.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="mail_drafts"
    )
    mail = models.ForeignKey(InboundMail, on_delete=models.PROTECT, related_name="drafts")
    said = models.ForeignKey("procurement.Message", on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=DraftKind.choices)
    state = models.CharField(max_length=10, choices=DraftState.choices, default=DraftState.OPEN)
    version = models.PositiveIntegerField(default=1)
    order_version = models.PositiveIntegerField()
    revision = models.PositiveIntegerField()
    sender = models.CharField(max_length=200)
    written_at = models.DateTimeField()
    lines = models.JSONField(default=list)
    unsure = models.JSONField(default=list)
    file_name = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    came = models.JSONField(default=dict)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mail", "order", "kind", "file_name"], name="mail_draft_once"),
            models.CheckConstraint(condition=Q(state__in=DraftState.values), name="mail_draft_state_known"),
            models.CheckConstraint(condition=Q(kind__in=DraftKind.values), name="mail_draft_kind_known"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="mail_draft_decided_at_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="discarded") | ~Q(reason=""), name="mail_draft_discarded_for_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["order", "id"], condition=Q(state="open"), name="mail_draft_open"),
            models.Index(fields=["-made_at", "-id"], condition=Q(state="open"), name="mail_draft_waits"),
        ]

    def __str__(self) -> str:
        return f"draft {self.key} on order {self.order_id}"

    @property
    def stream(self) -> str:
        """The order's own: what happens to a draft is part of the order's story."""
        return self.order.stream


class Mailbox(models.Model):
    """How far a mailbox was read, and whether it can be.

    `uid_validity` and `last_uid` are those of IMAP (RFC 9051, 2.3.1.1).
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=300, unique=True)
    uid_validity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)
    looked_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
