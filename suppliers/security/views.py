"""Pages of security events, of the audit trail's export, and of a person's own data; security.txt."""

import tempfile
from datetime import timedelta
from typing import IO, cast

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door, public
from portal.kernel.audit.lines import as_line, heading
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid
from portal.kernel.security.queries import alarms, security_events
from portal.kernel.security.requests import about
from portal.kernel.security.services import note
from portal.kernel.web import paginate, see_other
from suppliers.models import User
from suppliers.roles import Permission
from suppliers.security.forms import AuditSpan, ErasePerson, EventFilter, FindPerson
from suppliers.security.queries import names_of, person_at, person_of, standing_of_trail
from suppliers.security.services import StillConcerned, TakenOutToday, erase_person, take_out

SMALL = 4 * 1024 * 1024
NEWS_FOR = timedelta(days=180)
NOBODY = 0


@door(Permission.SECURITY_VIEW)
def event_list(request: DoorRequest) -> HttpResponse:
    """What was noted of sign-ins, refusals and attacks, newest first, and what is too much right now."""
    form = EventFilter(request.GET)
    form.is_valid()
    asked = form.cleaned_data
    person = asked.get("person")
    if email := (asked.get("email") or "").strip():
        named = person_at(email)
        person = named.pk if named else NOBODY
    found = security_events(request.actor, kind=asked.get("kind") or "", user_id=person)
    page = paginate(found, request.GET.get("cursor", ""), order=("-at", "-id"), size=50)
    names = names_of(page.rows)
    rows = [(event, names.get(event.user_id or 0, "")) for event in page.rows]
    context = {"page": page, "rows": rows, "form": form, "alarms": list(alarms(request.at))}
    return render(request, "suppliers/security/events.html", context)


@door(Permission.AUDIT_VIEW)
def audit(request: DoorRequest) -> HttpResponse:
    """How far the audit trail is sealed, and its export."""
    today = timezone.localdate()
    form = AuditSpan(initial={"since": today - timedelta(days=30), "until": today})
    return _show_audit(request, form)


def _show_audit(request: DoorRequest, form: AuditSpan, status: int = 200) -> HttpResponse:
    context = {"form": form, "standing": standing_of_trail()}
    return render(request, "suppliers/security/audit.html", context, status=status)


@door(Permission.AUDIT_VIEW, methods=["POST"])
def audit_export(request: DoorRequest) -> HttpResponse:
    """The events of some days as JSON lines, each with its place in the chain and its hash. The export is recorded."""
    form = AuditSpan(request.POST)
    if not form.is_valid():
        return _show_audit(request, form, status=422)
    since, until = form.span()
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SMALL)  # noqa: SIM115 -- the response closes it
    count = 0
    file.write(heading(since, until, standing_of_trail().head))
    for line in as_line(since, until):
        file.write(line)
        count += 1
    file.seek(0)
    facts = {"since": since.isoformat(), "until": until.isoformat(), "events": count}
    record(
        "audit.exported",
        "audit",
        actor=request.actor,
        at=request.at,
        supplier_id=None,
        internal=True,
        facts=facts,
    )
    note("audit.exported", **about(request), events=count)
    name = f"audit-{form.cleaned_data['since']}-{form.cleaned_data['until']}.jsonl"
    kind = "application/x-ndjson"
    return cast("HttpResponse", FileResponse(file, as_attachment=True, filename=name, content_type=kind))


@door(methods=["GET", "POST"], personal=True)
def my_data(request: DoorRequest) -> HttpResponse:
    """What the portal holds with the reader's name on it, as a file."""
    if request.method != "POST":
        return render(request, "suppliers/security/my_data.html")
    try:
        with transaction.atomic():
            packed = take_out(request.user, actor=request.actor, at=request.at)
    except TakenOutToday as refusal:
        return render(request, "suppliers/security/my_data.html", {"refusal": refusal}, status=refusal.status)
    return _packed(packed, request.user)


def _packed(content: bytes, person: User) -> HttpResponse:
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="person-{person.pk}.zip"'
    return response


@door(Permission.SUPPLIER_MANAGE)
def person_find(request: DoorRequest) -> HttpResponse:
    """Find the person whose data are asked for or to be erased, by the whole address."""
    form = FindPerson(request.GET)
    typed = form.cleaned_data.get("email", "") if form.is_valid() else ""
    found = person_at(typed)
    if found is not None:
        return see_other("person-data", number=found.pk)
    context = {"form": form, "missing": bool(typed)}
    return render(request, "suppliers/security/find.html", context)


def _person(number: int) -> User:
    found = person_of(number)
    if found is None:
        raise Http404
    return found


@door(Permission.SUPPLIER_MANAGE)
def person_data(request: DoorRequest, number: int) -> HttpResponse:
    """One person's data: take them out, or take the name away for good."""
    return _show_person(request, _person(number), ErasePerson())


def _show_person(request: DoorRequest, person: User, form: ErasePerson, status: int = 200) -> HttpResponse:
    is_erased = person.email.endswith("@erased.invalid")
    context = {"person": person, "form": form, "is_erased": is_erased, "is_me": person == request.user}
    return render(request, "suppliers/security/person.html", context, status=status)


@door(Permission.SUPPLIER_MANAGE, methods=["POST"], fresh=True)
def person_export(request: DoorRequest, number: int) -> HttpResponse:
    """A person's data as a file, for whoever asked the distributor for them."""
    person = _person(number)
    return _packed(take_out(person, actor=request.actor, at=request.at), person)


@door(Permission.SUPPLIER_MANAGE, methods=["POST"], fresh=True)
def person_erase(request: DoorRequest, number: int) -> HttpResponse:
    """Take a person's name and sign-in away, for good."""
    person = _person(number)
    form = ErasePerson(request.POST)
    if not form.is_valid():
        return _show_person(request, person, form, status=422)
    typed, reason = form.cleaned_data["email"], form.cleaned_data["reason"]
    try:
        erase_person(person, typed, reason, actor=request.actor, at=request.at)
    except Invalid as refusal:
        form.add_problems(refusal)
        return _show_person(request, _person(number), form, status=422)
    except StillConcerned as refusal:  # beside what was typed, which is wanted again in some days
        form.add_error(None, refusal.message)
        return _show_person(request, _person(number), form, status=refusal.status)
    messages.success(request, _("The name is gone. The papers keep a number in its place."))
    return see_other("person-data", number=number)


@public
def security_txt(request: DoorRequest) -> HttpResponse:
    """Whom to tell of a hole in this portal (RFC 9116). Not there where nobody is named."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    if not settings.SECURITY_CONTACT:
        raise Http404
    contacts = [
        f"mailto:{one}" if "@" in one and ":" not in one else one for one in settings.SECURITY_CONTACT
    ]
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    expires = (midnight + NEWS_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"Contact: {contact}" for contact in contacts]
    lines += [f"Expires: {expires}", "Preferred-Languages: en, de"]
    lines += [f"Canonical: {settings.PUBLIC_URL}{reverse('security-txt')}"]
    if settings.SECURITY_POLICY_URL:
        lines.append(f"Policy: {settings.SECURITY_POLICY_URL}")
    response = HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "public, max-age=86400"
    return response
