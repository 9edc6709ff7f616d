"""Kinds of documents, of whom they are required, and what each supplier has given, version by version."""

import secrets
import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q

from portal.kernel.files import LARGEST_FILE
from portal.kernel.scanning import Scan
from portal.kernel.scope import ScopedQuerySet
from suppliers.documents.policies import (
    LONGEST_GRACE,
    LONGEST_HINT,
    LONGEST_NAME,
    LONGEST_REFERENCE,
    Asked,
    Rule,
    Span,
)
from suppliers.documents.states import COUNTED, PENDING, SCANS, AskedFor, DocumentState, Place
from suppliers.models.supplier import Supplier


class DocumentKind(models.Model):
    """A kind of document. Those that come with the portal are named in their reader's language by their code."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=LONGEST_NAME)
    hint = models.CharField(max_length=LONGEST_HINT, blank=True)
    position = models.PositiveSmallIntegerField(default=100)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(retired_at__isnull=True), name="document_kind_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        return f"documents:{self.key}"


class Requirement(models.Model):
    """Of whom a kind is required, from which day on. It is never edited: another takes its place, and it is retired.

    Countries (ISO 3166-1 alpha-2), segments and categories are lists of codes; an empty one names all.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.ForeignKey(DocumentKind, on_delete=models.PROTECT, related_name="requirements")
    countries = models.JSONField(default=list)
    segments = models.JSONField(default=list)
    categories = models.JSONField(default=list)
    compulsory = models.BooleanField()
    expires = models.BooleanField()
    grace_days = models.PositiveSmallIntegerField()
    from_on = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=200, blank=True)

    supplier_id = None  # no supplier has a way to it

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(grace_days__lte=LONGEST_GRACE), name="document_requirement_grace"
            ),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True, retired_by="")
                | (Q(retired_at__isnull=False) & ~Q(retired_by="")),
                name="document_requirement_retired_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"requirement {self.pk} of {self.kind_id}"

    @property
    def stream(self) -> str:
        return f"documents:{self.key}"

    def as_rule(self) -> Rule:
        """What it says, as the policies read it."""
        return Rule(
            self.kind_id,
            self.compulsory,
            self.expires,
            self.grace_days,
            self.from_on,
            frozenset(self.countries),
            frozenset(self.segments),
            frozenset(self.categories),
        )


class Document(models.Model):
    """What a supplier gives of one kind, all versions of it; and what was asked about it so far.

    `asked_for` says why it is asked for at the moment; `asked_on`, `due_on`, `reminded_on` since when, by when, when
    last; `late_at` when one of ours was told that it did not come.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="documents")
    kind = models.ForeignKey(DocumentKind, on_delete=models.PROTECT, related_name="+")
    asked_for = models.CharField(
        max_length=10, choices=AskedFor.choices, blank=True, default=AskedFor.NOTHING
    )
    asked_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    reminded_on = models.DateField(null=True)
    late_at = models.DateTimeField(null=True)
    last_number = models.PositiveIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "kind"], name="document_once"),
            models.UniqueConstraint(fields=["id", "supplier"], name="document_wall"),
            models.CheckConstraint(condition=Q(asked_for__in=AskedFor.values), name="document_asked_why"),
            models.CheckConstraint(
                condition=Q(
                    asked_for="",
                    asked_on__isnull=True,
                    due_on__isnull=True,
                    reminded_on__isnull=True,
                    late_at__isnull=True,
                )
                | (
                    ~Q(asked_for="")
                    & Q(asked_on__isnull=False, due_on__isnull=False, reminded_on__isnull=False)
                ),
                name="document_asked_when",
            ),
        ]
        indexes = [
            models.Index(fields=["late_at", "id"], condition=Q(late_at__isnull=False), name="document_late"),
        ]

    def __str__(self) -> str:
        return f"document {self.pk} of {self.supplier_id}"

    @property
    def stream(self) -> str:
        return f"document:{self.key}"

    @property
    def asked(self) -> Asked | None:
        """What was asked so far, as the policies read it."""
        if not self.asked_for or self.asked_on is None or self.due_on is None or self.reminded_on is None:
            return None
        return Asked(self.asked_for, self.asked_on, self.due_on, self.reminded_on, self.late_at is not None)


def random_name() -> str:
    """Under which name bytes are kept: nobody guesses it, and nothing of what was typed is in it."""
    return secrets.token_hex(24)


class DocumentVersion(models.Model):
    """One version: a file, what its paper says, and what became of it. What was supplied is never changed.

    The days that count are those a reviewer accepted. `scan` is what the virus scanner said (`kernel.scanning.Scan`),
    and `scan_tries` how often it could not look into the file.
    Its bytes are kept as `stored_as` in `place`; of a refused file that carried something, and of one that was replaced
    before anybody decided on it, nowhere.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=DocumentState.choices, default=DocumentState.SUPPLIED)
    version = models.PositiveIntegerField(default=1)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    reference = models.CharField(max_length=LONGEST_REFERENCE, blank=True)
    note = models.CharField(max_length=LONGEST_HINT, blank=True)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=48, unique=True, default=random_name)
    place = models.CharField(max_length=10, choices=Place.choices, default=Place.DATABASE)
    scan = models.CharField(max_length=10, choices=SCANS)
    scan_found = models.CharField(max_length=100, blank=True)
    scanned_at = models.DateTimeField(null=True)
    scan_tries = models.PositiveSmallIntegerField(default=0)
    supplied_at = models.DateTimeField()
    supplied_by = models.CharField(max_length=200)
    supplied_by_user_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20)
    on_behalf = models.BooleanField(default=False)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="document_version_wall"),
            models.UniqueConstraint(fields=["document", "number"], name="document_version_number"),
            models.UniqueConstraint(
                fields=["document"], condition=Q(state__in=list(PENDING)), name="document_version_one_waits"
            ),
            models.CheckConstraint(
                condition=Q(state__in=DocumentState.values), name="document_version_state_known"
            ),
            models.CheckConstraint(condition=Q(place__in=Place.values), name="document_version_place_known"),
            models.CheckConstraint(
                condition=Q(scan__in=[one.value for one in Scan]), name="document_version_scan_known"
            ),
            models.CheckConstraint(
                condition=Q(size__gt=0, size__lte=LARGEST_FILE), name="document_version_size_within_limit"
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_from__lte=F("valid_until")),
                name="document_version_ends_after_it_begins",
            ),
            # What waits for the scanner, or carries something, is never looked at and never counts.
            models.CheckConstraint(
                condition=Q(scan__in=["off", "clean"]) | Q(state__in=["supplied", "refused", "replaced"]),
                name="document_version_counts_only_clean",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(reason=""), name="document_version_refused_why"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "refused", "expired"])
                | (Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="document_version_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["supplied_at", "id"], condition=Q(state="in_review"), name="document_version_queue"
            ),
            models.Index(
                fields=["valid_until", "id"], condition=Q(state="accepted"), name="document_version_ends"
            ),
            models.Index(
                fields=["scan_tries", "id"], condition=Q(state="supplied"), name="document_version_unseen"
            ),
            models.Index(fields=["document", "-number"], name="document_version_of"),
            models.Index(fields=["supplier", "supplied_at"], name="document_version_of_supplier"),
            models.Index(
                fields=["id"],
                condition=Q(state="replaced", decided_at__isnull=True) & ~Q(place="nowhere"),
                name="document_version_to_let_go",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of document {self.document_id}"

    @property
    def stream(self) -> str:
        """The document's: what happens to a version is part of its story. Read with it."""
        return str(self.document.stream)

    @property
    def span(self) -> Span | None:
        """From when to when it counts, or counted; None for one that never did."""
        return Span(self.valid_from, self.valid_until) if self.state in COUNTED else None

    @property
    def is_picture(self) -> bool:
        """Whether a page of ours can show it."""
        return self.content_type.startswith("image/")

    @property
    def is_served(self) -> bool:
        """Whether anybody gets its bytes: not while the scanner has not answered, never once it found something, nor
        of one that is not kept."""
        return self.scan in (Scan.OFF, Scan.CLEAN) and self.place != Place.NOWHERE


class DocumentContent(models.Model):
    """The bytes of a version, kept in the database: for good, or until they are in the object store."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    stored_as = models.CharField(max_length=48, unique=True)
    content = models.BinaryField()

    objects: Any = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"bytes {self.pk}"
