"""What the address of the list of onboardings asks for, and the funnel as links."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.web import whole_number
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.presenters import figure
from suppliers.onboarding.queries import Funnel, quiet_since
from suppliers.onboarding.states import OPEN, RunState, StepKind

USUAL_DAYS, MOST_DAYS = (3, 7, 14, 30), 3650


@dataclass(frozen=True, slots=True)
class OnboardingSearch:
    """Which onboardings: empty means all. `days`: only those in which nothing has moved for as many days or more."""

    text: str = ""
    state: str = ""
    step: str = ""
    days: int = 0

    @property
    def is_all(self) -> bool:
        """Whether nothing narrows it."""
        return not (self.text or self.state or self.step or self.days)


def search_of(asked: QueryDict) -> OnboardingSearch:
    """What is asked; words that are none of the list are passed over."""
    state, step = asked.get("state", ""), asked.get("step", "")
    return OnboardingSearch(
        asked.get("q", "").strip()[:100],
        state if state in RunState.values else "",
        step if step in StepKind.values else "",
        min(whole_number(asked.get("days")) or 0, MOST_DAYS),
    )


def list_search(
    found: QuerySet[OnboardingRun], asked: OnboardingSearch, how_far: Funnel | None, at: datetime
) -> QuerySet[OnboardingRun]:
    """The onboardings of a search; those stuck at a step are of the funnel, which no other search needs. As many
    queries for many as for few."""
    if asked.state:
        found = found.filter(state=asked.state)
    if asked.step:
        found = found.filter(pk__in=how_far.stuck.get(asked.step, []) if how_far else [])
    if asked.text:
        said = Q(supplier__name__icontains=asked.text) | Q(supplier__number__istartswith=asked.text)
        found = found.filter(said | Q(address__icontains=asked.text))
    if asked.days:
        before = at - timedelta(days=asked.days)
        quiet = quiet_since(found.filter(state__in=OPEN, invited_at__lte=before))
        found = found.filter(pk__in=[pk for pk, since in quiet.items() if since <= before])
    return found


def list_filters(asked: QueryDict, search: OnboardingSearch) -> Mapping[str, Any]:
    """What `components/filter_bar.html` takes."""
    label = _("Nothing moved for")
    if search.days:
        active = [{"label": label, "text": _days(search.days), "remove_url": _address(asked, "")}]
        return {"q": search.text, "active": active}
    options = [{"label": _days(days), "url": _address(asked, str(days))} for days in USUAL_DAYS]
    return {"q": search.text, "filters": [{"label": label, "options": options}]}


def _days(days: int) -> str:
    return ngettext("%(n)d day or more", "%(n)d days or more", days) % {"n": days}


def _address(asked: QueryDict, days: str) -> str:
    new = asked.copy()
    new.pop("cursor", None)
    new.pop("days", None)
    if days:
        new["days"] = days
    return f"?{new.urlencode()}"


def list_figures(how_far: Funnel, asked: OnboardingSearch, *, of_steps: bool = False) -> list[dict[str, Any]]:
    """The funnel by state, or, of those under way, by the step at which they wait."""
    if of_steps:
        return [
            figure(label, len(how_far.stuck[kind]), f"?step={kind}", current=asked.step == kind, tone="wait")
            for kind, label in StepKind.choices
            if how_far.stuck.get(kind)
        ]
    every = sum(how_far.states.values())
    shown = [figure(_("All"), every, "?", current=not (asked.state or asked.step or asked.days))]
    tones = {RunState.INVITED: "wait", RunState.IN_REVIEW: "move", RunState.ACTIVE: "done"}
    return shown + [
        figure(
            label,
            how_far.states.get(state, 0),
            f"?state={state}",
            current=asked.state == state,
            tone=tones.get(RunState(state), ""),
        )
        for state, label in RunState.choices
        if state in (RunState.INVITED, RunState.STARTED, RunState.IN_REVIEW, RunState.ACTIVE)
        or how_far.states.get(state)
    ]
