"""Approval rules and limits in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from portal.kernel.templatetags.portal_ui import money_text
from procurement.payables.models import ApprovalLimit, ApprovalRule
from procurement.payables.presenters.sentences import role_text
from procurement.payables.states import Why


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as people read it."""

    rule: ApprovalRule
    who: str
    what: str
    holds: bool
    comes: bool


def rule_rows(rules: Iterable[ApprovalRule], today: date) -> list[RuleRow]:
    """The rules in words, those that hold first."""
    rows = [
        RuleRow(
            one,
            one.person.name if one.person else role_text(one.role),
            what_text(one),
            one.valid_from <= today and (one.valid_to is None or one.valid_to >= today),
            one.valid_from > today,
        )
        for one in rules
    ]
    return sorted(rows, key=lambda row: (not (row.holds or row.comes), row.rule.step))


def what_text(rule: ApprovalRule) -> str:
    """Which invoices a rule speaks of, in one sentence."""
    parts = []
    if rule.amount_from is not None and rule.amount_below is not None:
        values = {
            "low": money_text(rule.amount_from, rule.currency),
            "high": money_text(rule.amount_below, rule.currency),
        }
        parts.append(_("of %(low)s or more, and less than %(high)s") % values)
    elif rule.amount_from is not None:
        parts.append(_("of %(low)s or more") % {"low": money_text(rule.amount_from, rule.currency)})
    elif rule.amount_below is not None:
        parts.append(_("of less than %(high)s") % {"high": money_text(rule.amount_below, rule.currency)})
    elif rule.currency:
        parts.append(_("in %(currency)s") % {"currency": rule.currency})
    if rule.supplier is not None:
        parts.append(_("of %(supplier)s") % {"supplier": rule.supplier.name})
    if rule.item_group:
        parts.append(_("item group %(group)s") % {"group": rule.item_group})
    if rule.why:
        parts.append(_("held because of: %(why)s") % {"why": Why(rule.why).label})
    if rule.company is not None:
        parts.append(_("to %(company)s") % {"company": rule.company.name})
    return ", ".join(parts) or _("every invoice")


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit as people read it."""

    limit: ApprovalLimit
    who: str


def limit_rows(limits: Iterable[ApprovalLimit]) -> list[LimitRow]:
    """The limits in words."""
    return [LimitRow(one, one.person.name if one.person else role_text(one.role)) for one in limits]
