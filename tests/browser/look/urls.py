"""The component sheet: one of each, on addresses that exist only in the tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from portal.kernel.access import public, refused
from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.errors import Invalid, Problem, StaleDocument
from portal.kernel.looks import STATES
from portal.kernel.web import Page

NOW = datetime(2026, 3, 12, 14, 20, tzinfo=UTC)
REFUSALS = {
    409: StaleDocument(
        "Revision 4 came at 14:02. What you typed is saved; look at the difference, then send."
    ),
    422: Invalid("Two fields need another look.", [Problem("date", "9 Feb 2026 is in the past")]),
}


class AnswerForm(forms.Form):
    """One field of each kind."""

    delivery = forms.CharField(label="Delivery date, line 70", help_text="As you write dates")
    reason = forms.ChoiceField(label="Reason", choices=[("a", "Material shortage"), ("b", "Capacity")])
    at_once = forms.BooleanField(label="Tell me at once by mail", required=False)
    notice = forms.ChoiceField(
        label="Notices", choices=[("a", "At once"), ("b", "Daily")], widget=forms.RadioSelect
    )
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)


def shell(request: Any, side: Side = Side.SUPPLIER) -> dict[str, Any]:
    """Somebody signed in, with a rail."""
    name = "Mei Lin" if side is Side.SUPPLIER else "Omar Haddad"
    request.user = SimpleNamespace(is_authenticated=True, name=name, theme="system", shortcuts=True, pk=1)
    request.actor = Actor(label=name, channel=Channel.PORTAL, side=side)
    request.at = NOW
    rows = [
        ("Home", "home", 4, ""),
        ("Orders", "file-text", 21, ""),
        ("Integration", "plug-connected", 0, "Set-up"),
    ]
    nav = [
        {
            "url": f"#{label}",
            "label": label,
            "icon": icon,
            "count": count,
            "section": section,
            "hot": count == 4,
        }
        | {"current": label == "Home", "phone": not section}
        for label, icon, count, section in rows
    ]
    suppliers = [
        {"key": "1", "name": "Lian Feng Valve", "current": True},
        {"key": "2", "name": "Wenzhou Castings"},
    ]
    return {
        "nav": nav,
        "party": "Lian Feng Valve",
        "acting_for": suppliers if side is Side.SUPPLIER else [],
        "home_url": "/",
        "search_url": "/",
        "session": {"who": ""},  # is never put away
    }


def sheet(request: HttpRequest) -> HttpResponse:
    """One of each."""
    form = AnswerForm({"delivery": "9 Feb 2026", "reason": "a"})
    form.is_valid()
    form.add_error("delivery", "9 Feb 2026 is in the past. The earliest is 13 Mar 2026.")
    messages.success(request, format_html('Answer sent, 18 lines. <a href="{}">Withdraw</a>', "#"))
    messages.error(request, "The file could not be read.")
    context = shell(request) | {
        "form": form,
        "states": STATES,
        "then": date(2026, 4, 8),
        "now": date(2026, 4, 1),
        "recently": NOW - timedelta(minutes=22),
        "amount": Decimal("55216.4"),
        "sentence": mark_safe("Answer revision 3 by <b>tomorrow, Fri 13 Mar 2026, 17:00</b> your time."),
        "dims": {
            "agreement": {
                "value": "answered",
                "word": "15 of 18 agreed",
                "note": "1 refused, 2 under review",
            },
            "revision": {"value": "current", "note": "3 lines reopened by it"},
            "logistics": {"value": "nothing_shipped", "note": "first due 1 Apr 2026"},
            "finance": {"value": "not_invoiced", "note": "net 30 days"},
        },
        "entries": [
            {
                "tone": "wait",
                "glyph": "wait",
                "text": "You are answering",
                "at": NOW,
                "note": "draft",
                "now": True,
            },
            {
                "tone": "talk",
                "glyph": "stale",
                "text": "Line 30",
                "old": date(2026, 4, 8),
                "new": date(2026, 4, 1),
            },
            {"text": "Order received", "at": NOW - timedelta(days=9)},
        ],
        "page": Page([], "next", ""),
        "views": [
            {"url": "#a", "label": "Needs you", "count": 21, "hot": True, "current": True},
            {"url": "#b", "label": "All open", "count": 61},
        ],
        "active": [{"label": "Customer is", "text": "Northmoor", "remove_url": "?"}],
        "filters": [
            {
                "label": "Agreement",
                "options": [{"label": "Awaits you", "url": "?a=1", "current": True, "count": 3}],
            }
        ],
        "figures": [
            {"label": "On time", "value": "92.4", "unit": "%", "note": "+1.2", "tone": "done", "url": "#1"},
            {"label": "Open lines", "value": "61", "url": "#2", "current": True},
        ],
        "rows": [
            {"number": number, "amount": Decimal(4110) * number, "open": Decimal(600)}
            for number in range(10, 70, 10)
        ],
    }
    return render(request, "look/sheet.html", context)


def answer(request: HttpRequest, status: int) -> HttpResponse:
    """A refusal, or an empty answer with this status."""
    shell(request, Side.COMPANY)
    if status in REFUSALS:
        return refused(request, REFUSALS[status])
    headers = {"HX-Redirect": "/accounts/login/"} if status == 401 else {}
    return HttpResponse(status=status, headers=headers)


def confirm(request: Any) -> HttpResponse:
    """A last look, as a page or as a dialog."""
    context = shell(request) | {
        "title": "Refuse line 60?",
        "text": "Omar is told at once. You may take it back until he acts.",
        "action": "#",
        "verb": "Refuse line 60",
        "danger": True,
        "keep": "Keep the line",
        "back": "/",
        "hidden": {"version": 3},
        "form": AnswerForm(prefix="refusal"),
    }
    return render(request, "layouts/confirm.html" + ("#confirm" if request.htmx else ""), context)


def error(request: HttpRequest, name: str) -> HttpResponse:
    """One of the pages that stand alone, and one with a form that comes back."""
    sent = {"left": 41, "sent": True, "comes_back": True, "again": "/", "files": ["drawing-7.pdf"]}
    kept = {"kept": [("note", "300 on time,\nthe rest a week later")]}
    return render(request, f"{name.removesuffix('_sent')}.html", sent | kept if name == "429_sent" else {})


urlpatterns = [
    path("", public(sheet), name="home"),
    path("orders", public(sheet), name="order-list"),
    path("answer/<int:status>", public(answer)),
    path("confirm", public(confirm)),
    path("error/<str:name>", public(error)),
    path("preferences", public(sheet), name="preferences"),
    path("switch", public(sheet), name="supplier-switch"),
    path("language", public(sheet), name="language"),
    path("accounts/", include("allauth.urls")),
]
