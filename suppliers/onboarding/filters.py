"""What the address of the list of onboardings asks for, and the funnel as links."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.presenters import figure
from suppliers.onboarding.queries import Funnel
from suppliers.onboarding.states import RunState, StepKind


@dataclass(frozen=True, slots=True)
class OnboardingSearch:
    """Which onboardings: empty means all."""

    text: str = ""
    state: str = ""
    step: str = ""


def search_of(asked: QueryDict) -> OnboardingSearch:
    """What is asked; words that are none of the list are passed over."""
    state, step = asked.get("state", ""), asked.get("step", "")
    return OnboardingSearch(
        asked.get("q", "").strip()[:100],
        state if state in RunState.values else "",
        step if step in StepKind.values else "",
    )


def list_search(
    found: QuerySet[OnboardingRun], asked: OnboardingSearch, how_far: Funnel
) -> QuerySet[OnboardingRun]:
    """The onboardings of a search; those stuck at a step are of the funnel."""
    if asked.state:
        found = found.filter(state=asked.state)
    if asked.step:
        found = found.filter(pk__in=how_far.stuck.get(asked.step, []))
    if asked.text:
        said = Q(supplier__name__icontains=asked.text) | Q(supplier__number__istartswith=asked.text)
        found = found.filter(said | Q(address__icontains=asked.text))
    return found


def list_figures(how_far: Funnel, asked: OnboardingSearch, *, of_steps: bool = False) -> list[dict[str, Any]]:
    """The funnel by state, or, of those under way, by the step at which they wait."""
    if of_steps:
        return [
            figure(label, len(how_far.stuck[kind]), f"?step={kind}", current=asked.step == kind, tone="wait")
            for kind, label in StepKind.choices
            if how_far.stuck.get(kind)
        ]
    every = sum(how_far.states.values())
    shown = [figure(_("All"), every, "?", current=not (asked.state or asked.step))]
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
