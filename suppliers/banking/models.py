"""Accounts, the changes that lead to them, and everything that was said about each.

Note [Numbers apart]: the number of an account is in a table of its own, sealed (kernel.sealing: Note [Sealing]), on
which a supplier's scope has no right at all. Whatever reads accounts and changes cannot read a number by accident.

Note [Written by nobody's scope]: a supplier's scope may read its accounts and changes, in some columns, and write
nothing here. The services take the company's scope for a moment (`queries.OFFICE`) after they have asked who it is.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.kernel.scope import ScopedQuerySet
from suppliers.banking.policies import LARGEST_PROOF, masked
from suppliers.banking.states import (
    BY_ERP,
    UNDECIDED,
    AccountState,
    BankMailState,
    BankNoticeKind,
    CallOutcome,
    ChangeKind,
    ChangeState,
    EnteredHow,
    NumberForm,
    Origin,
    VotePurpose,
)


class BankNumber(models.Model):
    """The number of one account, sealed for its `key`. `trace` finds equal numbers. See Note [Numbers apart]."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    sealed = models.TextField()
    trace = models.CharField(max_length=64, db_index=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["id", "supplier"], name="bank_number_wall")]

    def __str__(self) -> str:
        return f"number {self.key}"

    @property
    def place(self) -> str:
        """What it is sealed for: nobody can move it to another row, or supplier."""
        return f"bank:{self.supplier_id}:{self.key}"


class AccountFacts(models.Model):
    """What is said of an account in the open: everything but its number."""

    form = models.CharField(max_length=5, choices=NumberForm.choices, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    country = models.CharField(max_length=2, blank=True)
    holder = models.CharField(max_length=140, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    bank_name = models.CharField(max_length=140, blank=True)
    shown = models.CharField(max_length=4, blank=True)

    class Meta:
        abstract = True

    @property
    def masked(self) -> str:
        """DE •••• 3000."""
        return masked(self.shown, self.country)

    @property
    def facts(self) -> dict[str, str]:
        """What an event, a mail or the ERP's people may read of it."""
        names = ("currency", "country", "holder", "bic", "bank_name")
        return {
            "account": self.masked,
            **{name: getattr(self, name) for name in names if getattr(self, name)},
        }


class BankAccount(AccountFacts):
    """An account to which a supplier is, or was, paid: since when, until when, and by which change it came."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="bank_accounts")
    state = models.CharField(max_length=10, choices=AccountState.choices, default=AccountState.IN_FORCE)
    version = models.PositiveIntegerField(default=1)
    number = models.ForeignKey(BankNumber, on_delete=models.PROTECT, related_name="accounts")
    since_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    by_change = models.OneToOneField("suppliers.BankChange", on_delete=models.PROTECT, related_name="made")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="bank_account_wall"),
            models.CheckConstraint(
                condition=Q(state__in=AccountState.values), name="bank_account_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=AccountState.ENDED, ended_at__isnull=False)
                | (~Q(state=AccountState.ENDED) & Q(ended_at__isnull=True)),
                name="bank_account_ended_when",
            ),
        ]
        indexes = [models.Index(fields=["supplier", "state"], name="bank_account_of_supplier")]

    def __str__(self) -> str:
        return f"{self.masked} of {self.supplier_id} ({self.state})"

    @property
    def stream(self) -> str:
        return f"bank:{self.key}"


class BankChange(AccountFacts):
    """A change of bank details, staged beside what is in force (`account`); the fields of an account are the new one's.

    `round` counts how often approving began anew: what was said in an earlier one counts no more. `called_at`,
    `approved_at`, `waits_until` are of this round. `wait_hours` is how long it waits once approved and confirmed. Of
    one in force, `entered_at` is since when the ERP is known to pay by it: the ERP has told so, or `entered_by` has.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="bank_changes")
    kind = models.CharField(max_length=10, choices=ChangeKind.choices)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    state = models.CharField(max_length=15, choices=ChangeState.choices, default=ChangeState.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    round = models.PositiveIntegerField(default=1)
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, null=True, related_name="changes")
    number = models.ForeignKey(BankNumber, on_delete=models.PROTECT, null=True, related_name="changes")
    reason = models.TextField(blank=True)
    proposed_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=200)
    proposed_by_user_id = models.BigIntegerField(null=True)
    requested_at = models.DateTimeField(null=True)
    requested_by = models.CharField(max_length=200, blank=True)
    requested_by_user_id = models.BigIntegerField(null=True)
    on_behalf = models.BooleanField(default=False)
    called_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    wait_hours = models.PositiveIntegerField(default=0)
    waits_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)
    close_reason = models.TextField(blank=True)
    entered_at = models.DateTimeField(null=True)
    entered_by = models.CharField(max_length=200, blank=True, db_default="")
    entered_by_user_id = models.BigIntegerField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="bank_change_wall"),
            models.CheckConstraint(condition=Q(state__in=ChangeState.values), name="bank_change_state_known"),
            models.CheckConstraint(condition=Q(kind__in=ChangeKind.values), name="bank_change_kind_known"),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="bank_change_origin_known"),
            models.CheckConstraint(
                condition=(Q(kind=ChangeKind.ADD) & Q(account__isnull=True))
                | (~Q(kind=ChangeKind.ADD) & Q(account__isnull=False)),
                name="bank_change_of_an_account",
            ),
            models.CheckConstraint(
                condition=(Q(kind=ChangeKind.END) & Q(number__isnull=True))
                | (~Q(kind=ChangeKind.END) & Q(number__isnull=False)),
                name="bank_change_has_a_number",
            ),
            # Two at most wait for one account at once; of those that add one, each is of another number (services).
            models.UniqueConstraint(
                fields=["account"], condition=Q(state__in=list(UNDECIDED)), name="bank_change_one_undecided"
            ),
            models.CheckConstraint(
                condition=Q(state=ChangeState.PROPOSED)
                | Q(state=ChangeState.WITHDRAWN)
                | Q(state=ChangeState.REFUSED)
                | Q(requested_at__isnull=False, requested_by_user_id__isnull=False),
                name="bank_change_requested_by_a_person",
            ),
            # Nothing comes into force, or waits for it, without call-back, two approvals and a time.
            models.CheckConstraint(
                condition=~(Q(state=ChangeState.WAITING) | Q(state=ChangeState.IN_FORCE))
                | Q(called_at__isnull=False, approved_at__isnull=False, waits_until__isnull=False),
                name="bank_change_waits_after_all_is_said",
            ),
            models.CheckConstraint(
                condition=~Q(state=ChangeState.IN_FORCE) | Q(closed_at__gte=F("waits_until")),
                name="bank_change_in_force_after_its_wait",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="bank_change_by_state"),
            models.Index(fields=["supplier", "-id"], name="bank_change_of_supplier"),
            models.Index(
                fields=["waits_until"], condition=Q(state=ChangeState.WAITING), name="bank_change_due"
            ),
            models.Index(
                fields=["supplier"],
                condition=Q(state=ChangeState.IN_FORCE, entered_at__isnull=True),
                name="bank_change_to_enter",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.masked} of {self.supplier_id} ({self.state})"

    @property
    def entered_how(self) -> str | None:
        """Whence it is known that the ERP pays by it; None where it is not known to."""
        if self.entered_at is None:
            return None
        if self.entered_by == BY_ERP:
            return EnteredHow.ERP
        return EnteredHow.PERSON if self.entered_by else EnteredHow.NOBODY

    @property
    def stream(self) -> str:
        return f"bank_change:{self.key}"

    @property
    def askers(self) -> frozenset[int]:
        """Who wrote the number down, or made the token that did, and who requested it: none of them judges it."""
        both = (self.proposed_by_user_id, self.requested_by_user_id)
        return frozenset(one for one in both if one is not None)


class BankTold(models.Model):
    """An account to which the ERP said that it pays a supplier, in part: since when it says so, when it last did, and
    since when it does not any more. The buying side's alone; `trace` is what it is recognised by, as in `BankNumber`.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    trace = models.CharField(max_length=64)
    country = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    shown = models.CharField(max_length=4)
    since_on = models.DateField(null=True)
    first_told_at = models.DateTimeField()
    told_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supplier", "trace"], name="bank_told_once")]

    def __str__(self) -> str:
        return f"{self.masked} of {self.supplier_id} told by the ERP"

    @property
    def masked(self) -> str:
        """DE •••• 3000."""
        return masked(self.shown, self.country)


class BankProof(models.Model):
    """A paper that shows whose account it is. In the database, sealed as numbers are (it has the whole number on it),
    and opened by `services.open_proof` alone; `size` and `sha256` are those of what was sent."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    change = models.ForeignKey(BankChange, on_delete=models.PROTECT, related_name="proofs")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0, size__lte=LARGEST_PROOF), name="bank_proof_size")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> str:
        """What it is sealed for."""
        return f"bank_proof:{self.supplier_id}:{self.key}"


class BankSignal(models.Model):
    """A risk that was seen when a change was requested, and what it added to the wait. The buying side's alone."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    change = models.ForeignKey(BankChange, on_delete=models.PROTECT, related_name="signals")
    round = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    hours = models.PositiveIntegerField()
    facts = models.JSONField(default=dict)
    seen_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "round", "kind"], name="bank_signal_once_a_round")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of change {self.change_id}"


class BankCall(models.Model):
    """That somebody called a contact back about a change: whom, under which number, and what they said."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    change = models.ForeignKey(BankChange, on_delete=models.PROTECT, related_name="calls")
    round = models.PositiveIntegerField()
    contact = models.CharField(max_length=60)
    contact_name = models.CharField(max_length=200)
    contact_since_at = models.DateTimeField()
    telephone = models.CharField(max_length=40)
    number_from = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=15, choices=CallOutcome.choices)
    note = models.TextField(blank=True)
    called_at = models.DateTimeField()
    called_by = models.CharField(max_length=200)
    called_by_user_id = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=CallOutcome.values), name="bank_call_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(contact_since_at__lt=F("called_at")), name="bank_call_to_an_earlier_contact"
            ),
        ]

    def __str__(self) -> str:
        return f"call about change {self.change_id}: {self.outcome}"


class BankShortening(models.Model):
    """That somebody asked to wait less for a change. Two others grant it; it is never below the least wait."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    change = models.ForeignKey(BankChange, on_delete=models.PROTECT, related_name="shortenings")
    round = models.PositiveIntegerField()
    hours = models.PositiveIntegerField()
    reason = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    asked_by_user_id = models.BigIntegerField()
    granted_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "round"], name="bank_shortening_once_a_round")
        ]

    def __str__(self) -> str:
        return f"shortening of change {self.change_id} to {self.hours} h"


class BankVote(models.Model):
    """One person's yes: to a change, or to a shorter wait. One person has one in each round."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    change = models.ForeignKey(BankChange, on_delete=models.PROTECT, related_name="votes")
    round = models.PositiveIntegerField()
    purpose = models.CharField(max_length=10, choices=VotePurpose.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    note = models.TextField(blank=True)
    said_at = models.DateTimeField()
    factor_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["change", "round", "purpose", "user"], name="bank_vote_once_a_person"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=VotePurpose.values), name="bank_vote_purpose_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of change {self.change_id} by {self.user_id}"


class BankFreeze(models.Model):
    """That everything about a supplier's bank details stands still: since when, by whom, until two others thaw it.

    `releases` says that the accounts held with it are paid to again; else they stay held until a change ends them.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="bank_freezes")
    change = models.ForeignKey(BankChange, on_delete=models.PROTECT, null=True, related_name="freezes")
    frozen_at = models.DateTimeField()
    frozen_by = models.CharField(max_length=200)
    frozen_by_user_id = models.BigIntegerField(null=True)
    reason = models.TextField()
    thaw_asked_at = models.DateTimeField(null=True)
    thaw_asked_by = models.CharField(max_length=200, blank=True)
    thaw_asked_by_user_id = models.BigIntegerField(null=True)
    thaw_reason = models.TextField(blank=True)
    releases = models.BooleanField(default=False)
    thawed_at = models.DateTimeField(null=True)
    thawed_by = models.CharField(max_length=200, blank=True)
    thawed_by_user_id = models.BigIntegerField(null=True)
    thawed_reason = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier"], condition=Q(thawed_at__isnull=True), name="bank_freeze_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(thawed_at__isnull=True)
                | (
                    Q(thaw_asked_by_user_id__isnull=False, thawed_by_user_id__isnull=False)
                    & ~Q(thaw_asked_by_user_id=F("thawed_by_user_id"))
                ),
                name="bank_freeze_thawed_by_two",
            ),
        ]

    @property
    def stream(self) -> str:
        return f"bank_freeze:{self.key}"

    @property
    def thaw_mark(self) -> str:
        """What is asked, by whom and when: who confirms says which of it they have read."""
        if self.thaw_asked_at is None:
            return ""
        return f"{self.thaw_asked_at.timestamp()} {self.thaw_asked_by_user_id} {self.releases}"

    def __str__(self) -> str:
        return f"freeze of {self.supplier_id} since {self.frozen_at:%Y-%m-%d %H:%M}"


class BankNotice(models.Model):
    """One mail that one earlier contact gets at once. Sent again, it has the same Message-ID and the same link.

    It tells of a `change`, or of somebody new: `about` has their name, address and role, and who let them in.
    Where it could not be delivered, somebody of ours says that the change goes on all the same: `waived_at`.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    change = models.ForeignKey(BankChange, on_delete=models.PROTECT, null=True, related_name="notices")
    kind = models.CharField(max_length=10, choices=BankNoticeKind.choices)
    about = models.JSONField(default=dict, db_default={})
    of_company = models.BooleanField(default=False)
    address = models.EmailField()
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=10, default="en")
    state = models.CharField(max_length=10, choices=BankMailState.choices, default=BankMailState.QUEUED)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=300, blank=True)
    pressed_at = models.DateTimeField(null=True)
    waived_at = models.DateTimeField(null=True)
    waived_by = models.CharField(max_length=200, blank=True, db_default="")
    waived_by_user_id = models.BigIntegerField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=BankNoticeKind.values), name="bank_notice_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=BankMailState.values), name="bank_notice_state_known"
            ),
        ]

    @property
    def mark(self) -> str:
        """Whose objection it is that comes by this notice's link."""
        return f"notice:{self.key}"

    def __str__(self) -> str:
        return f"{self.kind} to {self.address} ({self.state})"


class BankContact(models.Model):
    """Through whom a supplier was reachable, since when and until when.

    Kept by triggers on memberships, people's addresses and the supplier's own: whatever removes somebody, that they
    were there stays known (migration 0012, Note [Nobody is forgotten]), and nobody of the application rewrites it
    (0014, Note [Told for good]).
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    user_id = models.BigIntegerField(null=True)
    address = models.EmailField()
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=10, default="en")
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["supplier", "address"], name="bank_contact_of_supplier")]

    def __str__(self) -> str:
        return f"{self.address} for {self.supplier_id}"
