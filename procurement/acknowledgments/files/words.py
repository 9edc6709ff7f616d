"""What will come of each line of a sheet, in words."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, figure, money_text
from procurement.acknowledgments.policies import hints
from procurement.acknowledgments.services.checking import (
    AS_ASKED,
    BAD,
    BY_RULE,
    REFUSED,
    SKIPPED,
    STALE,
    WAITS,
    CheckedLine,
)
from procurement.orders.policies import NewPiece
from procurement.orders.states import PromiseKind
from procurement.tolerances.presenters.sentences import deciding, why_all

# outcome: its tone and glyph
LOOKS = {
    AS_ASKED: ("done", "full"),
    BY_RULE: ("done", "full"),
    WAITS: ("wait", "talk"),
    REFUSED: ("stop", "stop"),
    SKIPPED: ("quiet", "none"),
    STALE: ("talk", "stale"),
    BAD: ("stop", "alert"),
}


def result_text(checked: CheckedLine) -> str:
    """What happens to a line when the sheet is sent."""
    buyer = checked.order.buyer_name if checked.order and checked.order.buyer_name else _("the buyer")
    words = {
        AS_ASKED: _("Agreed at once"),
        BY_RULE: _("Agreed at once"),
        WAITS: _("Goes to %(buyer)s"),
        REFUSED: _("Refused: goes to %(buyer)s"),
        SKIPPED: _("Left as it is"),
        STALE: _("Not taken: it changed"),
        BAD: _("Not taken"),
    }
    return words[checked.outcome] % {"buyer": buyer}


def reason_text(checked: CheckedLine) -> str:
    """Why: how the answer differs from what is asked, in figures."""
    if checked.outcome == AS_ASKED:
        return _("as asked")
    if checked.outcome == SKIPPED:
        return _("nothing new in its rows")
    if checked.verdict and checked.outcome in (BY_RULE, WAITS) and checked.order and checked.rules:
        told = deciding(checked.verdict.apart)
        return why_all(told, currency=checked.order.currency, unit=checked.rules.unit)
    if checked.outcome not in (WAITS, REFUSED) or checked.order is None or checked.rules is None:
        return ""
    apart = checked.difference
    found: list[str] = []
    if apart.days_late > 0:
        found.append(ngettext("%(n)d day late", "%(n)d days late", apart.days_late) % {"n": apart.days_late})
    elif apart.days_late < 0:
        days = -apart.days_late
        found.append(ngettext("%(n)d day early", "%(n)d days early", days) % {"n": days})
    if apart.price_change:
        words = _("%(amount)s more each") if apart.price_change > 0 else _("%(amount)s less each")
        found.append(words % {"amount": money_text(abs(apart.price_change), checked.order.currency)})
    if apart.split:
        found.append(_("more deliveries than asked"))
    if apart.substitute:
        found.append(_("another item"))
    if apart.backorder:
        found.append(_("a backorder"))
    if apart.refused:
        values = {"quantity": figure(apart.refused), "unit": checked.rules.unit}
        found.append(_("%(quantity)s %(unit)s refused") % values)
    return "; ".join(found) or _("other quantities on these days")


def promise_text(checked: CheckedLine) -> str:
    """What the sheet promises on a line."""
    if checked.line is None:
        return ""
    unit = checked.line.unit
    return " + ".join(_piece_text(piece, unit) for piece in checked.new)


def _piece_text(piece: NewPiece, unit: str) -> str:
    quantity = f"{figure(piece.quantity)} {unit}"
    if piece.kind == PromiseKind.REFUSE:
        return _("%(quantity)s refused") % {"quantity": quantity}
    day = day_text(piece.delivery_on) or _("no day yet")
    item = f" ({piece.item_number})" if piece.kind == PromiseKind.SUBSTITUTE else ""
    return _("%(quantity)s%(item)s on %(day)s") % {"quantity": quantity, "item": item, "day": day}


def hint_texts(checked: CheckedLine) -> Sequence[str]:
    """What one may want to know before sending: packs and minimum quantities."""
    return hints(checked.rules, checked.new) if checked.rules and checked.new else ()
