"""A fresh second factor: asking whether one was shown a moment ago, and asking whoever has not.

Note [Fresh]: allauth writes into the session when its person showed what. Only a *factor* counts here (a code of the
app, a passkey, a recovery code), at sign-in or later; a password never does, nor does a device that was spared the
step. What moves money wants a factor that is settled besides: the account's first one must be a day old or have been
confirmed by its address. Whether it is, is looked up by the question, since behind a supplier's door nobody may read
factors, and noted in the session for the moment at which the factor was shown.

Note [Nothing is lost]: a form that is sent too late is answered with the question, and carries what was typed along in
hidden fields; the right answer leads back with a 307, which sends all of it to where it was meant for. Files do not
come along: a page cannot choose files for somebody. Where the answer leads is signed, so that nobody is led elsewhere.
"""

import functools
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from portal.kernel.access import page_of
from portal.kernel.errors import FreshFactorNeeded, NotAllowed
from suppliers.signin.policies import was_just_shown
from suppliers.signin.queries import has_factor

SETTLED = "settled factor"
SALT = "suppliers.signin.step_up"
OWN_FIELDS = "factor"  # what the question itself sends begins with this

STALE, YOUNG, PROGRAM, IDLE = "stale", "young", "program", "idle"


def require_fresh_factor(request: Any, *, minutes: int | None = None, for_money: bool = False) -> None:
    """Go on only for somebody who has shown a second factor within so many minutes, however good the session is.

    For a door use `@door(…, fresh=True)` or `for_money=True`, which ask before the form is seen and again when it is
    sent; call this in a view where it depends on what is done. `minutes` is `FRESH_FACTOR_MINUTES` where nothing is
    said. Raises `FreshFactorNeeded`, which a page's door answers with the question and an API's with 403; and
    `NotAllowed` for whoever acts in another person's place. ASVS 5.0, 7.5.1 and 7.5.3; domain.md §11.
    """
    web: HttpRequest = getattr(request, "_request", request)
    actor = web.actor  # type: ignore[attr-defined]  # set by ActorMiddleware or by the token
    if actor.impersonator_id is not None:
        raise NotAllowed(_("In another person’s place this cannot be done."))
    if actor.token_id is not None or actor.user_id is None or not web.user.is_authenticated:
        message = _("A program has no second factor. Sign in and do this on the page.")
        raise FreshFactorNeeded(message, details={"why": PROGRAM})
    at = getattr(request, "at", None) or timezone.now()
    within = settings.FRESH_FACTOR_FOR if minutes is None else timedelta(minutes=minutes)
    shown = _shown_at(web)
    if shown is None or not was_just_shown(shown, at=at, within=within):
        message = _("Show your second factor once more: this needs one that was shown a moment ago.")
        raise FreshFactorNeeded(message, details={"why": STALE})
    if for_money and web.session.get(SETTLED) != [web.user.pk, shown]:
        message = _("Your second factor is new. Confirm it by the link we mail you, or wait a day.")
        raise FreshFactorNeeded(message, details={"why": YOUNG})


def asks_own_factor(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a page of one's own account ask whoever has a second factor for it first; others go on with their password.

    What was typed does not come along: on such a page those are passwords. ASVS 5.0, 7.5.1.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if user.is_authenticated and has_factor(user.pk) and not is_shown(request, at=timezone.now()):
            to = urlencode({"to": signed(request, WayBack(request.path))})
            response = redirect(f"{reverse('step-up')}?{to}")
            response.status_code = 302 if request.method in ("GET", "HEAD") else 303
            return response
        return view(request, *args, **kwargs)

    return guarded


def settle_fresh_factor(request: HttpRequest) -> None:
    """Note that the factor that was shown last is a settled one. See Note [Fresh]."""
    request.session[SETTLED] = [request.user.pk, _shown_at(request)]


def is_shown(request: HttpRequest, *, at: datetime) -> bool:
    """Whether a factor was shown a moment ago, settled or not."""
    shown = _shown_at(request)
    return shown is not None and was_just_shown(shown, at=at, within=settings.FRESH_FACTOR_FOR)


def _shown_at(request: HttpRequest) -> float | None:
    """When this very person showed a factor last, as allauth has written it into the session."""
    records = get_authentication_records(request, request.user)
    moments = [float(record["at"]) for record in records if record.get("method") == "mfa"]
    return max(moments, default=None)


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where somebody was: the address, whether a form was being sent there, whether only a settled factor will do."""

    path: str = "/"
    sends: bool = False
    young: bool = False


def ask_for_factor(request: Any, refusal: FreshFactorNeeded) -> HttpResponse:
    """The answer of a page's door: to the question and back. What was typed comes along (Note [Nothing is lost])."""
    request.was_asked_for_a_factor = True  # nothing is refused: see `kind_of_event` in portal.middleware
    young = refusal.details.get("why") == YOUNG
    here = WayBack(request.get_full_path(), young=young)
    if request.method in ("GET", "HEAD"):
        return redirect(f"{reverse('step-up')}?{urlencode({'to': signed(request, here)})}")
    context = {
        "to": signed(request, replace(here, sends=True)),
        "refusal": refusal,
        "young": young,
        "kept": kept_fields(request.POST),
        "files": [file.name for _name, files in request.FILES.lists() for file in files],
        "back": page_of(request),
        "idle": refusal.details.get("why") == IDLE,
    }
    if getattr(request, "htmx", False):
        response = render(request, "suppliers/signin/asked.html#asked", context, status=409)
        response["HX-Retarget"], response["HX-Reswap"] = "#main", "innerHTML"
        return response
    return render(request, "suppliers/signin/asked.html", context, status=409)


def ask_whether_it_is_still_you(request: Any, *, carries: bool = True) -> HttpResponse:
    """What a locked session is answered (Note [Left alone] in middleware.py): the question, with what was typed.

    `carries` is off for a page of one's own account, where what was typed are passwords. htmx gets 401 and stays where
    it is: the page says so, and opens the question beside it.
    """
    if getattr(request, "htmx", False):
        response = HttpResponse(status=401)
        to = signed(request, WayBack(page_of(request)))
        response["HX-Redirect"] = f"{reverse('step-up')}?{urlencode({'to': to})}"
        return response
    if not carries:
        to = signed(request, WayBack(request.path))
        response = redirect(f"{reverse('step-up')}?{urlencode({'to': to})}")
        response.status_code = 302 if request.method in ("GET", "HEAD") else 303
        return response
    message = _("You did nothing here for a while. Show that it is still you, and go on where you were.")
    return ask_for_factor(request, FreshFactorNeeded(message, details={"why": IDLE}))


def kept_fields(posted: Any) -> list[tuple[str, str]]:
    """What was typed, to be sent once more. Neither the token against forgery nor the question's own fields."""
    return [
        (name, text)
        for name, texts in posted.lists()
        for text in texts
        if name != "csrfmiddlewaretoken" and not name.startswith(f"{OWN_FIELDS}-")
    ]


def signed(request: HttpRequest, back: WayBack) -> str:
    """The way back, signed for this person alone: nobody is led where no door of ours sent them from."""
    return signing.dumps({**asdict(back), "user": request.user.pk}, salt=SALT, compress=True)


def read_way_back(request: HttpRequest, token: str) -> WayBack:
    """Where to go on; the first page for what is not ours, old or another's."""
    try:
        told = signing.loads(token, salt=SALT, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:
        return WayBack()
    return (
        WayBack(told["path"], told["sends"], told["young"]) if told["user"] == request.user.pk else WayBack()
    )
