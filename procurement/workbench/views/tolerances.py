"""What rules did, each to be opened again; and what a policy would have done with past promises."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.values import read_key
from portal.kernel.web import panel_or_page, see_other, whole_number
from procurement.acknowledgments.services import reopen_decision
from procurement.invoices.states import InvoiceState
from procurement.matching.presenters import check_sentence, outcome_text
from procurement.matching.queries import TriedInvoice, try_on_invoices
from procurement.tolerances.forms import ReasonForm
from procurement.tolerances.presenters.sentences import lateness, said_by
from procurement.tolerances.queries import MOST_COUNTED, decision_counts, find_decision, find_policy
from procurement.tolerances.services import mark_seen
from procurement.workbench.queries.dry_run import (
    ACCEPTED,
    ASKED,
    BY_RULE,
    DAYS,
    DECLINED,
    PASSED,
    REFUSED,
    REPLACED,
    WAITING,
    WITHDRAWN,
    DryRow,
    DryRun,
    dry_run,
)
from procurement.workbench.queries.ruled import SHOWS, Wanted, check_rows, page_of_ruled, ruled_rows
from suppliers.roles import Permission

MOST_SHOWN = 200


# --- what rules did -----------------------------------------------------------------------------------------


@door(Permission.ORDER_VIEW)
def rule_decisions(request: DoorRequest) -> HttpResponse:
    """What rules decided, newest first: a supplier reads of its own lines, a buyer may open each again."""
    wanted = _wanted(request)
    page, rows = page_of_ruled(request.actor, wanted, request.GET.get("cursor", ""))
    may_decide = request.actor.is_company and request.actor.may(Permission.ORDER_DECIDE)
    context = {
        "page": page,
        "rows": rows,
        "views": _views(request, wanted),
        "wanted": wanted,
        "is_narrow": bool(wanted.order or wanted.supplier or wanted.policy),
        "clear_url": f"?show={wanted.show}",
        "may_decide": may_decide,
        "has_new": may_decide and any(row.is_new for row in rows),
    }
    return panel_or_page(request, "procurement/workbench/rule_decisions.html", "decisions", context)


def _wanted(request: DoorRequest) -> Wanted:
    show = request.GET.get("show", "accepted")
    texts = {name: request.GET.get(name, "")[:100] for name in ("order", "supplier", "policy")}
    return Wanted(show=show if show in SHOWS else "accepted", **texts)


def _views(request: DoorRequest, wanted: Wanted) -> list[dict[str, Any]]:
    counts = decision_counts(request.actor)
    labels = {
        "accepted": _("Agreed by rule"),
        "unseen": _("To look at"),
        "reopened": _("Opened again"),
        "asked": _("Went to the buyer"),
    }
    narrow = {name: getattr(wanted, name) for name in ("order", "supplier", "policy")}
    more = urlencode({name: value for name, value in narrow.items() if value})
    return [
        {
            "url": f"?show={name}" + (f"&{more}" if more else ""),
            "label": label,
            "count": f"{MOST_COUNTED}+" if counts[name] > MOST_COUNTED else counts[name],
            "hot": name == "unseen",
            "current": name == wanted.show,
        }
        for name, label in labels.items()
        if name != "unseen" or request.actor.is_company
    ]


@door(Permission.ORDER_VIEW)
def rule_decision(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One decision, figure by figure."""
    decision = find_decision(key, actor=request.actor)
    (row,) = ruled_rows([decision], request.actor)
    context = {"row": row, "decision": decision, "checks": check_rows(decision, request.actor)}
    return render(request, "procurement/workbench/rule_decision.html", context)


@door(Permission.ORDER_DECIDE, methods=["GET", "POST"])
def rule_decision_reopen(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Open again what a rule agreed to: the supplier is asked anew, in the words given here."""
    decision = find_decision(key, actor=request.actor)
    form = ReasonForm(request.POST or None)
    form.fields["reason"].label = _("What is needed instead")
    form.fields["reason"].help_text = _("The supplier reads this with the new question.")
    if request.method == "POST" and form.is_valid():
        try:
            reopen_decision(key, form.cleaned_data["reason"], actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.add_error("reason", refusal.message)
        else:
            values = {"line": decision.line_number, "number": decision.order_number}
            messages.success(
                request, _("The supplier is asked again about line %(line)s of %(number)s.") % values
            )
            return see_other("rule-decision", key)
    values = {"line": decision.line_number, "number": decision.order_number}
    context = {
        "title": _("Open line %(line)s of %(number)s again?") % values,
        "text": _(
            "What the rule agreed to stands no longer, and the supplier answers this line anew. What the ERP was told "
            "is not unsent: the new agreement is told it in its turn."
        ),
        "action": reverse("rule-decision-reopen", args=[key]),
        "verb": _("Ask again"),
        "back": reverse("rule-decision", args=[key]),
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return panel_or_page(request, "layouts/confirm.html", "confirm", context, status)


@door(Permission.ORDER_DECIDE, methods=["POST"])
def rule_decisions_seen(request: DoorRequest) -> HttpResponse:
    """Tick off what rules told of."""
    keys = [found for text in request.POST.getlist("pick") if (found := read_key(text))]
    count = mark_seen(keys, actor=request.actor, at=request.at)
    messages.success(request, ngettext("%(n)d ticked off.", "%(n)d ticked off.", count) % {"n": count})
    return see_other("rule-decisions")


# --- what a policy would have done --------------------------------------------------------------------------


@door(Permission.POLICY_VIEW)
def policy_dry_run(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """A policy held against the promises of the last days: what would have passed, and what became of it."""
    found = find_policy(key)
    asked = whole_number(request.GET.get("days"))
    days = asked if asked in DAYS else DAYS[1]
    show = request.GET.get("show", "")
    run = dry_run(found, days=days, actor=request.actor, at=request.at)
    tried = try_on_invoices(found, days=days, actor=request.actor, at=request.at)
    chosen = [row for row in run.rows if show in ("", row.outcome)]
    context = {
        "policy": found,
        "run": run,
        "days": days,
        "spans": [
            {
                "url": f"?days={count}",
                "label": ngettext("%(n)d day", "%(n)d days", count) % {"n": count},
                "current": count == days,
            }
            for count in DAYS
        ],
        "figures": _figures(run, days, show),
        "rows": [_shown(row) for row in chosen[:MOST_SHOWN]],
        "more": max(0, len(chosen) - MOST_SHOWN),
        "on_time": run.on_time,
        "passed": run.count(PASSED),
        "passed_declined": run.count(PASSED, DECLINED),
        "passed_accepted": run.count(PASSED, ACCEPTED),
        "tried": tried,
        "invoices": [_tried(row) for row in tried.rows[:MOST_SHOWN]] if tried else [],
    }
    return render(request, "procurement/workbench/dry_run.html", context)


def _tried(row: TriedInvoice) -> dict[str, Any]:
    """An invoice as the dry run shows it: what the rules say, why, and where it stands by now."""
    tone, glyph = ("done", "full") if row.passes else ("wait", "talk")
    reason = row.matched.reason
    return {
        "invoice": row.invoice,
        "tone": tone,
        "glyph": glyph,
        "result": outcome_text(row.matched.outcome.value),
        "why": check_sentence(reason) if reason else "",
        "state": row.invoice.get_state_display(),
        "by": said_by(row.invoice.approved_by),
        "is_bad": row.passes and row.invoice.state == InvoiceState.REJECTED,
    }


OUTCOMES = {
    PASSED: ("done", "full"),
    ASKED: ("wait", "talk"),
    REFUSED: ("stop", "stop"),
}


def _figures(run: DryRun, days: int, show: str) -> list[dict[str, Any]]:
    labels = {
        PASSED: _("Would be agreed at once"),
        ASKED: _("Would go to the buyer"),
        REFUSED: _("Would be refused while typed"),
    }
    made: list[dict[str, Any]] = [
        {
            "label": label,
            "value": run.count(name),
            "unit": ngettext("line", "lines", run.count(name)),
            "tone": OUTCOMES[name][0],
            "url": f"?days={days}" if show == name else f"?days={days}&show={name}",
            "current": show == name,
        }
        for name, label in labels.items()
    ]
    unit = ngettext("line", "lines", run.as_asked)
    made.append({"label": _("Promised as asked"), "value": run.as_asked, "unit": unit, "tone": "quiet"})
    return made


def _shown(row: DryRow) -> dict[str, Any]:
    tone, glyph = OUTCOMES[row.outcome]
    words = {
        PASSED: _("Agreed at once"),
        ASKED: _("To the buyer"),
        REFUSED: _("Refused while typed"),
    }
    return {
        "row": row,
        "line": row.line,
        "order": row.line.order,
        "tone": tone,
        "glyph": glyph,
        "result": words[row.outcome],
        "buyer": _buyer_words()[row.buyer],
        "is_bad": row.outcome == PASSED and row.buyer == DECLINED,
        "waited": _span(row),
        "later": _later(row),
    }


def _buyer_words() -> dict[str, str]:
    return {
        BY_RULE: _("nothing: a rule agreed"),
        ACCEPTED: _("accepted"),
        DECLINED: _("not accepted"),
        WITHDRAWN: _("taken back by the supplier"),
        WAITING: _("not decided yet"),
        REPLACED: _("replaced by another answer"),
    }


def _span(row: DryRow) -> str:
    if row.waited is None or row.buyer not in (ACCEPTED, DECLINED):
        return ""
    hours = round(row.waited.total_seconds() / 3600)
    if hours < 1:
        return _("at once")
    if hours < 48:
        return ngettext("after %(n)d hour", "after %(n)d hours", hours) % {"n": hours}
    return ngettext("after %(n)d day", "after %(n)d days", hours // 24) % {"n": hours // 24}


def _later(row: DryRow) -> str:
    if row.received_on is None:
        return _("nothing arrived yet")
    if not row.is_received:
        return _("partly arrived")
    days = row.days_after
    if days is None:
        return _("arrived")
    if not days:
        return _("arrived on the promised day")
    return _("arrived %(when)s, against the promise") % {"when": lateness(days)}
