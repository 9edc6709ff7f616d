"""Policies and their rules as rows and sentences of a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.functional import Promise as StrPromise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import moment_text
from procurement.tolerances.messages import Rule, rule_from_json
from procurement.tolerances.models import TolerancePolicy, ToleranceRule, ToleranceSwitch
from procurement.tolerances.policies import speaks_of_the_same
from procurement.tolerances.presenters.sentences import (
    direction_text,
    limit_text,
    rule_text,
    scope_text,
    validity_text,
)
from procurement.tolerances.presenters.words import INSIDE_WORDS, MEASURE_WORDS, OUTSIDE_WORDS
from procurement.tolerances.states import PolicyState


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule of a policy as a row. `meets` are the numbers of others of its scope that speak of the same figures."""

    rule: Rule
    key: str
    note: str
    measure: str
    direction: str
    limit: str
    is_nothing: bool
    is_unchecked: bool
    whom: str
    inside: str
    outside: str
    valid: str
    written_by: str
    written_at: datetime
    meets: tuple[int, ...] = ()


def rule_row(kept: ToleranceRule, names: Mapping[str, str]) -> RuleRow:
    """A rule as its policy's page shows it; `names` are the suppliers' by number."""
    rule = kept.as_rule()
    measure = str(MEASURE_WORDS[rule.measure])
    return RuleRow(
        rule=rule,
        key=rule.key,
        note=kept.note,
        measure=f"{measure} {rule.code}".strip(),
        direction=direction_text(rule),
        limit=limit_text(rule),
        is_nothing=rule.limit.is_checked and not (rule.limit.absolute or rule.limit.percent),
        is_unchecked=not rule.limit.is_checked,
        whom=scope_text(rule, names),
        inside=str(INSIDE_WORDS[rule.inside]),
        outside=str(OUTSIDE_WORDS[rule.outside]) if rule.limit.is_checked else "",
        valid=validity_text(rule.valid_from, rule.valid_to),
        written_by=kept.written_by,
        written_at=kept.written_at,
    )


def with_neighbours(rows: Sequence[RuleRow]) -> list[RuleRow]:
    """The rows, each told which others of its scope must hold beside it."""
    return [
        replace(
            row,
            meets=tuple(one.rule.number for one in rows if speaks_of_the_same(row.rule, one.rule)),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Ball:
    """Whose turn it is with a policy."""

    tone: str
    glyph: str
    turn: str
    yours: bool
    sentence: str


def _moment(at: datetime | None) -> str:
    return moment_text(at) if at else ""


def policy_ball(
    policy: TolerancePolicy, *, may: Sequence[str], is_author: bool, stopped: ToleranceSwitch | None
) -> Ball:
    """The one sentence on top of a policy: where it stands, and who is to do what."""
    if policy.state == PolicyState.DRAFT:
        text = _("A draft decides nothing. Try it on past promises, then ask somebody else to approve it.")
        return Ball("wait", "none", _("Draft"), "ask" in may, text)
    if policy.state == PolicyState.ASKED:
        values = {"name": policy.asked_by}
        if "approve" in may and not is_author:
            text = _("%(name)s asks you to look at these rules and let them act.") % values
            return Ball("wait", "wait", _("Your turn"), True, text)
        text = _("%(name)s asked for approval. Somebody who wrote nothing of it decides.") % values
        return Ball("move", "half", _("Waits for approval"), False, text)
    if policy.state == PolicyState.ACTIVE and stopped:
        values = {"name": stopped.moved_by, "at": _moment(stopped.moved_at)}
        text = _("These rules are approved, but %(name)s stopped everything automatic on %(at)s.") % values
        return Ball("stop", "stop", _("Stopped"), False, text)
    if policy.state == PolicyState.ACTIVE:
        values = {"name": policy.approved_by, "at": _moment(policy.approved_at)}
        text = _("These rules act. %(name)s approved them on %(at)s.") % values
        return Ball("done", "full", _("Active"), False, text)
    values = {"name": policy.retired_by, "at": _moment(policy.retired_at)}
    text = _("%(name)s retired it on %(at)s. It decides nothing any more.") % values
    return Ball("quiet", "stop", _("Retired"), False, text)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a policy's timeline, as components/timeline.html shows it."""

    tone: str
    glyph: str
    text: str
    at: datetime
    note: str


STORY: dict[str, tuple[str, str, StrPromise]] = {
    "tolerances.drafted": ("quiet", "none", lazy("Draft begun")),
    "tolerances.rule_added": ("quiet", "over", lazy("Rule %(number)s added: %(rule)s")),
    "tolerances.rule_changed": ("talk", "stale", lazy("Rule %(number)s changed: %(before)s → %(rule)s")),
    "tolerances.rule_dropped": ("stop", "stop", lazy("Rule %(number)s taken out: %(rule)s")),
    "tolerances.approval_asked": ("wait", "wait", lazy("Approval asked for")),
    "tolerances.returned": ("talk", "talk", lazy("Handed back: “%(reason)s”")),
    "tolerances.approved": ("done", "full", lazy("Approved, and acting")),
    "tolerances.retired": ("quiet", "stop", lazy("Retired: “%(reason)s”")),
}


def policy_story(events: Iterable[AuditEvent]) -> list[Entry]:
    """What was done to a policy, as sentences."""
    return [_entry(event) for event in events]


def _entry(event: AuditEvent) -> Entry:
    tone, glyph, text = STORY[event.kind]
    facts = event.facts
    values = {"reason": facts.get("reason", ""), "number": "", "rule": "", "before": ""}
    if told := facts.get("rule"):
        rule = rule_from_json(told)
        values |= {"number": str(rule.number), "rule": f"{rule_text(rule)} ({scope_text(rule)})"}
    if before := facts.get("before"):
        rule = rule_from_json(before)
        values["before"] = f"{rule_text(rule)} ({scope_text(rule)})"
    return Entry(tone, glyph, str(text) % values, event.at, event.actor_label)
