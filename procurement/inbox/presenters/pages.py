"""One case as its page tells it: whose turn, asked and promised, why it is where it is, what happened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise as Lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, distance_text, figure, moment_text, money_text
from portal.kernel.values import rounded
from procurement.changes.messages import terms_from_json
from procurement.changes.presenters import differences
from procurement.clocks.presenters import TAKEN_WORDS
from procurement.inbox.models import CaseLook, CaseTask, ExceptionCase
from procurement.inbox.policies.scoring import DEFAULT_NAMES
from procurement.inbox.presenters.rows import close_text, days_between, local_day, price_percent
from procurement.inbox.states import CaseKind, CaseState, Cause, CloseReason
from procurement.orders.states import PromiseKind
from procurement.payables.models import Approval
from procurement.payables.presenters.sentences import waits_text
from procurement.receipts.states import Word
from procurement.tolerances.presenters.sentences import lateness


@dataclass(frozen=True, slots=True)
class Ball:
    """The headline of a case, as components/ball.html shows it."""

    tone: str
    glyph: str
    turn: str
    sentence: SafeString | str
    yours: bool = False
    left: str = ""


def ball_of(
    case: ExceptionCase, at: datetime, *, is_mine: bool, may_decide: bool, asked: Sequence[Approval] = ()
) -> Ball:
    """Whose turn it is on a case, and by when. `asked` are the approvals that its invoice waits for: as long as there
    are any, it is the turn of whoever is asked, and `is_mine` says whether the reader is.
    """
    if case.state == CaseState.RESOLVED:
        text = close_text(case)
        if case.closed_note:
            text = _("%(by)s: “%(note)s”") % {"by": case.closed_by, "note": case.closed_note}
        return Ball("done", "full", _("Closed"), text, left=distance_text(case.closed_at or at, at))
    if case.state == CaseState.SNOOZED and case.snoozed_until:
        sentence = format_html(
            _("It sleeps until <b>{}</b>. It wakes before, if anything about it changes."),
            day_text(local_day(case, case.snoozed_until)),
        )
        return Ball("quiet", "none", _("Snoozed"), sentence)
    if asked:
        turn, what = _("Waits for approval"), f"{waits_text(asked)}." if waits_text(asked) else ""
        if is_mine:
            turn, what = _("Your turn"), _("Approve or decline it.")
        return Ball("wait", "wait", turn, what, yours=is_mine)
    turn = _("Your turn") if is_mine else _("A colleague’s turn") if case.holder_id else _("Nobody’s yet")
    what = str(_TO_DO.get(case.cause, _LOOK))
    if may_decide:
        is_wish = case.cause == Cause.CHANGE
        what = _("Accept, counter or decline it") if is_wish else _("Accept or decline it")
    if case.due_at is None:
        return Ball("wait", "wait", turn, _("%(what)s.") % {"what": what}, yours=is_mine)
    if case.due_at <= at:
        sentence = format_html(_("{}. It was due on <b>{}</b>."), what, moment_text(case.due_at))
        return Ball("stop", "alert", turn, sentence, yours=is_mine, left=distance_text(case.due_at, at))
    sentence = format_html(_("{} by <b>{}</b>."), what, moment_text(case.due_at))
    return Ball("wait", "wait", turn, sentence, yours=is_mine, left=distance_text(case.due_at, at))


_LOOK = gettext_lazy("See what it needs")
_TO_DO: Mapping[str, Lazy] = {
    Cause.ACKNOWLEDGMENT: gettext_lazy("Ask the supplier, or answer for it as you were told by phone"),
    Cause.UNSEEN: gettext_lazy("Find somebody at the supplier who reads it"),
    Cause.SHIPMENT: gettext_lazy("Ask where the goods are, and agree on a new day"),
    Cause.RECEIPT: gettext_lazy("Keep it or send it back, and put it right in the ERP"),
    Cause.COUNT: gettext_lazy("Look at both figures, and ask the supplier or the dock"),
    Cause.REJECTED: gettext_lazy("Look at what was counted, and settle it with the supplier"),
    Cause.UNANNOUNCED: gettext_lazy("Ask the supplier for a ship notice, also afterwards"),
    Cause.SUPPLY: gettext_lazy("Bring it forward, or find another source"),
    Cause.ERP: gettext_lazy("Compare both sides and choose whose values hold"),
    Cause.DRIFT: gettext_lazy("Compare both sides and repair what differs"),
    Cause.NOTICE: gettext_lazy("Correct the address, or tell the supplier otherwise"),
    Cause.INVOICE: gettext_lazy("Look at it side by side with its order, and decide"),
    Cause.QUESTION: gettext_lazy("Answer it, or get the answer; then it closes by itself"),
    Cause.CREDIT: gettext_lazy("Ask the supplier for the credit note"),
    Cause.DOCUMENT: gettext_lazy("Call the supplier, or supply it for them"),
    Cause.BANK: gettext_lazy(
        "Call a contact back, then two approve or refuse it; what is frozen, two look into; what is in force is "
        "entered in the ERP"
    ),
    Cause.MAIL: gettext_lazy("Say whose mail it is, or set it aside"),
    Cause.DRAFT: gettext_lazy("Look at what was read, and confirm or discard it"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure: as it was agreed, as it is asked, as it is promised, and how they differ."""

    word: str
    asked: str
    promised: str
    difference: str = ""
    is_hot: bool = False


def compared(case: ExceptionCase) -> tuple[tuple[str, str], list[Compared]]:
    """What is compared on a case: the names of the two columns, and the figures. No rows where there is nothing."""
    facts = case.facts
    if case.cause == Cause.ANSWER:
        return (_("Asked"), _("Promised")), _answer(facts)
    if case.cause == Cause.CHANGE:
        return (_("Agreed"), _("Wanted")), _change(facts)
    if case.kind == CaseKind.LIKELY_LATE:
        return (_("Agreed"), _("Expected")), [_late_on_the_way(facts)]
    if case.cause in (Cause.SHIPMENT, Cause.SUPPLY):
        return (_("Asked"), _("Promised")), _days(facts)
    if case.cause == Cause.RECEIPT:
        is_here = case.kind == CaseKind.OVER_RECEIPT
        row = Compared(
            _("Quantity"),
            _quantity(facts["quantity"], facts),
            _quantity(facts["received" if is_here else "shipped"], facts),
            f"+{_quantity(facts['surplus'], facts)}",
            True,
        )
        return (_("Asked"), _("Received") if is_here else _("Shipped")), [row]
    if case.cause == Cause.COUNT:
        return (_("Announced"), _("Received")), [_count(facts), *_booked(facts), *_answered(facts)]
    if case.cause == Cause.REJECTED:
        return (_("Announced"), _("Counted")), [*_rejected(facts), *_answered(facts)]
    return ("", ""), []


def _answer(facts: Mapping[str, Any]) -> list[Compared]:
    asked, pieces = facts["asked"], facts["pieces"]
    coming = [one for one in pieces if one["kind"] != PromiseKind.REFUSE]
    late = days_between(facts.get("asked_on"), facts.get("promised_on"))
    short, percent = Decimal(facts.get("short", "0")), price_percent(facts)
    rows = [
        Compared(
            _("Delivery"),
            _deliveries([(quantity, day) for quantity, day in asked["deliveries"]], facts),
            _deliveries([(one["quantity"], one["delivery_on"]) for one in coming], facts) or _("refused"),
            (lateness(late) if late else "") if coming else _("refused"),
            late > 0 or not coming,
        ),
        Compared(
            _("Quantity"),
            _quantity(asked["quantity"], facts),
            _quantity(sum((Decimal(one["quantity"]) for one in coming), Decimal(0)), facts),
            _("%(n)s short") % {"n": _quantity(short, facts)} if short else "",
            short > 0,
        ),
        Compared(
            _("Price"),
            _price(asked, facts),
            " + ".join(dict.fromkeys(_price(one, facts) for one in coming)) or "–",
            f"{'+' if percent > 0 else ''}{figure(rounded(percent, 1), 1)} %" if percent else "",
            bool(percent and percent > 0),
        ),
    ]
    items = [one["item_number"] for one in coming if one["item_number"]]
    if items:
        rows.append(
            Compared(_("Item"), facts["item"], ", ".join(dict.fromkeys(items)), _("substitute"), True)
        )
    return rows


def _change(facts: Mapping[str, Any]) -> list[Compared]:
    was, wanted = terms_from_json(facts["was"]), terms_from_json(facts["wanted"])
    late = days_between(facts.get("agreed_on"), facts.get("promised_on"))
    rows = []
    for moved in differences(was, wanted, unit=facts["unit"], currency=facts["currency"]):
        is_day = moved.word in (_("delivery"), _("deliveries"))
        rows.append(
            Compared(
                moved.word[:1].upper() + moved.word[1:],
                moved.old,
                moved.new,
                lateness(late) if is_day and late else "",
                True,
            )
        )
    return rows


def _late_on_the_way(facts: Mapping[str, Any]) -> Compared:
    late = days_between(facts.get("agreed_on"), facts.get("promised_on"))
    agreed, expected = _day(facts.get("agreed_on")), _day(facts.get("promised_on"))
    return Compared(_("Delivery"), agreed, expected, lateness(late), True)


def _count(facts: Mapping[str, Any]) -> Compared:
    differs = Decimal(facts["differs"])
    amount = _quantity(abs(differs), facts)
    told, came = _quantity(facts["announced"], facts), _quantity(facts["counted"], facts)
    words = f"+{amount}" if differs > 0 else _("%(n)s short") % {"n": amount}
    return Compared(_("Quantity"), told, came, words, True)


def _booked(facts: Mapping[str, Any]) -> list[Compared]:
    """What the ERP has of it, where people have counted here."""
    if "booked" not in facts:
        return []
    return [Compared(_("Booked in the ERP"), "–", _quantity(facts["booked"], facts))]


def _rejected(facts: Mapping[str, Any]) -> list[Compared]:
    if facts.get("wrong"):
        amount = _quantity(facts["damaged"], facts) if facts.get("damaged") else "–"
        return [Compared(_("Wrong item"), "–", amount, str(facts["wrong"]), True)]
    told = _quantity(facts["announced"], facts) if facts.get("announced") else "–"
    less = Decimal(facts["announced"]) - Decimal(facts["good"]) if facts.get("announced") else Decimal(0)
    words = f"−{_quantity(less, facts)}" if less > 0 else ""
    return [
        Compared(_("Good"), told, _quantity(facts["good"], facts), words, less > 0),
        Compared(_("Damaged"), "–", _quantity(facts["damaged"], facts), str(facts.get("why", "")), True),
    ]


def _answered(facts: Mapping[str, Any]) -> list[Compared]:
    """What the supplier says of a count, where it has said something."""
    word = facts.get("answer")
    if word not in Word.values:
        return []
    text = str(facts.get("answer_text", ""))
    return [Compared(_("The supplier"), "–", str(Word(word).label), text, word == Word.DISPUTED)]


def _days(facts: Mapping[str, Any]) -> list[Compared]:
    late = days_between(facts.get("asked_on"), facts.get("promised_on"))
    missing = facts.get("missing")
    rows = [
        Compared(
            _("Delivery"),
            _day(facts.get("asked_on")),
            _day(facts.get("promised_on")),
            lateness(late) if late else "",
            late > 0,
        )
    ]
    if missing is not None:
        rows.append(
            Compared(
                _("Quantity"),
                _quantity(facts["quantity"], facts),
                "–",
                _("%(n)s missing") % {"n": _quantity(missing, facts)},
                True,
            )
        )
    if facts.get("stock_out_on"):
        rows.append(_stock_out(facts))
    return rows


def _stock_out(facts: Mapping[str, Any]) -> Compared:
    """The day on which the stock ends, beside the day promised that it does not last to."""
    before = days_between(facts["stock_out_on"], facts.get("promised_on"))
    words = ngettext("%(n)d day before", "%(n)d days before", before) % {"n": before} if before > 0 else "–"
    return Compared(_("Stock runs out"), "–", _day(facts["stock_out_on"]), words, True)


def _deliveries(parts: Sequence[tuple[Any, Any]], facts: Mapping[str, Any]) -> str:
    if len(parts) == 1:
        return _day(parts[0][1])
    return " + ".join(f"{_quantity(quantity, facts)} · {_day(day)}" for quantity, day in parts)


def _day(text: str | None) -> str:
    return day_text(date.fromisoformat(text[:10])) if text else _("no day yet")


def _quantity(amount: Any, facts: Mapping[str, Any]) -> str:
    return f"{figure(Decimal(amount))} {facts.get('unit', '')}".strip()


def _price(one: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    per = Decimal(one["price_per"])
    text = f"{figure(Decimal(one['price']), 2)} {facts.get('currency', '')}".strip()
    return text if per == 1 else f"{text} / {figure(per)}"


# --- why it is where it is ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Why:
    """One part of a score in words."""

    words: str
    points: str


def why_of(case: ExceptionCase) -> list[Why]:
    """The parts of the score, the greatest first; those of the formula that comes along say their figures."""
    return [
        Why(part_words(one["name"], case), f"{'+' if one['points'] > 0 else ''}{figure(one['points'])}")
        for one in case.parts
    ]


def part_words(name: str, case: ExceptionCase) -> str:
    """What a part is called, with the figure behind it where it is one of ours."""
    inputs = case.inputs

    def whole(*names: str) -> int:
        return max((int(Decimal(inputs[one])) for one in names if one in inputs), default=0)

    if name == "Open customer demand":
        count = whole("demand_orders")
        return ngettext("Open customer demand, %(n)d order", "Open customer demand, %(n)d orders", count) % {
            "n": count
        }
    if name == "Days late":
        return lateness(whole("days_late", "days_overdue"))
    if name == "Value":
        worth, said = Decimal(inputs.get("value", "0")), str(case.facts.get("currency", ""))
        # At no rate it counts as it is, and is told so.
        is_as_it_is = said and worth == Decimal(case.facts.get("value") or 0)
        currency = said if is_as_it_is else case.company.currency if case.company else ""
        return _("Value %(value)s") % {"value": money_text(rounded(worth, 2), currency) if currency else ""}
    if name == "Slips so far":
        count = whole("slips")
        return ngettext("Slipped %(n)d time before", "Slipped %(n)d times before", count) % {"n": count}
    if name == "Needed soon":
        days = whole("days_to_need")
        if "days_to_need" in inputs and days <= 0:
            return _("Needed now")
        return ngettext("Needed in %(n)d day", "Needed in %(n)d days", days) % {"n": days}
    if name == "Kind of case":
        return str(CaseKind(case.kind).label)
    return str(DEFAULT_NAMES.get(name, name))


# --- what happened ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to a case, as components/timeline.html shows it."""

    tone: str
    glyph: str
    text: str
    at: datetime
    note: str = ""


def story_of(events: Iterable[AuditEvent]) -> list[Entry]:
    """What happened to a case, newest first."""
    return [_entry(event) for event in events]


def mail_trouble(task: CaseTask, events: Iterable[AuditEvent]) -> str:
    """Why the mail with a question did not arrive, as the story of its case says it; empty where nothing says so.

    The newest word counts. `events` come newest first.
    """
    for event in events:
        is_its_own = event.facts.get("to") == task.email and event.facts.get("kind") == "question"
        if is_its_own and task.email and event.at >= task.asked_at:
            if event.kind == "notice.failed":
                return str(event.facts.get("reason") or "–")
            if event.kind == "notice.sent":
                return ""
    return ""


def _entry(event: AuditEvent) -> Entry:
    facts, by = event.facts, event.actor_label
    tone, glyph = _EVENT_LOOKS.get(event.kind, ("quiet", "full"))
    note = facts.get("reason") or facts.get("words") or facts.get("question") or ""
    if event.kind == "case.assigned":
        name = facts.get("name")
        text = (
            _("%(by)s gave it to %(name)s") % {"by": by, "name": name}
            if name
            else _("%(by)s gave it back") % {"by": by}
        )
    elif event.kind == "case.snoozed":
        until = _day(facts.get("until"))
        text = _("%(by)s lets it sleep until %(day)s") % {"by": by, "day": until}
    elif event.kind == "case.closed":
        because = facts.get("because", "")
        text = str(CloseReason(because).label) if because in CloseReason.values else _("Closed")
        note = ""
    elif event.kind == "case.reminded":
        text, note = str(TAKEN_WORDS.get(facts.get("action"), _("Reminder sent"))), ""
    elif event.kind == "case.opened":
        kind = facts.get("kind", "")
        text = _("Opened: %(kind)s") % {"kind": CaseKind(kind).label if kind in CaseKind.values else kind}
    else:
        values = {"by": by, "to": facts.get("to", "")}
        text = str(_EVENTS.get(event.kind, event.kind)) % values
    return Entry(tone, glyph, text, event.at, str(note))


_EVENTS: Mapping[str, Lazy] = {
    "case.recurred": gettext_lazy("It came back"),
    "clock.overdue": gettext_lazy("It is overdue now"),
    "case.awakened": gettext_lazy("It woke"),
    "case.settled": gettext_lazy("%(by)s settled it"),
    "case.reopened": gettext_lazy("%(by)s opened it again"),
    "case.noted": gettext_lazy("%(by)s wrote a note"),
    "case.mentioned": gettext_lazy("%(by)s mentioned colleagues"),
    "case.task_asked": gettext_lazy("%(by)s asked somebody else"),
    "case.task_answered": gettext_lazy("%(by)s answered"),
    "case.task_reminded": gettext_lazy("Who was asked is reminded"),
    "notice.sent": gettext_lazy("Mailed to %(to)s"),
    "notice.failed": gettext_lazy("The mail to %(to)s did not arrive"),
    "case.task_withdrawn": gettext_lazy("%(by)s took a question back"),
}
_EVENT_LOOKS: Mapping[str, tuple[str, str]] = {
    "case.opened": ("wait", "alert"),
    "case.recurred": ("wait", "alert"),
    "case.reminded": ("wait", "wait"),
    "clock.overdue": ("stop", "alert"),
    "case.closed": ("done", "full"),
    "case.settled": ("done", "full"),
    "case.noted": ("talk", "talk"),
    "case.task_asked": ("talk", "talk"),
    "case.task_answered": ("done", "talk"),
    "notice.failed": ("stop", "alert"),
}


def presence_text(looks: Sequence[CaseLook]) -> str:
    """Who else has the case on the screen, and since when."""
    if not looks:
        return ""
    since = distance_text(looks[0].since, looks[0].last_seen)
    names = ", ".join(look.user.name for look in looks)
    return ngettext(
        "%(names)s looks at this too (since %(since)s).",
        "%(names)s look at this too (since %(since)s).",
        len(looks),
    ) % {"names": names, "since": since}


def accept_text(case: ExceptionCase) -> str:
    """What is written on the button that accepts: with the day, where there is one."""
    on = case.facts.get("promised_on")
    if case.kind == CaseKind.LINE_REFUSED:
        return _("Take the refusal")
    if on and case.cause in (Cause.ANSWER, Cause.CHANGE):
        return _("Accept %(day)s") % {"day": day_text(date.fromisoformat(on))}
    return _("Accept")


def own_page(case: ExceptionCase) -> tuple[str, str]:
    """Where a case is worked on that is not decided here: the address and what stands on the button."""
    facts = case.facts
    if case.cause == Cause.ERP and facts.get("command"):
        return reverse("integration-command", kwargs={"key": facts["command"]}), _("Compare and choose")
    if case.cause == Cause.ERP and facts.get("telling"):
        return reverse("integration-telling", kwargs={"key": facts["telling"]}), _("Look what the ERP says")
    if case.cause == Cause.DRIFT and facts.get("drift"):
        return reverse("integration-drift", kwargs={"key": facts["drift"]}), _("Compare and repair")
    if case.cause == Cause.CHANGE and case.change:
        return reverse("change", kwargs={"key": case.change.key}), _("Open the change request")
    if case.cause in (Cause.COUNT, Cause.REJECTED) and facts.get("sheet"):
        return reverse("receiving-sheet", kwargs={"key": facts["sheet"]}), _("Open the count")
    if case.cause in (Cause.INVOICE, Cause.QUESTION) and facts.get("invoice"):
        return reverse("payables-case", kwargs={"key": facts["invoice"]}), _("Open the invoice")
    if case.cause == Cause.DOCUMENT and facts.get("supplier_key"):
        return reverse("supplier-documents", kwargs={"key": facts["supplier_key"]}), _("Open the documents")
    if case.cause == Cause.BANK and facts.get("bank_change"):
        return reverse("bank-change", kwargs={"key": facts["bank_change"]}), _("Open the change")
    if case.cause == Cause.BANK and facts.get("supplier_key"):
        return reverse("bank-supplier", kwargs={"key": facts["supplier_key"]}), _("Open the bank details")
    if case.cause == Cause.CREDIT and facts.get("sheet"):
        return reverse("receiving-sheet", kwargs={"key": facts["sheet"]}), _("Open the count")
    if case.order:
        url = reverse("order", kwargs={"key": case.order.key})
        line = facts.get("line")
        return (f"{url}?open={line}#line-{line}" if line else url), _("Open the order")
    return "", ""
