"""Many lines at once: one day for those that are ticked, or rows out of a spreadsheet."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest
from procurement.acknowledgments.forms import (
    Pieces,
    asked_pieces,
    kept_text,
    plain_day,
    read_paste,
    same,
    set_day,
)
from procurement.acknowledgments.services import save_draft_lines
from procurement.orders.models import PurchaseOrder
from procurement.workbench.views.supplier_page import show_order, to_page
from procurement.workbench.views.typed import Typing, current_pieces, waiting_lines


def set_one_day(request: DoorRequest, order: PurchaseOrder, typing: Typing) -> HttpResponse:
    """One delivery day on every line that was ticked."""
    day = kept_text("delivery_on", request.POST.get("many_on", ""), get_language() or "en")
    picked = set(request.POST.getlist("pick"))
    problems: list[dict[str, str]] = []
    if not picked:
        problems.append({"id": "lines", "message": _("Tick the lines first that are to get this date.")})
    if plain_day(day) is None:
        problems.append({"id": "many_on", "message": _("Give the date that the ticked lines are to get.")})
    if problems:
        return show_order(request, order, problems=problems, status=422)
    current = current_pieces(order, request)
    waiting = waiting_lines(order)
    changed: dict[str, Pieces] = {}
    for key in picked & set(waiting):
        asked = asked_pieces(waiting[key][2])
        after = set_day(current.get(key) or asked, day)
        changed[key] = () if same(after, asked) else after
    save_draft_lines(order, changed, version=typing.version, actor=request.actor, at=request.at)
    text = ngettext(
        "The date is on one line. Look, then send.",
        "The date is on %(n)d lines. Look, then send.",
        len(changed),
    )
    messages.success(request, text % {"n": len(changed)})
    return to_page(request, order, "#lines")


def fill_from_paste(request: DoorRequest, order: PurchaseOrder, typing: Typing) -> HttpResponse:
    """Fill the grid from rows copied out of a spreadsheet."""
    text = request.POST.get("paste", "")
    waiting = waiting_lines(order)
    lines = [(key, number, rules) for key, (_id, number, rules) in waiting.items()]
    pasted = read_paste(text, lines, current_pieces(order, request), get_language() or "en")
    changed = {
        key: () if same(pieces, asked_pieces(waiting[key][2])) else pieces
        for key, pieces in pasted.lines.items()
    }
    save_draft_lines(order, changed, version=typing.version, actor=request.actor, at=request.at)
    if pasted.problems or not pasted.lines:
        told = pasted.problems or (_("Paste the rows first: copy them in Excel, then paste them here."),)
        problems = [{"id": "paste", "message": message} for message in told[:50]]
        return show_order(request, order, problems=problems, pasted=text, status=422)
    count = len(pasted.lines)
    done = ngettext(
        "One line is filled in. Look, then send.", "%(n)d lines are filled in. Look, then send.", count
    )
    messages.success(request, done % {"n": count})
    return to_page(request, order, "#lines")
