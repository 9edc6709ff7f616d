"""The door of a page: who may come in, one transaction, one scope, and refusals shown as sentences."""

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from django_htmx.middleware import HtmxDetails

from portal.kernel.actors import Actor
from portal.kernel.errors import FreshFactorNeeded, Invalid, NotAllowed, NotFound, Refusal
from portal.kernel.scope import acting

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponse]


class DoorRequest(HttpRequest):
    """A request as a view behind a door gets it: with who acts and when. Only a name for the type checker."""

    actor: Actor
    at: datetime
    user: Any  # signed in: the door has seen to it
    htmx: HtmxDetails


@dataclass(frozen=True, slots=True)
class Access:
    """What a door declares: the permissions of which one suffices (none: anybody signed in), those that are needed
    besides, all of them (`also`), and its methods.

    An address of the API may ask for another permission with each method: `by_method`. `fresh` says that a second
    factor must have been shown a moment ago (of an address of the API: with the methods `fresh_for`), `personal` that
    it is about the person who signed in and nobody else may do it in his or her place.
    """

    permissions: frozenset[str]
    methods: tuple[str, ...]
    public: bool = False
    by_method: Mapping[str, frozenset[str]] = field(default_factory=dict)
    fresh: bool = False
    personal: bool = False
    fresh_for: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()

    def lets_in(self, actor: Actor, method: str) -> bool:
        """Whether somebody has the permissions for it."""
        wanted = self.by_method.get(method, self.permissions)
        return (not wanted or any(map(actor.may, wanted))) and all(map(actor.may, self.also))


def public(view: View) -> View:
    """Declare a door that needs no sign-in and touches no supplier's record (health, static pages)."""
    view.access = Access(frozenset(), ("GET", "HEAD", "POST"), public=True)  # type: ignore[attr-defined]  # read by the persona matrix
    return view


def door(
    *permissions: str,
    also: Iterable[str] = (),
    methods: Iterable[str] = ("GET",),
    before: Callable[[Any], None] | None = None,
    fresh: bool = False,
    for_money: bool = False,
    personal: bool = False,
) -> Callable[[View], View]:
    """Declare and guard a page.

    Anonymous people go to sign-in and come back; who may not gets 403; the view runs in one transaction under the
    actor's scope, with `request.at` as its time. A `Refusal` rolls everything back and is shown with its own
    status; so is any other error, as Django shows it. `before` is work that takes long and needs no database: it is
    done for who may come in, and no transaction waits for it.

    `fresh` asks for a second factor that was shown a moment ago, before the form is seen and again when it is sent;
    `for_money` wants one that was not set up just now either (docs/sign-in.md). A view that needs it only at times
    calls `require_fresh_factor` itself. `personal` is closed to whoever acts in another person's place. Permissions in
    `also` are needed besides, all of them.
    """
    fresh = fresh or for_money
    allowed = tuple(methods) + (("HEAD",) if "GET" in methods else ())
    access = Access(frozenset(permissions), allowed, fresh=fresh, personal=personal, also=frozenset(also))

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            actor = request.actor  # type: ignore[attr-defined]  # set by ActorMiddleware
            if actor.is_anonymous:
                if request.user.is_authenticated:
                    raise PermissionDenied  # signed in, but acting for nobody (any more)
                return _to_sign_in(request)
            if not access.lets_in(actor, request.method or ""):
                raise PermissionDenied
            if personal and actor.impersonator_id is not None:
                raise PermissionDenied
            request.at = timezone.now()  # type: ignore[attr-defined]  # the door brings the time
            drop_nul(request)
            try:
                if fresh:
                    # By name: whose factors there are is known on a floor above.
                    import_string(settings.FRESH_FACTOR)(request, for_money=for_money)
                if before:
                    before(request)
                with acting(actor):
                    return view(request, *args, **kwargs)
            except FreshFactorNeeded as refusal:
                asked: HttpResponse = import_string(settings.FRESH_FACTOR_PAGE)(request, refusal)
                return asked
            except NotAllowed as refusal:
                raise PermissionDenied(refusal.message) from refusal
            except NotFound as refusal:
                raise Http404(refusal.message) from refusal
            except Refusal as refusal:
                return refused(request, refusal)

        guarded.access = access  # type: ignore[attr-defined]  # for the matrix
        return guarded

    return guard


def drop_nul(request: HttpRequest) -> None:
    """Leave out the NUL characters of what was typed.

    Nobody types one, a paste from a terminal or a PDF can bring one along unseen, and PostgreSQL keeps none in a text.
    """
    for name, sent in (("GET", request.GET), ("POST", request.POST)):
        if any("\0" in text for field, texts in sent.lists() for text in (field, *texts)):
            clean = QueryDict(mutable=True)
            for field, texts in sent.lists():
                clean.setlist(field.replace("\0", ""), [text.replace("\0", "") for text in texts])
            setattr(request, name, clean)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        response = HttpResponse(status=401)
        response["HX-Redirect"] = redirect_to_login(page_of(request)).url
        return response
    path = request.get_full_path() if request.method in ("GET", "HEAD") else page_of(request)
    return redirect_to_login(path)


def page_of(request: HttpRequest) -> str:
    # After sign-in a person returns to the page they stood on, never to the address of a POST.
    try:
        referrer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "/"
    page = referrer.path + (f"?{referrer.query}" if referrer.query else "")
    # Without its host a page of ours such as //elsewhere.example/ would be another host's.
    is_ours = referrer.netloc == request.get_host() and url_has_allowed_host_and_scheme(page, None)
    return page if is_ours else "/"


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Show a refusal: its sentence, what can be done now, and a way back."""
    logger.info("refused", extra={"code": refusal.code})
    template = "components/refusal.html" if getattr(request, "htmx", False) else "409.html"
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    context = {"refusal": refusal, "problems": problems, "back": page_of(request)}
    return render(request, template, context, status=refusal.status)
