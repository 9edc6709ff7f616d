"""What the clock does: see who has begun, and remind those who have not gone on. It stops by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from portal.kernel.audit.services import Fact, record_all
from portal.kernel.scope import requires_scope
from suppliers.onboarding.models import OnboardingRun, UploadedInvitations
from suppliers.onboarding.policies import REMINDED_ONCE_IN, reminds_at
from suppliers.onboarding.queries import DESK, excluded_among, sheets_of, with_people
from suppliers.onboarding.states import RUN_LIFECYCLE, RunState
from suppliers.people.services import repeat_invitations
from suppliers.states import CHANNEL_RULES, SupplierState

MOST_AT_ONCE = 1_000
SHEET_KEPT_FOR = timedelta(days=30)


@requires_scope
def start_begun(*, at: datetime) -> int:
    """Begin the onboardings of suppliers for which somebody acts by now."""
    waiting = OnboardingRun.objects.filter(
        state=RunState.INVITED, supplier__memberships__user__is_active=True
    )
    ids = list(waiting.order_by("id").values_list("id", flat=True).distinct()[:MOST_AT_ONCE])
    held = OnboardingRun.objects.filter(pk__in=ids, state=RunState.INVITED)
    rows = list(
        held.select_for_update(of=("self",), skip_locked=True).select_related("supplier").order_by("id")
    )
    begin_runs(rows, at=at)
    return len(rows)


@requires_scope
def begin_runs(rows: Sequence[OnboardingRun], *, at: datetime) -> None:
    """Somebody acts for these suppliers, whose onboardings are held: they are under way."""
    if rows:
        facts = [{"supplier": one.supplier.name} for one in rows]
        RUN_LIFECYCLE.move_all(rows, "start", actor=DESK, at=at, facts=facts, fields={"started_at": at})


@requires_scope
def remind(*, at: datetime) -> int:
    """Remind, on the days that the setting names, whoever has not accepted or not finished; returns how many were.

    Nobody who is excluded or blocked by now, who waits for us, or who has done all that is compulsory; nor is a
    supplier that has only mail asked again to make an account. Who was written to less than a day ago by a person waits
    until a day has passed. After the last day nothing is said any more. A fixed number of queries for each kind.
    """
    long_ago = Q(reminded_at=None) | Q(reminded_at__lte=at - REMINDED_ONCE_IN)
    due = OnboardingRun.objects.filter(
        long_ago, remind_at__lte=at, state__in=[RunState.INVITED, RunState.STARTED]
    )
    held = due.select_for_update(of=("self",), skip_locked=True).select_related("supplier")
    rows = list(held.order_by("remind_at", "id")[:MOST_AT_ONCE])
    if not rows:
        return 0
    ids = [one.supplier_id for one in rows]
    passed = set(excluded_among(ids, at.date())) | {
        one.supplier_id for one in rows if one.supplier.state == SupplierState.BLOCKED
    }
    here, sheets = with_people(ids), sheets_of(rows, at)
    told = [one for one in rows if one.supplier_id not in passed]
    invited = [
        one
        for one in told
        if one.supplier_id not in here
        and one.invitation_id
        and CHANNEL_RULES[one.supplier.channel].repeats_invitations
    ]
    repeated = set(repeat_invitations([one.invitation_id for one in invited], actor=DESK, at=at))
    reminded = [one for one in told if one.supplier_id in here and sheets[one.pk].waiting]
    facts = [
        Fact(
            "onboarding.reminded",
            one.stream,
            one.supplier_id,
            {"supplier": one.supplier.name, "steps": sheets[one.pk].waiting, "run": str(one.key)},
        )
        for one in reminded
    ]
    record_all(facts, actor=DESK, at=at)
    written_to = [*reminded, *(one for one in invited if one.invitation_id in repeated)]
    for one in written_to:
        one.reminders, one.reminded_at = one.reminders + 1, at
    for one in rows:
        one.remind_at = reminds_at(one.invited_at, at, settings.ONBOARDING_REMIND_AFTER_DAYS)
    OnboardingRun.objects.bulk_update(rows, ["reminders", "reminded_at", "remind_at"])
    return len(written_to)


@requires_scope
def forget_sheets(*, at: datetime) -> int:
    """Forget the sheets that nobody has invited by for a month: they hold people's names and addresses."""
    old = UploadedInvitations.objects.filter(applied_at=None, created_at__lt=at - SHEET_KEPT_FOR)
    return int(old.delete()[0])
