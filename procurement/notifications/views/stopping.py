"""The link in a mail by which its kind is ended, or comes less often: without sign-in, and by one click (RFC 8058)."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt

from portal.kernel.access import public
from portal.kernel.scope import acting
from procurement.notifications.queries import language_of
from procurement.notifications.services import end_kind
from procurement.notifications.services.gathering import POSTMAN
from procurement.notifications.states import Cadence, NoticeKind
from procurement.notifications.stopping import read_stop

TEMPLATE = "procurement/notifications/stop.html"


@public
@csrf_exempt  # the signed address is the proof: a mail provider that presses for its reader has no cookie of ours
def notices_stop(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows and asks; POST ends the kinds (`List-Unsubscribe=One-Click`), or sets how often they come."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    stop = read_stop(token)
    if stop is None or not stop.kinds:
        return _hidden(render(request, TEMPLATE, {"stop": None}, status=404))
    cadence = ""
    if request.method == "POST":
        wanted = request.POST.get("cadence", Cadence.NEVER)
        cadence = wanted if wanted in Cadence.values else Cadence.NEVER
    with acting(POSTMAN):
        language = language_of(stop.person)
        for kind in stop.kinds if cadence else ():
            end_kind(stop.person, kind, cadence, at=timezone.now())
    with translation.override(language or get_language() or "en"):
        context = {
            "stop": stop,
            "token": token,
            "kinds": [NoticeKind(kind).label for kind in stop.kinds],
            "cadences": Cadence.choices,
            "done": Cadence(cadence).label if cadence else "",
        }
        return _hidden(render(request, TEMPLATE, context))


def _hidden(response: HttpResponse) -> HttpResponse:
    """The address is a secret of its person: it travels on to nobody."""
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
