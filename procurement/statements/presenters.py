"""A statement in words: what the comparison says of each row, what is to be done next, the bridge between both sides.

Note [Whose draft]: a draft is its own side's alone. Where the other side reads, what was never sent is not with us, and
nothing says that somebody has begun it.

Note [Two voices]: “we” is the company on its own pages alone. To the supplier the same is said of “you” and “the
customer”: whoever reads about both sides must know at once which of them is meant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.kernel.actors import Actor
from portal.kernel.templatetags.portal_ui import day_text, money_text
from procurement.payables.presenters.sentences import held_text
from procurement.statements.models import StatementBalance, StatementRow, SupplierStatement
from procurement.statements.states import ALIKE, ItemKind, Standing, StatementState, Verdict
from suppliers.roles import Permission

LOOKS: Mapping[str, tuple[str, str]] = {
    Verdict.AGREES: ("done", "full"),
    Verdict.APPROVED: ("move", "most"),
    Verdict.HELD: ("wait", "alert"),
    Verdict.DIFFERS: ("stop", "over"),
    Verdict.MISSING: ("stop", "alert"),
    Verdict.PAID: ("move", "full"),
    Verdict.PART_PAID: ("move", "half"),
    Verdict.PAID_THERE: ("stop", "alert"),
    Verdict.PAYMENT: ("move", "full"),
    Verdict.PAYMENT_UNKNOWN: ("stop", "alert"),
    Verdict.OTHER_CURRENCY: ("stop", "alert"),
    Verdict.DUPLICATE: ("stop", "over"),
    Verdict.UNLISTED: ("talk", "stale"),
    Verdict.CREDIT_UNLISTED: ("talk", "stale"),
    Verdict.UNREAD: ("stop", "alert"),
    Verdict.LATER: ("quiet", "quarter"),
}
# How the supplier reads what is about both sides. See Note [Two voices].
WORDS_TO_SUPPLIER: Mapping[str, Promise] = {
    Verdict.HELD: lazy("With the customer, held"),
    Verdict.MISSING: lazy("Not with the customer"),
    Verdict.PAID: lazy("Paid by the customer"),
    Verdict.PART_PAID: lazy("Partly paid by the customer"),
    Verdict.PAID_THERE: lazy("Paid in your books"),
    Verdict.PAYMENT: lazy("The customer's payment"),
    Verdict.UNLISTED: lazy("Not in your list"),
    Verdict.CREDIT_UNLISTED: lazy("Credit not in your list"),
    Verdict.LATER: lazy("After your day"),
}
# What a difference is, as a line of the bridge that leads from their balance to ours.
BRIDGE: Mapping[str, Promise] = {
    Verdict.DIFFERS: lazy("Amounts that differ"),
    Verdict.MISSING: lazy("Not with us"),
    Verdict.PAID: lazy("Paid by us, not posted by them"),
    Verdict.PART_PAID: lazy("Partly paid by us, not posted by them"),
    Verdict.PAID_THERE: lazy("Paid in their books, not in ours"),
    Verdict.PAYMENT: lazy("Our payments, not set against anything by them"),
    Verdict.PAYMENT_UNKNOWN: lazy("Payments that we do not know"),
    Verdict.OTHER_CURRENCY: lazy("In another currency"),
    Verdict.DUPLICATE: lazy("Listed twice"),
    Verdict.UNLISTED: lazy("Ours, not in their list"),
    Verdict.CREDIT_UNLISTED: lazy("Credits, not in their list"),
    Verdict.UNREAD: lazy("Ours, in rows that were not read"),
    Verdict.LATER: lazy("Ours, after the day of their list"),
}
BRIDGE_TO_SUPPLIER: Mapping[str, Promise] = {
    Verdict.MISSING: lazy("Not with the customer"),
    Verdict.PAID: lazy("Paid by the customer, not posted by you"),
    Verdict.PART_PAID: lazy("Partly paid by the customer, not posted by you"),
    Verdict.PAID_THERE: lazy("Paid in your books, not in the customer's"),
    Verdict.PAYMENT: lazy("The customer's payments, not set against anything by you"),
    Verdict.PAYMENT_UNKNOWN: lazy("Payments that the customer does not know"),
    Verdict.UNLISTED: lazy("The customer's, not in your list"),
    Verdict.CREDIT_UNLISTED: lazy("Credits, not in your list"),
    Verdict.UNREAD: lazy("The customer's, in rows that were not read"),
    Verdict.LATER: lazy("The customer's, after the day of your list"),
}
Voice = Mapping[str, Promise]
TO_COMPANY: Voice = {
    "abroad": lazy("They list it in another currency."),
    "currency": lazy("With us it is in %(currency)s."),
    "differs": lazy("With us it comes to %(total)s, of which %(ours)s is open."),
    "part_paid": lazy("We paid %(paid)s of it; %(ours)s is open."),
    "paid_there": lazy("They have posted more as paid than we have: with us %(ours)s is open."),
    "later": lazy("Dated after the day of their list, so it need not be in it."),
    "unlisted": lazy("Open with us, and not in their list."),
    "credit_unlisted": lazy("This credit is not in their books, or it is used up there."),
    "no_credit": lazy("We have no credit note of this number."),
    "never": lazy("It never came to us, neither here nor in the books of the ERP."),
    "no_payment": lazy("We know no payment of this reference, nor one of this amount about that day."),
    "not_set": lazy("They have not set it against its invoices."),
    "listed": lazy("They list the payment, and have not set it against this."),
    "not_posted": lazy("They have not posted our payment."),
    "sent": lazy("With us, being matched."),
    "booked_due": lazy("In our books, due on %(day)s."),
    "booked": lazy("In our books."),
    "less": lazy("We owe %(amount)s less than the list says."),
    "more": lazy("We owe %(amount)s more than the list says."),
}
TO_SUPPLIER: Voice = {
    "abroad": lazy("You list it in another currency."),
    "currency": lazy("With the customer it is in %(currency)s."),
    "differs": lazy("With the customer it comes to %(total)s, of which %(ours)s is open."),
    "part_paid": lazy("The customer paid %(paid)s of it; %(ours)s is open."),
    "paid_there": lazy("You have posted more as paid than the customer, with whom %(ours)s is open."),
    "later": lazy("Dated after the day of your list, so it need not be in it."),
    "unlisted": lazy("Open with the customer, and not in your list."),
    "credit_unlisted": lazy("This credit is not in your books, or it is used up there."),
    "no_credit": lazy("The customer has no credit note of this number."),
    "never": lazy("It never came to the customer, neither here nor in the books of the ERP."),
    "no_payment": lazy(
        "The customer knows no payment of this reference, nor one of this amount about that day."
    ),
    "not_set": lazy("You have not set it against its invoices."),
    "listed": lazy("You list the payment, and have not set it against this."),
    "not_posted": lazy("You have not posted the customer's payment."),
    "sent": lazy("With the customer, being matched."),
    "booked_due": lazy("In the customer's books, due on %(day)s."),
    "booked": lazy("In the customer's books."),
    "less": lazy("The customer owes %(amount)s less than your list says."),
    "more": lazy("The customer owes %(amount)s more than your list says."),
}


@dataclass(frozen=True, slots=True)
class Sides:
    """What both sides are called where their figures stand."""

    theirs: str
    ours: str
    open_theirs: str
    open_ours: str
    amount_theirs: str
    amount_ours: str
    unlisted: str


def sides_for(*, is_supplier: bool) -> Sides:
    """What both sides are called for this reader. See Note [Two voices]."""
    if is_supplier:
        return Sides(
            _("Your balance"),
            _("The customer's balance"),
            _("Open, yours"),
            _("Open, the customer's"),
            _("Amount, yours"),
            _("Amount, the customer's"),
            _("not in your list"),
        )
    return Sides(
        _("Their balance"),
        _("Our balance"),
        _("Open, theirs"),
        _("Open, ours"),
        _("Amount, theirs"),
        _("Amount, ours"),
        _("not in their list"),
    )


def word_of(verdict: str, *, is_supplier: bool) -> str:
    """What a verdict is called for this reader; empty where nothing is compared yet."""
    if not verdict:
        return ""
    label = Verdict(verdict).label
    return str(WORDS_TO_SUPPLIER.get(verdict, label) if is_supplier else label)


# --- one row ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """What can be done next about a row: a word and where."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row for its reader: where it stands, what is said of it, in which sentence, and what to do next; `typed` was
    refused.
    """

    row: StatementRow
    place: str
    kind: str
    tone: str
    glyph: str
    word: str
    sentence: str
    step: Step | None
    may_ask: bool
    may_answer: bool
    typed: str = ""


def is_hidden_draft(row: StatementRow, actor: Actor) -> bool:
    """Whether it is a draft of the other side. See Note [Whose draft]."""
    is_ours = bool(row.told.get("on_behalf"))
    return row.told.get("standing") == Standing.DRAFT and is_ours == actor.is_supplier


def sentence_of(row: StatementRow, actor: Actor) -> str:
    """What the comparison says of a row, in one sentence."""
    told = {} if is_hidden_draft(row, actor) else row.told
    verdict = row.verdict
    voice = TO_SUPPLIER if actor.is_supplier else TO_COMPANY
    if verdict == Verdict.MISSING:
        return _missing(row, told, voice)
    if verdict == Verdict.DUPLICATE:
        return _("Row %(row)s lists it already.") % {"row": told.get("row", "")}
    if verdict in (Verdict.PAYMENT, Verdict.PAYMENT_UNKNOWN):
        return _payment(verdict, told, voice)
    if verdict == Verdict.OTHER_CURRENCY:
        if row.place is None:
            return str(voice["abroad"])
        return str(voice["currency"] % {"currency": told.get("currency", "")})
    standing = _standing(told, voice)
    if verdict == Verdict.UNREAD:
        text = _("It stands in row %(row)s, which could not be read.") % {"row": told.get("row", "")}
        return f"{text} {standing}".strip()
    values = {
        "ours": money_text(row.our_open, row.currency),
        "theirs": money_text(row.open_amount, row.currency),
        "paid": money_text(abs((row.our_amount or Decimal(0)) - row.our_open), row.currency),
        "total": money_text(row.our_amount or Decimal(0), row.currency),
    }
    if verdict == Verdict.DIFFERS:
        return f"{voice['differs'] % values} {standing}".strip()
    if verdict == Verdict.PAID:
        return f"{_paid(told)} {_posted(told, voice)}".strip()
    if verdict == Verdict.PART_PAID:
        return f"{voice['part_paid'] % values} {_posted(told, voice)}".strip()
    if verdict == Verdict.PAID_THERE:
        return str(voice["paid_there"] % values)
    if verdict == Verdict.LATER:
        return str(voice["later"])
    if verdict in (Verdict.UNLISTED, Verdict.CREDIT_UNLISTED):
        return f"{voice[verdict]} {standing}".strip()
    return standing


def _missing(row: StatementRow, told: Mapping[str, Any], voice: Voice) -> str:
    reason = str(told.get("reason", ""))
    standing = told.get("standing")
    if standing == Standing.DRAFT:
        return _("It is a draft still: it was never sent.")
    if standing == Standing.REJECTED:
        return _("It was sent back: “%(why)s”. Corrected, it is sent again under its number.") % {
            "why": reason
        }
    if standing == Standing.WITHDRAWN:
        return _("It was withdrawn: “%(why)s”.") % {"why": reason} if reason else _("It was withdrawn.")
    if standing == Standing.VOIDED:
        return (
            _("It was declared void: “%(why)s”.") % {"why": reason} if reason else _("It was declared void.")
        )
    if row.kind == ItemKind.CREDIT_NOTE:
        return str(voice["no_credit"])
    return str(voice["never"])


def _payment(verdict: str, told: Mapping[str, Any], voice: Voice) -> str:
    if verdict == Verdict.PAYMENT_UNKNOWN:
        return str(voice["no_payment"])
    return f"{_paid(told)} {voice['not_set']}"


def _paid(told: Mapping[str, Any]) -> str:
    values = {"day": _day(told.get("paid_on")), "reference": told.get("reference", "")}
    if values["day"] and values["reference"]:
        return _("Paid on %(day)s, reference %(reference)s.") % values
    return _("Paid on %(day)s.") % values if values["day"] else _("Paid.")


def _posted(told: Mapping[str, Any], voice: Voice) -> str:
    return str(voice["listed" if told.get("posted") else "not_posted"])


def _standing(told: Mapping[str, Any], voice: Voice) -> str:
    """How it stands with us."""
    standing = told.get("standing")
    values = {"day": _day(told.get("pay_on") or told.get("due_on"))}
    if standing in (Standing.HELD, Standing.DISPUTED):
        return held_text(told.get("held_for", {})) or _("It is held.")
    if standing == Standing.SENT:
        return str(voice["sent"])
    if standing == Standing.APPROVED:
        return _("Approved, to be paid on %(day)s.") % values if values["day"] else _("Approved.")
    if standing == Standing.SCHEDULED:
        return _("Booked, to be paid on %(day)s.") % values if values["day"] else _("Booked.")
    if standing == Standing.BOOKED:
        return str(voice["booked_due"] % values if values["day"] else voice["booked"])
    return _paid(told) if standing == Standing.PAID else ""


def _day(text: Any) -> str:
    return day_text(date.fromisoformat(text)) if text else ""


def shown_rows(
    rows: Iterable[StatementRow],
    statement: SupplierStatement,
    actor: Actor,
    typed: Mapping[int | None, str] | None = None,
) -> list[ShownRow]:
    """The rows of a page, with what was typed about some and refused. They come with their invoices: no query of its
    own.
    """
    asks = statement.state == "compared" and not actor.is_supplier and actor.may(Permission.INVOICE_SETTLE)
    answers = statement.state == "compared" and actor.is_supplier and actor.may(Permission.INVOICE_WRITE)
    found = []
    for row in rows:
        tone, glyph = LOOKS.get(row.verdict, ("quiet", "none"))
        is_theirs = row.place is not None
        found.append(
            ShownRow(
                row=row,
                place=_place(row, actor),
                kind="" if row.kind == ItemKind.INVOICE else str(ItemKind(row.kind).label),
                tone=tone,
                glyph=glyph,
                word=word_of(row.verdict, is_supplier=actor.is_supplier),
                sentence=sentence_of(row, actor) if row.verdict else "",
                step=_step(row, actor),
                may_ask=asks and is_theirs and row.verdict not in ALIKE,
                may_answer=answers and row.is_asked,
                typed=(typed or {}).get(row.place, ""),
            )
        )
    return found


def _place(row: StatementRow, actor: Actor) -> str:
    place = row.told.get("row") if row.verdict == Verdict.UNREAD else row.place
    if place is None:
        return sides_for(is_supplier=actor.is_supplier).unlisted
    return _("Row %(row)s") % {"row": place}


def _step(row: StatementRow, actor: Actor) -> Step | None:
    invoice = None if is_hidden_draft(row, actor) else row.invoice
    if actor.is_supplier:
        return _their_step(row, invoice, actor)
    if invoice is None:
        return None
    if invoice.sent_at is None:
        return Step(_("Open the draft"), reverse("invoice", args=[invoice.key]))
    return Step(_("Open the case"), reverse("payables-case", args=[invoice.key]))


def _their_step(row: StatementRow, invoice: Any, actor: Actor) -> Step | None:
    may_write = actor.may(Permission.INVOICE_WRITE)
    if invoice is None:
        wanted = row.verdict == Verdict.MISSING and row.kind != ItemKind.CREDIT_NOTE
        return Step(_("Write this invoice"), reverse("invoice-new")) if wanted and may_write else None
    page = reverse("invoice", args=[invoice.key])
    standing = row.told.get("standing")
    if standing == Standing.DRAFT and may_write:
        return Step(_("Finish and send it"), page)
    if standing == Standing.REJECTED and may_write:
        return Step(_("Correct it"), page)
    if standing in (Standing.HELD, Standing.DISPUTED):
        return Step(_("See why it is held"), page)
    return Step(_("Look at it"), page)


# --- the whole ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Headline:
    """How the statement stands, in one sentence, and who is to act."""

    tone: str
    glyph: str
    turn: str
    yours: bool
    sentence: str


def headline(statement: SupplierStatement, *, is_supplier: bool, left: int = 0) -> Headline:
    """The sentence at the top of a statement that was compared; `left` of its rows could not be read."""
    day = day_text(statement.stated_on)
    if statement.state == StatementState.SETTLED:
        values = {
            "name": statement.settled_by,
            "day": day_text(timezone.localtime(statement.settled_at).date()),
        }
        sentence = _("The balance is agreed, by %(name)s on %(day)s.") % values
        if statement.settled_note:
            sentence = f"{sentence} “{statement.settled_note}”"
        return Headline("done", "full", _("Agreed"), False, sentence)
    if statement.state == StatementState.REPLACED:
        return Headline("quiet", "stale", _("Replaced"), False, _("A newer statement has taken its place."))
    if not statement.differing and left:
        text = ngettext(
            "What was read agrees. One row could not be read.",
            "What was read agrees. %(n)d rows could not be read.",
            left,
        )
        return Headline("wait", "alert", _("Not all was read"), True, text % {"n": left})
    if not statement.differing:
        text = _("Both sides list the same as of %(day)s.") % {"day": day}
        return Headline("done", "full", _("Agrees"), False, text)
    text = ngettext("One row does not agree.", "%(n)d rows do not agree.", statement.differing)
    text %= {"n": statement.differing}
    if statement.gap:
        apart = money_text(abs(statement.gap), statement.gap_currency)
        voice = TO_SUPPLIER if is_supplier else TO_COMPANY
        text = f"{text} {voice['less' if statement.gap < 0 else 'more'] % {'amount': apart}}"
    turn = _("Look at each") if is_supplier else _("Differs")
    return Headline("wait", "alert", turn, True, text)


@dataclass(frozen=True, slots=True)
class BridgeLine:
    """One kind of difference: what it adds up to, of how many rows, and the rows behind it."""

    label: str
    amount: Decimal
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class ShownBalance:
    """Both sides in one currency, and what leads from theirs to ours."""

    balance: StatementBalance
    lines: Sequence[BridgeLine]

    @property
    def agrees(self) -> bool:
        """Whether both come to the same, with nothing between."""
        return not self.lines and not self.balance.gap


def shown_balances(balances: Iterable[StatementBalance], *, is_supplier: bool) -> list[ShownBalance]:
    """The balances of a comparison with their bridges, in the order of the verdicts."""
    found = []
    words = {**BRIDGE, **(BRIDGE_TO_SUPPLIER if is_supplier else {})}
    for one in balances:
        lines = [
            BridgeLine(
                str(words[name]),
                Decimal(one.bridge[name]),
                int(one.counts.get(name, 0)),
                f"?only={name}",
            )
            for name in Verdict.values
            if name in one.bridge and name in words
        ]
        found.append(ShownBalance(one, lines))
    return found


def counts_of(balances: Iterable[StatementBalance]) -> dict[str, int]:
    """How many rows have each verdict, over all currencies."""
    found: dict[str, int] = {}
    for one in balances:
        for name, count in one.counts.items():
            found[name] = found.get(name, 0) + int(count)
    return found
