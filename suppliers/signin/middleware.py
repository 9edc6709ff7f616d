"""Around every page of somebody signed in: whether it was left alone for long, whether a second factor is owed, and in
whose place one acts.

Note [Left alone]: a session that nobody used for a while is locked, not ended: its person shows a factor once more, or
the password where there is none, and goes on where they were. So nothing is lost that was typed: a form comes along in
hidden fields, as to every question for a factor (Note [Nothing is lost] in step_up.py), and a page that keeps what is
typed by itself stays where it is and says so. Until then nobody acts in it, on pages or in the API. What a page asks
for by itself is no use of it: it says so in a header, and is not answered once the session is locked.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from portal.kernel.actors import NOBODY, Actor
from portal.kernel.rest.problems import MEDIA_TYPE, problem_document
from portal.kernel.scope import acting
from suppliers.models import User
from suppliers.roles import COMPANY_ROLES, Permission
from suppliers.signin.devices import keep_secret
from suppliers.signin.policies import MOVES_MONEY
from suppliers.signin.queries import factor_due_at
from suppliers.signin.services import end_impersonation, oneself, stand_in
from suppliers.signin.states import EndedHow
from suppliers.signin.step_up import ask_whether_it_is_still_you

STANDS_IN = "stands in"
OWES = "owes a factor"
FACTOR_ELSEWHERE = (
    "factor elsewhere"  # whose provider said, at this sign-in, that it was shown one (suppliers/sso)
)
LOOKED_AT_EVERY = 300.0  # seconds
USED = "used"  # when this session's person last did something, in whole seconds
NOTED_EVERY = 60  # seconds: a page that is only read writes nothing
BY_ITSELF = "X-By-Itself"  # a page looks for news while nobody may be sitting before it

# What a browser forgets at sign-out: what it kept of pages, and of what was typed. Not cookies: one of them knows the
# device again, and one the language.
LEFT_BEHIND = '"cache", "storage"'

# Where somebody may go whose session is locked: to the question, and out; and, to read, wherever strangers may.
LOCKED_TOO = frozenset({"step-up", "language", "account_logout"})

# Where somebody who owes a second factor may still go: to set one up, and out. What begins so, and what is named so.
SET_UP = ("mfa_", "account_")
SET_UP_TOO = frozenset(
    {
        "preferences",
        "language",
        "step-up",
        "step-up-mail",
        "still-here",
        "factor-confirm",
        "factor-reset-stop",
    }
)
# Where somebody who acts in another person's place may not go although no permission says so: one's own account.
OWN_ACCOUNT = ("mfa_", "account_", "usersessions_")
ALWAYS = frozenset({"account_logout"})


class SignInMiddleware:
    """One place for all doors, of pages and of the API. Stands behind `ActorMiddleware`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_signed_in(request):
            return self._answered(request)
        shown = _times_shown(request)
        answer = None if lock_or_note(request) else self._take_place(request)
        response = answer or self._answered(request)
        if not _is_signed_in(request):
            if request.resolver_match and request.resolver_match.view_name == "account_logout":
                response["Clear-Site-Data"] = LEFT_BEHIND
        elif _times_shown(request) > shown:
            # Showing it is asked for in three places, ours and allauth's: this one sees all of them.
            renew_key(request)
        return response

    def _answered(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        keep_secret(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Let in, or lead to where the second factor is set up."""
        if not request.user.is_authenticated or request.resolver_match is None:
            return None
        name = request.resolver_match.view_name or ""
        if is_locked(request):
            return self._locked(request, view, name)
        if request.actor.impersonator_id is not None:  # type: ignore[attr-defined]  # set by ActorMiddleware
            if name.startswith(OWN_ACCOUNT) and name not in ALWAYS:
                raise PermissionDenied
            return None
        if name.startswith("mfa_") and (kept := request.session.get(OWES)):
            request.session[OWES] = [0, *kept[1:]]  # what is owed may change here: it is looked up anew
        if name.startswith(SET_UP) or name in SET_UP_TOO:
            return None
        due = factor_owed(request)
        if due is None or due > timezone.now():
            return None
        return _to_set_up(request)

    def _locked(self, request: HttpRequest, view: Any, name: str) -> HttpResponse | None:
        if name in LOCKED_TOO or request.path.startswith("/api/"):  # the API sees that nobody acts
            return None
        reads = request.method in ("GET", "HEAD")
        if reads and getattr(getattr(view, "access", None), "public", False):
            return None
        if BY_ITSELF in request.headers:
            return HttpResponse(status=204)
        return ask_whether_it_is_still_you(request, carries=not name.startswith(OWN_ACCOUNT))

    def _take_place(self, request: HttpRequest) -> HttpResponse | None:
        """Let an administrator act in the place he or she took, as long as it lasts."""
        taken = request.session.get(STANDS_IN)
        if not taken:
            return None
        admin: Any = request.user
        at = timezone.now()
        how = EndedHow.TIME if at.timestamp() >= taken["ends"] else EndedHow.RIGHTS
        if how is EndedHow.RIGHTS and Permission.IMPERSONATE in COMPANY_ROLES.get(admin.company_role, ()):
            person = User.objects.filter(pk=taken["person"]).first()
            actor = stand_in(admin, person, taken["supplier"]) if person else None
            if actor is not None:
                request.actor = actor  # type: ignore[attr-defined]  # in place of the administrator's own
                request.stands_in = taken  # type: ignore[attr-defined]  # for the banner
                return None
        leave_place(request, how, at=at)
        messages.info(request, _("You act for yourself again."))
        if request.path.startswith("/api/"):
            return None
        return _led(request, "/")


def idle_time_of(actor: Actor) -> timedelta:
    """For how long this person's session may be left alone before it asks whether it is still they."""
    return settings.IDLE_FOR_MONEY if any(actor.may(one) for one in MOVES_MONEY) else settings.IDLE_FOR


def lock_or_note(request: HttpRequest) -> bool:
    """Lock the session that was left alone for too long; note the use of any other. Whether it is locked."""
    now = int(time.time())
    used = request.session.setdefault(USED, now)
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by ActorMiddleware
    # Of whoever signed in, also where they act in another's place from here on.
    idle = idle_time_of(actor)
    request.idle_for = idle  # type: ignore[attr-defined]  # read by `session_told`
    if now - used > idle.total_seconds():
        request.is_locked = True  # type: ignore[attr-defined]  # read by `is_locked`
        request.actor = NOBODY  # type: ignore[attr-defined]  # until its person has answered
        return True
    if now - used >= NOTED_EVERY and BY_ITSELF not in request.headers:
        request.session[USED] = now
    return False


def session_told(request: HttpRequest) -> dict[str, Any]:
    """Whose session a page is of, and after how many seconds without use it is put away: for static/js/away.js.

    The person is told as a mark that says nothing to others. Nobody's page, and a locked one, are put away by nothing.
    """
    user = getattr(request, "user", None)  # none where a request was refused before anybody asked who it is
    if user is None or not user.is_authenticated:
        return {"who": ""}
    who = salted_hmac("suppliers.signin.who", str(user.pk)).hexdigest()[:32]
    idle: timedelta = getattr(request, "idle_for", settings.IDLE_FOR_MONEY)
    return {"who": who} | ({} if is_locked(request) else {"idle": int(idle.total_seconds())})


def is_locked(request: HttpRequest) -> bool:
    """Whether this session was left alone for so long that nobody acts in it. See Note [Left alone]."""
    return getattr(request, "is_locked", False)


def unlock(request: HttpRequest) -> None:
    """Its person has shown that it is still they."""
    request.session[USED] = int(time.time())


def _is_signed_in(request: HttpRequest) -> bool:
    return bool(request.user.is_authenticated)


def _times_shown(request: HttpRequest) -> int:
    records = get_authentication_records(request, request.user)
    return sum(1 for one in records if one.get("reauthenticated"))


def renew_key(request: HttpRequest) -> None:
    """Give a session another key, and the list of sessions too. Whoever had learnt the old one is out (ASVS 7.2.4)."""
    former = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=former).update(session_key=request.session.session_key)


def factor_owed(request: HttpRequest) -> datetime | None:
    """Until when the person who signed in must have set up a second factor; None where none is owed.

    Looked up once in a while, and at every request once the days of grace are over: a page that is only read asks the
    database nothing.
    """
    user: Any = request.user
    actor = request.actor  # type: ignore[attr-defined]  # set by ActorMiddleware
    if actor.is_anonymous or request.session.get(FACTOR_ELSEWHERE) == user.pk:
        return None
    now = timezone.now().timestamp()
    who = f"{user.pk} {actor.side} {actor.role}"
    kept = request.session.get(OWES)
    if (
        kept
        and kept[1] == who
        and 0 <= now - kept[0] < LOOKED_AT_EVERY
        and (kept[2] is None or kept[2] > now)
    ):
        return _moment(kept[2])
    due = factor_due_at(user, actor)
    request.session[OWES] = [now, who, due.timestamp() if due else None]
    return due


def owed_notice(request: HttpRequest) -> datetime | None:
    """For the banner: until when a second factor must be set up. Read off the session alone."""
    session = getattr(request, "session", None)
    kept = session.get(OWES) if session is not None else None
    return _moment(kept[2]) if kept else None


def _moment(stamp: float | None) -> datetime | None:
    return datetime.fromtimestamp(stamp, UTC) if stamp is not None else None


def take_place(
    request: HttpRequest, *, key: str, person: int, supplier: int, ends: datetime, name: str
) -> None:
    """From the next request on one acts in this person's place."""
    request.session[STANDS_IN] = {
        "key": key,
        "person": person,
        "supplier": supplier,
        "ends": ends.timestamp(),
        "name": name,
    }


def leave_place(request: HttpRequest, how: str, *, at: datetime) -> bool:
    """Act for oneself again. False where one did already."""
    taken = request.session.pop(STANDS_IN, None)
    if not taken:
        return False
    user: Any = request.user
    actor = oneself(user)
    with acting(actor):
        end_impersonation(taken["key"], how, actor=actor, at=at)
    return True


def _to_set_up(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        detail = str(
            _("Your role needs a second factor, and its days of grace are over. Set one up on the page.")
        )
        document = problem_document(403, "second_factor_required", detail)
        return JsonResponse(document, status=403, content_type=MEDIA_TYPE)
    return _led(request, reverse("mfa_index"))


def _led(request: HttpRequest, to: str) -> HttpResponse:
    if getattr(request, "htmx", False):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = to
        return response
    response = HttpResponseRedirect(to)
    if request.method not in ("GET", "HEAD"):
        response.status_code = 303
    return response
