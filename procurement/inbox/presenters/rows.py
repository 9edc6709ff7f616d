"""A case as a row of a list: its title, two small facts, and how much time is left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, distance_text, figure, money_text, quantity_text
from portal.kernel.values import rounded
from procurement.changes.presenters import kinds_text
from procurement.inbox.models import ExceptionCase
from procurement.inbox.policies.kinds import look_of
from procurement.inbox.states import CaseKind, CaseState, Cause, CloseReason
from procurement.orders.states import Reason
from procurement.payables.presenters.sentences import held_text
from procurement.tolerances.presenters.sentences import lateness
from suppliers.documents.presenters import kind_name

K = CaseKind
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One case of a list. `clock` is how much time is left or since when it is, `clock_tone` how it looks."""

    case: ExceptionCase
    title: str
    small: tuple[str, ...]
    score_tone: str
    tone: str
    glyph: str
    clock: str
    clock_tone: str
    is_current: bool = False
    is_gone: bool = False
    is_new: bool = False

    @property
    def returned(self) -> str:
        """How often it came back; empty if it never has."""
        return returned_text(self.case)

    @property
    def where(self) -> str:
        """Supplier · order · line, as far as they are known."""
        case = self.case
        parts = [
            case.supplier.name if case.supplier else "",
            str(case.facts.get("order", "")),
            str(case.facts.get("line", "")),
        ]
        return " · ".join(part for part in parts if part)


def row_of(case: ExceptionCase, at: datetime, **more: bool) -> Row:
    """A case as a row."""
    clock, tone = clock_of(case, at)
    look = look_of(case.kind)
    return Row(
        case=case,
        title=title_of(case, at),
        small=small_facts(case),
        score_tone=score_tone(case.score),
        tone=look.tone,
        glyph=look.glyph,
        clock=clock,
        clock_tone=tone,
        is_gone=case.state == CaseState.RESOLVED,
        **more,
    )


def as_current(row: Row) -> Row:
    """The row of the case that is open beside the list."""
    return replace(row, is_current=True)


def score_tone(score: int) -> str:
    """How pressing a score looks."""
    if score >= 80:
        return "stop"
    if score >= 60:
        return "wait"
    return "talk" if score >= 45 else "quiet"


def clock_of(case: ExceptionCase, at: datetime) -> tuple[str, str]:
    """The time left or over, in words, and its tone."""
    if case.state == CaseState.RESOLVED:
        return distance_text(case.closed_at or at, at), "quiet"
    if case.state == CaseState.SNOOZED and case.snoozed_until:
        return _("until %(day)s") % {"day": day_text(local_day(case, case.snoozed_until))}, "quiet"
    if case.due_at is None:
        return distance_text(case.last_recurred_at or case.opened_at, at), "quiet"
    if case.due_at <= at:
        return _("overdue, %(when)s") % {"when": distance_text(case.due_at, at)}, "stop"
    return distance_text(case.due_at, at), "wait" if (case.due_at - at).days < 1 else "quiet"


# --- titles -------------------------------------------------------------------------------------------------


def title_of(case: ExceptionCase, at: datetime) -> str:
    """What a case is about, in one line."""
    if case.cause == Cause.ERP and "withdrawn" in case.facts:
        return _told_of_goods(case)
    if case.cause == Cause.ERP and "reversed" in case.facts:
        return _told_of_count(case)
    if case.cause == Cause.ERP and "voided" in case.facts:
        return _told_of_invoice(case)
    if case.cause == Cause.ERP and "early" in case.facts:
        return _told_of_early_payment(case)
    say = _TITLES.get(case.kind)
    return say(case.facts, local_day(case, at)) if say else str(CaseKind(case.kind).label)


def local_day(case: ExceptionCase, at: datetime) -> date:
    """The day on which a moment is where the case's company is; in UTC where it belongs to none."""
    zone = case.company.time_zone if case.company else "UTC"
    return at.astimezone(ZoneInfo(zone)).date()


def _late(facts: Facts, _today: date) -> str:
    days = days_between(facts.get("asked_on"), facts.get("promised_on"))
    values = {"item": _item(facts), "late": lateness(days) if days else _("late")}
    return _("%(item)s comes %(late)s") % values


def _refused(facts: Facts, _today: date) -> str:
    reason = reason_text(str(facts.get("reason", "")))
    return _("Line refused: %(reason)s") % {"reason": reason} if reason else _("Line refused")


def _short(facts: Facts, _today: date) -> str:
    values = {"short": _amount(facts, "short"), "all": _amount(facts, "quantity"), "item": _item(facts)}
    return _("%(short)s of %(all)s will not come: %(item)s") % values


def _substitute(facts: Facts, _today: date) -> str:
    items = [one["item_number"] for one in facts.get("pieces", ()) if one.get("item_number")]
    return _("Substitute offered: %(new)s for %(old)s") % {
        "new": ", ".join(dict.fromkeys(items)),
        "old": facts.get("item", ""),
    }


def _split(facts: Facts, _today: date) -> str:
    parts = " + ".join(figure(Decimal(one["quantity"])) for one in facts.get("pieces", ()))
    return _("Split offered, %(parts)s") % {"parts": parts}


def _price(facts: Facts, _today: date) -> str:
    percent = price_percent(facts)
    if percent is None:
        return _("Another price")
    text = figure(rounded(abs(percent), 1), 1)
    if percent > 0:
        return _("Price %(percent)s %% above what was asked") % {"percent": text}
    return _("Price %(percent)s %% below what was asked") % {"percent": text}


def _slipped(facts: Facts, _today: date) -> str:
    on = facts.get("promised_on")
    return _("Promise slipped again: %(item)s, now %(day)s") % {
        "item": _item(facts),
        "day": day_text(date.fromisoformat(on)) if on else _("no day yet"),
    }


def _otherwise(facts: Facts, _today: date) -> str:
    return _("Answered otherwise than asked: %(item)s") % {"item": _item(facts)}


def _change(facts: Facts, _today: date) -> str:
    return _("Change asked for: %(what)s") % {"what": kinds_text(facts.get("kinds", ()))}


def _counter(facts: Facts, _today: date) -> str:
    values = {"round": facts.get("round", 2), "what": kinds_text(facts.get("kinds", ()))}
    return _("Counter-offer, round %(round)s: %(what)s") % values


def _unanswered(facts: Facts, _today: date) -> str:
    count = int(facts.get("lines", 0))
    return ngettext("Not answered: %(n)d line", "Not answered: %(n)d lines", count) % {"n": count}


def _overdue(facts: Facts, today: date) -> str:
    days = days_between(facts.get("promised_on"), today.isoformat())
    return ngettext("Shipment overdue by %(n)d day", "Shipment overdue by %(n)d days", days) % {"n": days}


def _surplus(facts: Facts, _today: date) -> str:
    values = {"came": _amount(facts, "received"), "asked": _amount(facts, "quantity")}
    return _("Received %(came)s of %(asked)s") % values


def _late_on_the_way(facts: Facts, _today: date) -> str:
    days = days_between(facts.get("agreed_on"), facts.get("promised_on"))
    return _("On the way: %(item)s comes %(late)s") % {"item": _item(facts), "late": lateness(days)}


def _over_shipped(facts: Facts, _today: date) -> str:
    values = {"went": _amount(facts, "shipped"), "asked": _amount(facts, "quantity")}
    return _("Shipped %(went)s of %(asked)s") % values


def _counted(facts: Facts, _today: date) -> str:
    values = {
        "came": _amount(facts, "counted"),
        "told": _amount(facts, "announced"),
        "number": facts.get("number", ""),
    }
    return _("Received %(came)s of the %(told)s in ship notice %(number)s") % values


def _rejected(facts: Facts, _today: date) -> str:
    if facts.get("wrong"):
        return _("Came and was not ordered: %(item)s") % {"item": facts["wrong"]}
    return _("%(n)s came damaged: %(item)s") % {"n": _amount(facts, "damaged"), "item": _item(facts)}


def _unannounced(facts: Facts, _today: date) -> str:
    return _("%(came)s came without a ship notice") % {"came": _amount(facts, "unannounced")}


def _stock_out(facts: Facts, _today: date) -> str:
    on, comes = facts.get("stock_out_on"), facts.get("promised_on")
    values = {"item": _item(facts), "day": day_text(date.fromisoformat(on)) if on else ""}
    if comes:
        return _("%(item)s runs out on %(day)s, goods come on %(comes)s") % {
            **values,
            "comes": day_text(date.fromisoformat(comes)),
        }
    return _("%(item)s runs out on %(day)s") % values


def _told_of_goods(case: ExceptionCase) -> str:
    """A ship notice that the ERP is to be told of."""
    withdrawn, values = case.facts["withdrawn"], {"number": case.facts.get("number", "")}
    if case.kind == K.ERP_TO_KEY:
        if withdrawn:
            return _("Take ship notice %(number)s out of the ERP") % values
        return _("Key ship notice %(number)s into the ERP") % values
    kind = str(CaseKind(case.kind).label)
    return _("%(kind)s: ship notice %(number)s") % {"kind": kind, **values}


def _told_of_count(case: ExceptionCase) -> str:
    """Counted goods that the ERP is to book."""
    number = case.facts.get("number", "") or case.facts.get("order", "")
    values = {"number": number}
    if case.kind == K.ERP_TO_KEY:
        if case.facts["reversed"]:
            return _("Take the receipt of %(number)s out of the ERP") % values
        return _("Key the receipt of %(number)s into the ERP") % values
    kind = str(CaseKind(case.kind).label)
    return _("%(kind)s: receipt of %(number)s") % {"kind": kind, **values}


def _told_of_invoice(case: ExceptionCase) -> str:
    """An approved invoice that the ERP is to book."""
    values = {"number": case.facts.get("number", "")}
    if case.kind == K.ERP_TO_KEY:
        if case.facts["voided"]:
            return _("Take invoice %(number)s out of the ERP") % values
        return _("Key invoice %(number)s into the ERP") % values
    kind = str(CaseKind(case.kind).label)
    return _("%(kind)s: invoice %(number)s") % {"kind": kind, **values}


def _told_of_early_payment(case: ExceptionCase) -> str:
    """An early payment that the ERP is to plan, or to plan as it was due."""
    values = {
        "number": case.facts.get("number", ""),
        "day": day_text(date.fromisoformat(case.facts["early"])),
    }
    if case.kind == K.ERP_TO_KEY:
        if case.facts["ended"]:
            return _("Set the payment of invoice %(number)s back in the ERP") % values
        return _("Key into the ERP: invoice %(number)s is paid early, on %(day)s") % values
    kind = str(CaseKind(case.kind).label)
    return _("%(kind)s: early payment of invoice %(number)s") % {"kind": kind, **values}


def _mail(facts: Facts, _today: date) -> str:
    told = facts.get("told", {})
    sender = told.get("sender") or told.get("from") or _("unknown")
    return _("Mail of %(sender)s: %(subject)s") % {"sender": sender, "subject": told.get("subject", "")}


def _notice(facts: Facts, _today: date) -> str:
    told = facts.get("told", {})
    to = told.get("to") or told.get("address") or ""
    return _("Notice not delivered to %(to)s") % {"to": to} if to else _("Notice not delivered")


def _invoice(facts: Facts, _today: date) -> str:
    why = held_text(facts.get("held_for", {})) or _("it needs a person")
    return _("Invoice %(number)s: %(why)s") % {"number": facts.get("number", ""), "why": why}


def _credit(facts: Facts, _today: date) -> str:
    return _("A credit note is expected for the count of %(number)s") % {"number": facts.get("number", "")}


def _not_answered(facts: Facts, _today: date) -> str:
    silent = {
        "supplier": _("The supplier does not answer about invoice %(number)s: “%(question)s”"),
        "buyer": _("The buyer is asked about invoice %(number)s and has not answered: “%(question)s”"),
        "receiver": _("Receiving is asked about invoice %(number)s and has not answered: “%(question)s”"),
    }
    text = silent.get(str(facts.get("asked_of", "")), silent["supplier"])
    return text % {
        "number": facts.get("number", ""),
        "question": Truncator(facts.get("question", "")).chars(80),
    }


def _document(facts: Facts, _today: date) -> str:
    values = {
        "name": kind_name(str(facts.get("document_kind", "")), str(facts.get("kind_name", ""))),
        "day": day_text(date.fromisoformat(facts["asked_on"])),
    }
    if facts.get("why") == "ending":
        return _("%(name)s ended on %(day)s, and no other one came") % values
    return _("%(name)s was due by %(day)s and did not come") % values


def _bank(facts: Facts, _today: date) -> str:
    if facts.get("frozen"):
        return _("Bank details are frozen: somebody says that a change was not theirs")
    if facts.get("to_enter"):
        return _("Bank details have changed: enter them in the ERP")
    if facts.get("proposed"):
        return _("Other bank details were proposed, and nobody has requested them")
    return _("Bank details are to change")


_TITLES: Mapping[str, Callable[[Facts, date], str]] = {
    K.PROMISE_LATE: _late,
    K.LINE_REFUSED: _refused,
    K.SHORTAGE: _short,
    K.SUBSTITUTE_OFFERED: _substitute,
    K.SPLIT_OFFERED: _split,
    K.PRICE_DIFFERS: _price,
    K.SLIPPED_AGAIN: _slipped,
    K.OUTSIDE_TOLERANCE: _otherwise,
    K.CHANGE_WAITS: _change,
    K.COUNTER_OFFER: _counter,
    K.ACKNOWLEDGMENT_OVERDUE: _unanswered,
    K.SHIPMENT_OVERDUE: _overdue,
    K.LIKELY_LATE: _late_on_the_way,
    K.OVER_SHIPMENT: _over_shipped,
    K.OVER_RECEIPT: _surplus,
    K.RECEIPT_DIFFERS: _counted,
    K.GOODS_REJECTED: _rejected,
    K.ASN_MISSING: _unannounced,
    K.STOCK_OUT: _stock_out,
    K.MATCH_FAILED: _invoice,
    K.DUPLICATE_SUSPECTED: _invoice,
    K.INVOICE_WITHOUT_ORDER: _invoice,
    K.INVOICE_DISPUTED: _invoice,
    K.CREDIT_EXPECTED: _credit,
    K.ANSWER_MISSED: _not_answered,
    K.DOCUMENT_EXPIRING: _document,
    K.BANK_CHANGE: _bank,
    K.MAIL_UNKNOWN: _mail,
    K.NOTICE_FAILED: _notice,
}


# --- small facts --------------------------------------------------------------------------------------------


def small_facts(case: ExceptionCase) -> tuple[str, ...]:
    """What hangs on it, in two or three short pieces."""
    facts, inputs = case.facts, case.inputs
    found: list[str] = []
    if short := inputs.get("stock_short"):
        found.append(_("%(n)s short") % {"n": figure(rounded(Decimal(short), 0))})
    if orders := int(Decimal(inputs.get("demand_orders", "0"))):
        found.append(ngettext("%(n)d customer order", "%(n)d customer orders", orders) % {"n": orders})
    if not found and facts.get("missing"):
        found.append(_("%(n)s missing") % {"n": _amount(facts, "missing")})
    elif not found and facts.get("quantity"):
        found.append(_amount(facts, "quantity"))
    if (cover := inputs.get("stock_cover_days")) and len(found) < 2:
        found.append(
            ngettext("cover %(n)d day", "cover %(n)d days", int(Decimal(cover))) % {"n": int(Decimal(cover))}
        )
    if facts.get("value") and len(found) < 2:
        found.append(money_text(rounded(Decimal(facts["value"]), 2), str(facts.get("currency", ""))))
    return tuple(found[:3])


def returned_text(case: ExceptionCase) -> str:
    """How often a case has come back since it was first told; empty for one that never has."""
    back = case.occurrences - 1
    if back < 1:
        return ""
    if back == 2:
        return _("came back twice")
    return ngettext("came back once", "came back %(n)d times", back) % {"n": back}


# --- pieces of words ----------------------------------------------------------------------------------------


def close_text(case: ExceptionCase) -> str:
    """Why a case closed, in one sentence."""
    return str(CloseReason(case.closed_because).label) if case.closed_because else ""


def reason_text(code: str) -> str:
    """What a reason is called; a company's own code as it is."""
    return str(Reason(code).label) if code in Reason.values else code


def days_between(earlier: str | None, later: str | None) -> int:
    """How many days lie between two days of the facts; 0 where one is not known."""
    if not earlier or not later:
        return 0
    return (date.fromisoformat(later[:10]) - date.fromisoformat(earlier[:10])).days


def price_percent(facts: Facts) -> Decimal | None:
    """How much dearer the dearest promised piece is than what was asked, in percent."""
    asked = facts.get("asked")
    if not asked or not Decimal(asked["price"]):
        return None
    before = Decimal(asked["price"]) / Decimal(asked["price_per"])
    changes = [
        (Decimal(one["price"]) / Decimal(one["price_per"]) - before) / before * 100
        for one in facts.get("pieces", ())
        if one["kind"] != "refuse"
    ]
    return max(changes, key=abs, default=None)


def _item(facts: Facts) -> str:
    return str(facts.get("description") or facts.get("item") or "")


def _amount(facts: Facts, name: str) -> str:
    return quantity_text(Decimal(facts.get(name, 0)), str(facts.get("unit", "")))


def rows_of(cases: Sequence[ExceptionCase], at: datetime, current: Any = None) -> list[Row]:
    """Cases as rows; `current` is the key of the one that is open beside them."""
    return [row_of(case, at, is_current=case.key == current) for case in cases]
