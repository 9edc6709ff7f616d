"""Requests to become a supplier. The buying side's own: no supplier has a way to them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.kernel.link_keys import seal_key
from suppliers.models.supplier import Supplier
from suppliers.registration.policies import REGISTER
from suppliers.registration.states import RequestState


class SupplierRequest(models.Model):
    """A company asks to become a supplier; `became` is the supplier that it is since.

    `reason` is our word to it: why it was refused, or what we asked back and it has not answered yet."""

    supplier_id = None  # no supplier has a way to it

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    address = models.EmailField()
    language = models.CharField(max_length=10, default="en")
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.ASKED)
    version = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    mailed_at = models.DateTimeField()
    person = models.CharField(max_length=150, blank=True)
    company = models.CharField(max_length=150, blank=True)
    country = models.CharField(max_length=2, blank=True)
    tax_id = models.CharField(max_length=60, blank=True)
    why = models.CharField(max_length=1000, blank=True)
    received_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    became = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+", null=True)

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address"],
                condition=Q(state="asked") | Q(state="received"),
                name="supplier_request_open_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RequestState.values), name="supplier_request_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(became__isnull=False), name="supplier_request_became"
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(reason=""), name="supplier_request_refused_why"
            ),
        ]
        indexes = [models.Index(fields=["state", "asked_at", "id"], name="supplier_request_by_state")]

    def __str__(self) -> str:
        return f"{self.company or self.address} ({self.state})"

    @property
    def stream(self) -> str:
        return f"registration:{self.key}"

    @property
    def token(self) -> str:
        """What the address in the mail holds. Never to be logged."""
        return seal_key(self.key, settings.SECRET_KEY, seal=REGISTER)
