"""What the engine says, as sentences in the reader's language: how far apart, what is allowed, by which rule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, figure, money_text, quantity_text
from portal.kernel.values import rounded
from procurement.tolerances.messages import (
    BY_RULE,
    Check,
    Direction,
    Joined,
    Level,
    Measure,
    Outcome,
    Result,
    Rule,
)
from procurement.tolerances.policies import COUNTED, MONEY
from procurement.tolerances.presenters.words import LEVEL_WORDS, MEASURE_WORDS
from suppliers.states import Segment

SHOWN_DECIMALS = 6


def lateness(days: int) -> str:
    """How late or early, in words."""
    if days > 0:
        return ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days}
    return ngettext("%(n)d day early", "%(n)d days early", -days) % {"n": -days}


def said_by(label: str) -> str:
    """Who said something, in the reader's language: a person as they are called, a policy as what it is."""
    if label.startswith(BY_RULE):
        return _("by rule: %(policy)s") % {"policy": label.removeprefix(BY_RULE)}
    return label


def shown(amount: Fraction) -> Decimal:
    """An exact number as a person reads it: with six decimals at most."""
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return rounded(exact, SHOWN_DECIMALS)


# --- one comparison -----------------------------------------------------------------------------------------


def deviation_text(check: Check, *, currency: str, unit: str) -> str:
    """How far a figure lies from what is expected: "3 days late", "0.05 EUR more each"."""
    measured = check.measured
    if measured.measure is Measure.OTHER:
        return str(OTHER_WORDS.get(measured.code, _("something else than asked")))
    apart = measured.deviation
    more = apart > 0
    if measured.measure is Measure.DATE:
        return lateness(int(apart))
    if measured.measure is Measure.DELIVERIES:
        assert isinstance(measured.actual, Fraction)
        count = int(measured.actual)
        return ngettext("in %(n)d delivery", "in %(n)d deliveries", count) % {"n": count}
    size = shown(abs(apart))
    if measured.measure is Measure.QUANTITY:
        text = _("%(quantity)s more") if more else _("%(quantity)s fewer")
        return text % {"quantity": quantity_text(size, unit)}
    values = {"amount": money_text(size, currency), "code": measured.code}
    return str(AMOUNT_WORDS[measured.measure][0 if more else 1]) % values


OTHER_WORDS = {
    "substitute": lazy("another item"),
    "backorder": lazy("a backorder"),
    "undated": lazy("a backorder without a day"),
    "cancel": lazy("a cancellation"),
    "ship_to": lazy("another place"),
}
AMOUNT_WORDS = {
    Measure.UNIT_PRICE: (lazy("%(amount)s more each"), lazy("%(amount)s less each")),
    Measure.LINE_AMOUNT: (lazy("the line costs %(amount)s more"), lazy("the line costs %(amount)s less")),
    Measure.DOCUMENT_AMOUNT: (
        lazy("all lines together cost %(amount)s more"),
        lazy("all lines together cost %(amount)s less"),
    ),
    Measure.TAX: (lazy("%(amount)s more tax"), lazy("%(amount)s less tax")),
    Measure.CHARGE: (
        lazy("%(amount)s more for charge %(code)s"),
        lazy("%(amount)s less for charge %(code)s"),
    ),
}


def allowed_text(check: Check, *, currency: str, unit: str) -> str:
    """What the rule that decided allows of it; nothing where no rule speaks of it."""
    if check.rule is None:
        return ""
    if check.limit is None:
        return _("which is not checked")
    if not check.limit:
        return _("where none is allowed")
    measure = check.measured.measure
    if measure in COUNTED:
        count = int(check.limit)
        text = (
            ngettext("where %(n)d day is allowed", "where %(n)d days are allowed", count)
            if measure is Measure.DATE
            else ngettext("where %(n)d more is allowed", "where %(n)d more are allowed", count)
        )
        return text % {"n": count}
    # Rounded down: a person must never read a limit that would not be taken.
    size = Decimal(floor(check.limit * 10**SHOWN_DECIMALS)).scaleb(-SHOWN_DECIMALS)
    told = money_text(size, currency) if measure in MONEY else quantity_text(size, unit)
    percent = check.rule.limit.percent
    if percent is not None:
        values = {"limit": told, "percent": figure(percent)}
        return (
            _("where %(limit)s (%(percent)s %%) is allowed") % values
            if _by_percent(check)
            else (_("where %(limit)s is allowed") % values)
        )
    return _("where %(limit)s is allowed") % {"limit": told}


def _by_percent(check: Check) -> bool:
    """Whether the percentage is what gave the limit, not the absolute one beside it."""
    rule = check.rule
    return rule is not None and (rule.limit.absolute is None or Fraction(rule.limit.absolute) != check.limit)


def why(check: Check, *, currency: str, unit: str) -> str:
    """One comparison in a few words: "3 days late, where 5 days are allowed"."""
    apart = deviation_text(check, currency=currency, unit=unit)
    allows = allowed_text(check, currency=currency, unit=unit)
    return f"{apart}, {allows}" if allows else apart


def why_all(checks: Iterable[Check], *, currency: str, unit: str) -> str:
    """Several comparisons; what is said twice (two pieces, one word) is said once."""
    texts = [why(check, currency=currency, unit=unit) for check in checks]
    return "; ".join(dict.fromkeys(texts))


def figure_text(check: Check) -> str:
    """The figure that was promised, as a value in an error: a day, or a number."""
    actual = check.measured.actual
    return day_text(actual) if isinstance(actual, date) else figure(shown(actual))


def refusal_text(check: Check, *, currency: str, unit: str) -> str:
    """Why something is refused while it is typed, and the way out."""
    values = {"why": why(check, currency=currency, unit=unit)}
    return _("%(why)s. The buyer takes no promise beyond that: change it, or write to the buyer.") % {
        "why": values["why"][:1].upper() + values["why"][1:]
    }


def deciding(checks: Iterable[Check]) -> list[Check]:
    """The comparisons that made the outcome, without those that had nothing to say."""
    told = [check for check in checks if check.outcome > Outcome.SAME]
    worst = max((check.outcome for check in told), default=Outcome.SAME)
    return [check for check in told if check.outcome == worst or worst < Outcome.ASK]


def rule_ref(policy: str, check: Check) -> str:
    """Which rule decided: "Promises 2026, rule 3"."""
    if check.rule is None:
        return _("no rule speaks of it")
    return _("%(policy)s, rule %(number)d") % {"policy": policy, "number": check.rule.number}


# --- one rule -----------------------------------------------------------------------------------------------


def direction_text(rule: Rule) -> str:
    """Which side of what is expected it speaks of."""
    if rule.direction is Direction.EITHER:
        return _("either way")
    if rule.measure is Measure.DATE:
        return _("later") if rule.direction is Direction.OVER else _("earlier")
    return _("more") if rule.direction is Direction.OVER else _("less")


def limit_text(rule: Rule) -> str:
    """What is still inside. `0` and not set never look alike."""
    limit = rule.limit
    if not limit.is_checked:
        return _("not checked: any deviation is inside")
    parts: list[str] = []
    if limit.absolute is not None:
        parts.append(_absolute_text(rule))
    if limit.percent is not None:
        parts.append(f"{figure(limit.percent)} %")
    if len(parts) == 1:
        only = limit.absolute if limit.absolute is not None else limit.percent
        return _("up to %(limit)s") % {"limit": parts[0]} if only else _("0: none allowed")
    values = {"first": parts[0], "second": parts[1]}
    if limit.joined is Joined.AND:
        return _("up to %(first)s, and not more than %(second)s") % values
    return _("up to %(first)s or %(second)s, whichever is more") % values


def _absolute_text(rule: Rule) -> str:
    amount = rule.limit.absolute
    assert amount is not None
    if rule.measure is Measure.DATE:
        return ngettext("%(n)d day", "%(n)d days", int(amount)) % {"n": int(amount)}
    if rule.measure is Measure.DELIVERIES:
        return ngettext("%(n)d delivery", "%(n)d deliveries", int(amount)) % {"n": int(amount)}
    if rule.measure in MONEY and rule.unit:
        return money_text(amount, rule.unit)
    return quantity_text(amount, rule.unit) if rule.unit else figure(amount)


def scope_text(rule: Rule, names: Mapping[str, str] | None = None) -> str:
    """For whom it is written; `names` are the suppliers' by number."""
    scope = rule.scope
    supplier = (names or {}).get(scope.supplier, scope.supplier)
    values = {"supplier": supplier, "item": scope.item, "order": scope.order, "line": scope.line}
    match scope.level:
        case Level.SEGMENT:
            return _("segment %(segment)s") % {"segment": Segment(scope.segment).label}
        case Level.SUPPLIER:
            return supplier
        case Level.ITEM_GROUP:
            return _("item group %(group)s") % {"group": scope.item_group}
        case Level.ITEM:
            return _("item %(item)s") % values
        case Level.SUPPLIER_ITEM:
            return _("item %(item)s from %(supplier)s") % values
        case Level.ORDER_LINE:
            return _("order %(order)s, line %(line)s") % values
    return str(LEVEL_WORDS[Level.GLOBAL])


def validity_text(first: date | None, last: date | None) -> str:
    """From when to when it counts."""
    if first and last:
        return _("%(first)s to %(last)s") % {"first": day_text(first), "last": day_text(last)}
    if first:
        return _("from %(day)s") % {"day": day_text(first)}
    return _("until %(day)s") % {"day": day_text(last)} if last else _("always")


def rule_text(rule: Rule) -> str:
    """A whole rule in one line: "Delivery date, later: up to 5 days"."""
    measure = str(MEASURE_WORDS[rule.measure])
    if rule.code:
        measure = f"{measure} {rule.code}"
    return f"{measure}, {direction_text(rule)}: {limit_text(rule)}"


RESULT_LOOK = {
    Result.SAME: ("quiet", "full"),
    Result.INSIDE: ("done", "full"),
    Result.UNCHECKED: ("done", "none"),
    Result.OUTSIDE: ("wait", "talk"),
    Result.UNRULED: ("wait", "none"),
}

FAULT_WORDS = {
    "not_of_this_paper": lazy("This measure is not compared on this kind of paper. Choose another."),
    "below_zero": lazy("A limit is zero or more. Zero means: none allowed."),
    "no_percent": lazy("Days and deliveries are counted: leave the percentage empty and give a number."),
    "whole": lazy("Days and deliveries are whole numbers."),
    "no_unit": lazy("Say in which currency or unit this limit is: it counts for figures in it alone."),
    "unit_for_nothing": lazy(
        "A currency or unit belongs to a limit in money or quantity. Leave it empty here."
    ),
    "code_for_nothing": lazy("Only a rule on charges names one. Leave it empty here."),
    "name_it": lazy("Name it: the rule is written for this alone."),
    "names_too_much": lazy("The rule names more than its scope says. Choose the scope that fits."),
    "wider_please": lazy(
        "The whole paper has no item: write this rule for everything, a segment or a supplier."
    ),
    "ends_before": lazy("The last day lies before the first. Check both."),
}


def fault_text(code: str) -> str:
    """What is wrong with a rule as it is written, and the way out."""
    return str(FAULT_WORDS[code])


# --- a decision, figure by figure ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One comparison of a decision as a row: what was expected, what was said, what is allowed, by which rule."""

    measure: str
    piece: int
    expected: str
    actual: str
    apart: str
    allowed: str
    rule: str
    number: int
    tone: str
    glyph: str
    result: str


RESULT_WORDS = {
    Result.SAME: lazy("as expected"),
    Result.INSIDE: lazy("inside"),
    Result.UNCHECKED: lazy("not checked"),
    Result.OUTSIDE: lazy("outside"),
    Result.UNRULED: lazy("no rule speaks of it"),
}


def check_row(check: Check, *, currency: str, unit: str, whom: bool) -> CheckRow:
    """A comparison as its page shows it; for `whom` the rule is written is the buying side's to know."""
    measured, rule = check.measured, check.rule
    tone, glyph = RESULT_LOOK[check.result]
    if check.result is Result.UNRULED and check.outcome is Outcome.SAME:
        tone = "quiet"
    same = check.result is Result.SAME
    return CheckRow(
        measure=str(MEASURE_WORDS[measured.measure]),
        piece=measured.piece,
        expected=_shown_figure(measured.expected, measured.measure, currency, unit),
        actual=_shown_figure(measured.actual, measured.measure, currency, unit),
        apart="" if same else deviation_text(check, currency=currency, unit=unit),
        allowed=limit_text(rule) if rule else "",
        rule=_rule_told(rule, whom=whom) if rule else "",
        number=rule.number if rule else 0,
        tone=tone,
        glyph=glyph,
        result=str(RESULT_WORDS[check.result]),
    )


def _rule_told(rule: Rule, *, whom: bool) -> str:
    return f"{rule_text(rule)} ({scope_text(rule)})" if whom else rule_text(rule)


def _shown_figure(value: Fraction | date, measure: Measure, currency: str, unit: str) -> str:
    if isinstance(value, date):
        return day_text(value)
    if measure is Measure.OTHER:
        return ""
    if measure in MONEY:
        return money_text(shown(value), currency)
    return quantity_text(shown(value), unit) if measure is Measure.QUANTITY else figure(shown(value))
