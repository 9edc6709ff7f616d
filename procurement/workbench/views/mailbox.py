"""The mailbox of a demo: what was mailed to whom, as they would see it. On one machine only, for whoever sits at it."""

from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.clickjacking import xframe_options_sameorigin

from portal.kernel.access import public
from portal.kernel.web import see_other
from portal.mailbox import Kept, kept_mail, kept_mails

LIST, MAIL = "procurement/workbench/mailbox.html", "procurement/workbench/mailbox_mail.html"


def _only_here() -> None:
    """Raise where this is no machine of one's own: there the page is not there."""
    if settings.PRODUCTION:
        raise Http404


def _found(name: str) -> Kept:
    kept = kept_mail(name)
    if kept is None:
        raise Http404
    return kept


@public
def mailbox(request: HttpRequest) -> HttpResponse:
    """All mails, newest first; of one address where it is asked for."""
    _only_here()
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    to = request.GET.get("to", "").strip()
    return render(request, LIST, {"mails": kept_mails(to), "to": to})


@public  # type: ignore[arg-type]  # django-csp's types know views of one argument
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # likewise
def mailbox_mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: as HTML in a frame that may do nothing, as text, and with its headers."""
    _only_here()
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    context = {
        "kept": _found(name),
        "may_reply": bool(settings.MAIL_TAKEN_BY),
        "replied": "replied" in request.GET,
    }
    return render(request, MAIL, context)


@public  # type: ignore[arg-type]  # likewise
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]  # likewise
    {
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "frame-ancestors": [SELF],
        "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
    }
)
def mailbox_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part alone, without scripts or anything from elsewhere; its links open in a new window."""
    _only_here()
    html = _found(name).html
    return HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))


@public
def mailbox_reply(request: HttpRequest, name: str) -> HttpResponse:
    """Reply to a mail as its receiver would: it comes back to us as a mail that was sent."""
    _only_here()
    if request.method != "POST" or not settings.MAIL_TAKEN_BY:
        return HttpResponseNotAllowed(["POST"])
    kept = _found(name)
    reply = EmailMessage()
    reply["From"], reply["To"] = kept.to, str(kept.mail["Reply-To"] or kept.sender)
    reply["Subject"] = kept.subject if kept.subject.lower().startswith("re:") else f"Re: {kept.subject}"
    reply["Date"], reply["Message-ID"] = formatdate(), make_msgid(domain=_domain_of(kept.to))
    if kept.mail["Message-ID"]:
        reply["In-Reply-To"] = reply["References"] = str(kept.mail["Message-ID"])
    quoted = "\n".join(f"> {line}" for line in kept.text.splitlines())
    reply.set_content(f"{request.POST.get('body', '')}\n\n{kept.sender}:\n{quoted}\n")
    import_string(settings.MAIL_TAKEN_BY)(reply.as_bytes(), door="mailbox", at=timezone.now())
    response = see_other("mailbox-mail", name)
    response["Location"] += "?replied=1"
    return response


def _domain_of(address: str) -> str:
    return parseaddr(address)[1].rpartition("@")[2] or "localhost"
