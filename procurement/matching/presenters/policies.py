"""Matching policies in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from procurement.matching.engine import Way
from procurement.matching.models import MatchPolicy
from procurement.matching.states import MatchPolicyState
from procurement.tolerances.messages import Direction, DocumentKind, Limit, Measure, Rule
from procurement.tolerances.presenters.sentences import scope_text, validity_text

WAY_WORDS = {
    Way.TWO_WAY: lazy("Two-way: against what was ordered"),
    Way.THREE_WAY: lazy("Three-way: against what was received"),
}
STATE_LOOK = {
    MatchPolicyState.DRAFT: ("wait", "none"),
    MatchPolicyState.ACTIVE: ("done", "full"),
    MatchPolicyState.RETIRED: ("quiet", "none"),
}


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy as its list shows it."""

    policy: MatchPolicy
    whom: str
    way: str
    approval: str
    duplicates: str
    onboarding: str
    validity: str
    state: str
    tone: str
    glyph: str


def policy_row(policy: MatchPolicy) -> PolicyRow:
    """A policy in words."""
    tone, glyph = STATE_LOOK[MatchPolicyState(policy.state)]
    return PolicyRow(
        policy=policy,
        whom=scope_text(
            Rule("", DocumentKind.INVOICE, Measure.QUANTITY, Direction.OVER, Limit(), policy.scope)
        ),
        way=str(WAY_WORDS[Way(policy.way)]),
        approval=_("What passes is approved at once") if policy.approves_alone else _("A person approves"),
        duplicates=_duplicates(policy.duplicate_days),
        onboarding=_("It is held while paying waits for it")
        if policy.waits_for_onboarding
        else _("Paying does not wait for it"),
        validity=validity_text(policy.valid_from, policy.valid_to),
        state=policy.get_state_display(),
        tone=tone,
        glyph=glyph,
    )


def _duplicates(days: int | None) -> str:
    if days is None:
        return _("not asked about")
    return ngettext("within %(n)d day", "within %(n)d days", days) % {"n": days}
