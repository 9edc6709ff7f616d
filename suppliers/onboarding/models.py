"""Templates, terms and texts of the buying side; each supplier's run, what it agreed to and answered; exclusions.

Note [Never edited]: a template and terms are written anew and the old is retired, so that it can be told what somebody
was asked, and what somebody agreed to.

Note [Written by the desk]: a supplier's scope may read its own run, agreements and answers, and write nothing. Its
people ask through services, which check and then write under the company's scope; the fact names the person.
"""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from suppliers.models.supplier import Supplier
from suppliers.onboarding.messages import Question, Step
from suppliers.onboarding.policies import Reach
from suppliers.onboarding.states import ChaseKind, ExclusionReason, InvitedHow, RunState
from suppliers.people.models import Invitation
from suppliers.states import Segment

IN_FORCE = Q(retired_at__isnull=True)


class OnboardingTemplate(models.Model):
    """What is asked of which suppliers, in one version. See Note [Never edited]."""

    supplier_id = None  # no supplier has a way to it: what is asked of it, a service tells

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.SlugField(max_length=40)
    number = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=100)
    countries = models.JSONField(default=list)
    categories = models.JSONField(default=list)
    segments = models.JSONField(default=list)
    languages = models.JSONField(default=list)
    steps = models.JSONField(default=list)
    questions = models.JSONField(default=list)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="onboarding_template_version"),
            models.UniqueConstraint(fields=["code"], condition=IN_FORCE, name="onboarding_template_in_force"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.number}"

    @property
    def stream(self) -> str:
        return f"onboarding_template:{self.code}"

    def as_reach(self) -> Reach:
        """Whom it is for, as the policies read it."""
        return Reach(
            self.pk,
            frozenset(self.countries),
            frozenset(self.categories),
            frozenset(self.segments),
            frozenset(self.languages),
        )

    def as_steps(self) -> tuple[Step, ...]:
        """Its steps in their order."""
        return tuple(Step(**{**one, "wants": tuple(one["wants"])}) for one in self.steps)

    def as_questions(self) -> tuple[Question, ...]:
        """Its questions in their order."""
        return tuple(Question(**{**one, "choices": tuple(one["choices"])}) for one in self.questions)


class Terms(models.Model):
    """A text that suppliers accept, in one version; `texts` by language. See Note [Never edited].

    It is asked for at once, and counts from `from_on` (None: at once); until then the version before does.
    """

    supplier_id = None  # no supplier has a way to it

    id = models.BigAutoField(primary_key=True)
    code = models.SlugField(max_length=40)
    number = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=100)
    texts = models.JSONField(default=dict)
    from_on = models.DateField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="terms_version"),
            models.UniqueConstraint(fields=["code"], condition=IN_FORCE, name="terms_in_force"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"

    @property
    def stream(self) -> str:
        return f"terms:{self.code}"

    def text_in(self, language: str) -> str:
        """The text in a language; else in the first it was written in."""
        texts: dict[str, Any] = self.texts
        return str(
            texts.get(language) or texts.get(language.partition("-")[0]) or next(iter(texts.values()), "")
        )


class InvitationText(models.Model):
    """What an invitation says besides its own words, to suppliers of a segment (empty: any) in a language."""

    supplier_id = None  # no supplier has a way to it

    id = models.BigAutoField(primary_key=True)
    segment = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=10)
    text = models.TextField()
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["segment", "language"], name="invitation_text_once"),
            models.CheckConstraint(
                condition=Q(segment="") | Q(segment__in=Segment.values), name="invitation_text_segment_known"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation in {self.language} to {self.segment or 'any'}"


class FirstOrderRule(models.Model):
    """Whether a company of ours has suppliers invited by their first order."""

    supplier_id = None  # no supplier has a way to it

    id = models.BigAutoField(primary_key=True)
    company = models.CharField(max_length=20, unique=True)
    is_on = models.BooleanField(default=False)
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.company}: {'on' if self.is_on else 'off'}"


class OnboardingRun(models.Model):
    """The onboarding of a supplier. `why` says what its template was chosen by, as pairs of word and value.

    `terms_by` is a template that came after its steps were behind it: of that, it is asked for the terms alone.

    How its steps stand is in no column: it is read off what the supplier has given.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.OneToOneField(Supplier, on_delete=models.PROTECT, related_name="onboarding")
    template = models.ForeignKey(OnboardingTemplate, on_delete=models.PROTECT, related_name="+", null=True)
    why = models.JSONField(default=list)
    terms_by = models.ForeignKey(OnboardingTemplate, on_delete=models.PROTECT, related_name="+", null=True)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.INVITED)
    version = models.PositiveIntegerField(default=1)
    how = models.CharField(max_length=12, choices=InvitedHow.choices)
    address = models.EmailField(blank=True)
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="+", null=True)
    invited_at = models.DateTimeField()
    invited_by = models.CharField(max_length=200)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    handed_in_at = models.DateTimeField(null=True)
    handed_in_by = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="onboarding_run_wall"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="onboarding_run_state_known"),
            models.CheckConstraint(condition=Q(how__in=InvitedHow.values), name="onboarding_run_how_known"),
            models.CheckConstraint(
                condition=~(Q(state="refused") | Q(state="withdrawn")) | ~Q(reason=""),
                name="onboarding_run_ended_why",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "invited_at", "id"], name="onboarding_run_by_state"),
            models.Index(
                fields=["remind_at"], condition=Q(remind_at__isnull=False), name="onboarding_run_reminds"
            ),
        ]

    def __str__(self) -> str:
        return f"onboarding of {self.supplier_id} ({self.state})"

    @property
    def stream(self) -> str:
        return f"onboarding:{self.key}"


class TermsAccepted(models.Model):
    """Somebody accepted terms for a supplier: which version, in which language, when."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=10)
    accepted_at = models.DateTimeField()
    accepted_by = models.CharField(max_length=200)
    accepted_by_user_id = models.BigIntegerField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supplier", "terms"], name="terms_accepted_once")]

    def __str__(self) -> str:
        return f"terms {self.terms_id} by {self.accepted_by}"


class OnboardingAnswer(models.Model):
    """What a supplier answered to a question, by the question's code."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=40)
    value = models.CharField(max_length=1000)
    answered_at = models.DateTimeField()
    answered_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supplier", "code"], name="onboarding_answer_once")]

    def __str__(self) -> str:
        return f"{self.code}: {self.value[:40]}"


class OnboardingExclusion(models.Model):
    """A supplier is not to be invited, and why; internal. It ends by its last day, or by a person."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=15, choices=ExclusionReason.choices)
    words = models.CharField(max_length=500, blank=True)
    until_on = models.DateField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier"], condition=Q(ended_at__isnull=True), name="onboarding_exclusion_once"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=ExclusionReason.values), name="onboarding_exclusion_reason_known"
            ),
            models.CheckConstraint(
                condition=~Q(reason="other") | ~Q(words=""), name="onboarding_exclusion_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier_id}: {self.reason}"

    @property
    def stream(self) -> str:
        return f"onboarding_exclusion:{self.key}"


class UploadedInvitations(models.Model):
    """A sheet of suppliers to be invited, as it was read, until somebody has looked at it and invites them."""

    supplier_id = None  # no supplier has a way to it

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    file_name = models.CharField(max_length=200)
    rows = models.JSONField(default=list)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    applied_at = models.DateTimeField(null=True)
    applied_by = models.CharField(max_length=200, blank=True)
    invited = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.file_name

    @property
    def stream(self) -> str:
        return f"onboarding_sheet:{self.key}"


class OnboardingChase(models.Model):
    """Suppliers that were marked to be written to in one go, and what came of it.

    `marked` holds the ids of their onboardings as they were marked: who comes to match a filter later is not written to
    unseen. Once it is done, `told` says by the id who was (an empty word) and of the others why not (`NotChased`).
    """

    supplier_id = None  # no supplier has a way to it

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    what = models.CharField(max_length=12, choices=ChaseKind.choices)
    marked = models.JSONField(default=list)
    words = models.CharField(max_length=500, blank=True)
    told = models.JSONField(default=dict)
    marked_at = models.DateTimeField()
    marked_by = models.CharField(max_length=200)
    marked_by_user_id = models.BigIntegerField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=200, blank=True)
    sent_by_user_id = models.BigIntegerField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=ChaseKind.values), name="onboarding_chase_what_known"
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(sent_at__isnull=False),
                name="onboarding_chase_done_once_sent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["marked_at"], condition=Q(sent_at__isnull=True), name="onboarding_chase_unsent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} to {len(self.marked)}"

    @property
    def stream(self) -> str:
        return f"onboarding_chase:{self.key}"

    @property
    def reached(self) -> int:
        """How many were written to."""
        return sum(why == "" for why in self.told.values())
