"""Notices, the mails they leave in, what people want to hear of, and whether an order was seen."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from procurement.links.messages import Person
from procurement.notifications.states import Audience, Cadence, MailState, NoticeKind, NoticeState


class NoticeMail(models.Model):
    """One mail to one person, with all that was gathered for them. Sent again, it has the same Message-ID.

    `message_id` is without its angle brackets: replies and bounces name it. A mail to the buying side is of no one
    supplier: it may tell of several.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+", null=True)
    audience = models.CharField(max_length=10, choices=Audience.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    address = models.EmailField()
    name = models.CharField(max_length=150, blank=True)
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    message_id = models.CharField(max_length=250, unique=True)
    subject = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.QUEUED)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="notice_mail_state_known"),
            models.CheckConstraint(
                condition=Q(audience__in=Audience.values), name="notice_mail_audience_known"
            ),
            models.CheckConstraint(
                condition=Q(state=MailState.SENT, sent_at__isnull=False) | ~Q(state=MailState.SENT),
                name="notice_mail_sent_when",
            ),
        ]
        indexes = [models.Index(fields=["address", "-created_at"], name="notice_mail_of_address")]

    def __str__(self) -> str:
        return f"mail to {self.address} ({self.state})"

    @property
    def person(self) -> Person:
        """To whom it goes."""
        return Person(self.address, self.name, self.user_id, self.language, self.time_zone)


class Notice(models.Model):
    """One thing that one person is told of: gathered first, so that forty new orders are one mail.

    `event_id` is the fact it comes from: one fact tells a person once. Facts of the buying side alone (`internal`)
    never become a notice to a supplier (a constraint besides). `link` is the one that was asked for or forwarded.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=20, choices=NoticeKind.choices)
    audience = models.CharField(max_length=10, choices=Audience.choices)
    event_id = models.BigIntegerField()
    event_kind = models.CharField(max_length=60)
    internal = models.BooleanField(default=False)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+", null=True)
    order = models.ForeignKey(
        "procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="+", null=True
    )
    stream = models.CharField(max_length=120)
    link = models.ForeignKey(
        "procurement.SignedLink", on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    address = models.EmailField()
    name = models.CharField(max_length=150, blank=True)
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    cadence = models.CharField(max_length=10, choices=Cadence.choices)
    state = models.CharField(max_length=10, choices=NoticeState.choices, default=NoticeState.GATHERED)
    reason = models.CharField(max_length=300, blank=True)
    happened_at = models.DateTimeField()
    gathered_at = models.DateTimeField()
    due_at = models.DateTimeField()
    mail = models.ForeignKey(NoticeMail, on_delete=models.PROTECT, related_name="notices", null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id", "kind", "address"], name="notice_once_per_person"),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="notice_state_known"),
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"),
            models.CheckConstraint(condition=Q(cadence__in=Cadence.values), name="notice_cadence_known"),
            models.CheckConstraint(
                condition=~Q(audience=Audience.SUPPLIER) | Q(internal=False), name="notice_never_internal"
            ),
            models.CheckConstraint(
                condition=Q(mail__isnull=True, state__in=["gathered", "not_wanted"])
                | Q(mail__isnull=False, state__in=["mailing", "sent", "failed", "not_wanted"]),
                name="notice_leaves_in_a_mail",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state=NoticeState.GATHERED), name="notice_due"),
            models.Index(fields=["order", "-id"], name="notice_of_order"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.address} ({self.state})"

    @property
    def person(self) -> Person:
        """Who is told."""
        return Person(self.address, self.name, self.user_id, self.language, self.time_zone)


class NoticePreference(models.Model):
    """How often somebody wants one kind of notice: a user, or (no user) whoever reads an address without an account."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_preferences", null=True
    )
    address = models.EmailField(blank=True)
    kind = models.CharField(max_length=20, choices=NoticeKind.choices)
    cadence = models.CharField(max_length=10, choices=Cadence.choices)
    changed_at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"], condition=Q(user__isnull=False), name="preference_once_per_user"
            ),
            models.UniqueConstraint(
                fields=["address", "kind"], condition=Q(user__isnull=True), name="preference_once_per_address"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, address="") | (Q(user__isnull=True) & ~Q(address="")),
                name="preference_of_one",
            ),
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="preference_kind_known"),
            models.CheckConstraint(condition=Q(cadence__in=Cadence.values), name="preference_cadence_known"),
            models.CheckConstraint(
                condition=~Q(kind__in=["reminder", "link", "question", "account"]) | Q(cadence="at_once"),
                name="preference_some_are_always",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.cadence}"


class OrderSight(models.Model):
    """That a person of its supplier has seen a revision of an order: the first of them, and when."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="sights")
    revision = models.PositiveIntegerField()
    seen_at = models.DateTimeField()
    seen_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "revision"], name="order_sight_once")]

    def __str__(self) -> str:
        return f"revision {self.revision} of order {self.order_id}, seen {self.seen_at:%Y-%m-%d %H:%M}"


class DeliveryWatch(models.Model):
    """What was told already about a revision of an order that nobody sees, or that nobody could be told of."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()
    cause = models.CharField(max_length=20)
    told_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "revision", "cause"], name="delivery_watch_once")
        ]

    def __str__(self) -> str:
        return f"{self.cause}: revision {self.revision} of order {self.order_id}"
