"""The pages of signing in: the second factor once more, sessions and devices, removals, acting in somebody's place."""

import functools
from collections.abc import Callable, Iterable
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.reauthentication import (
    raise_if_reauthentication_required,
    reauthenticate_by_password,
)
from allauth.account.views import PasswordResetView
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm as PasskeyAgainForm
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from portal.kernel.access import Access, DoorRequest, door, drop_nul, page_of, public
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.link_door import hidden
from portal.kernel.scope import acting
from portal.kernel.web import paginate, see_other, whole_number
from suppliers.models import FactorReset, User
from suppliers.roles import Permission
from suppliers.signin.forms import (
    AskForPasswordForm,
    CodeAgainForm,
    FactorRulesForm,
    ReasonForm,
    StandInForm,
    show,
)
from suppliers.signin.links import read_confirmation, read_stop
from suppliers.signin.middleware import is_locked, leave_place, session_told, take_place, unlock
from suppliers.signin.queries import (
    DOORKEEPER,
    active_person,
    all_demands,
    find_person,
    find_reset,
    has_factor,
    having_factors,
    is_settled_now,
    kinds_of,
    last_sign_ins,
    names_acted_for,
    people_of,
    session_of,
    suppliers_acted_for,
    trusted_devices,
    waiting_reset,
)
from suppliers.signin.services import (
    ask_factor_reset,
    ask_for_new_password,
    ask_to_confirm_factors,
    confirm_factors,
    distrust_devices,
    end_all_sessions,
    oneself,
    set_factor_rules,
    start_impersonation,
    stop_factor_reset,
)
from suppliers.signin.states import EndedHow, ResetState
from suppliers.signin.step_up import (
    WayBack,
    ask_whether_it_is_still_you,
    is_shown,
    kept_fields,
    read_way_back,
    require_fresh_factor,
    settle_fresh_factor,
)

View = Callable[..., HttpResponse]
# Where somebody wanted to go who had to set up a first factor for it, in the session.
FOR = "step_up_for"


def own_door(*, methods: Iterable[str] = ("GET",)) -> Callable[[View], View]:
    """The door of a person's own account: signed in, and outside every supplier's scope, where factors may be read."""
    allowed = tuple(methods) + (("HEAD",) if "GET" in methods else ())

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
            request.at = timezone.now()
            drop_nul(request)
            return view(request, *args, **kwargs)

        guarded.access = Access(frozenset(), allowed)  # type: ignore[attr-defined]  # read by the persona matrix
        return guarded

    return guard


# --- The second factor once more ----------------------------------------------------------------------------


@public
def still_here(request: HttpRequest) -> HttpResponse:
    """Tell a page that was put away (static/js/away.js) whose session the browser holds now.

    401 where nobody acts in it, with the way to where somebody does again: the question of a locked session, or the
    sign-in.
    """
    if is_locked(request):
        return ask_whether_it_is_still_you(request)
    if not request.user.is_authenticated:
        response = HttpResponse(status=401)
        response["HX-Redirect"] = redirect_to_login(page_of(request))["Location"]
        return response
    return JsonResponse(session_told(request))


@own_door(methods=["GET", "POST"])
def step_up(request: DoorRequest) -> HttpResponse:
    """Ask for the second factor and lead back: by 303 to a page, by 307 to where a form was being sent."""
    token = request.POST.get("factor-to", "") or request.GET.get("to", "")
    back = read_way_back(request, token)
    if request.actor.impersonator_id is not None:
        return HttpResponseRedirect("/")
    user: User = request.user
    if not has_factor(user.pk):
        if is_locked(request):
            return _ask_for_password(request, back, token)
        if not back.sends:  # the way back, past the pages that set one up
            request.session[FOR] = back.path
        return render(request, "suppliers/signin/no_factor.html", {"back": back.path})
    young = back.young and is_shown(request, at=request.at)
    if young and is_settled_now(user.pk, at=request.at):
        settle_fresh_factor(request)
        return _go_on(request, back)
    form: Any = CodeAgainForm(user=user, prefix="factor")
    passkey: Any = PasskeyAgainForm(user=user, prefix="factor")
    if request.method == "POST" and _answers(request):
        too_often = ratelimit.consume_or_429(
            request, app="allauth.account", action="reauthenticate", user=user
        )
        if too_often:
            return cast("HttpResponse", too_often)
        if request.POST.get("factor-credential"):
            asked = passkey = PasskeyAgainForm(user=user, prefix="factor", data=request.POST)
        else:
            asked = form = CodeAgainForm(user=user, prefix="factor", data=request.POST)
        if asked.is_valid():
            show(asked)
            unlock(request)
            if is_settled_now(user.pk, at=request.at):
                settle_fresh_factor(request)
            return _go_on(request, back)
    status = 422 if form.errors or passkey.errors else 200
    return _show_step_up(request, form, passkey, token=token, young=young, status=status)


def _ask_for_password(request: DoorRequest, back: WayBack, token: str) -> HttpResponse:
    """The question of a locked session to whoever has no second factor."""
    user: User = request.user
    adapter = get_adapter()
    if not adapter.may_show_password(user):
        adapter.logout(request)
        messages.info(
            request, _("You did nothing here for a while. Sign in again, and go on where you were.")
        )
        return redirect_to_login(back.path)
    form: Any = ReauthenticateForm(user=user, prefix="factor")
    if request.method == "POST" and "factor-password" in request.POST:
        too_often = ratelimit.consume_or_429(
            request, app="allauth.account", action="reauthenticate", user=user
        )
        if too_often:
            return cast("HttpResponse", too_often)
        form = ReauthenticateForm(user=user, prefix="factor", data=request.POST)
        if form.is_valid():
            reauthenticate_by_password(request)
            unlock(request)
            return _go_on(request, back)
    context = {"form": form, "to": token, "kept": kept_fields(request.POST)}
    return render(request, "suppliers/signin/locked.html", context, status=422 if form.errors else 200)


def _answers(request: HttpRequest) -> bool:
    return "factor-code" in request.POST or bool(request.POST.get("factor-credential"))


def _go_on(request: HttpRequest, back: WayBack) -> HttpResponse:
    request.session.pop(FOR, None)
    response = HttpResponseRedirect(back.path)
    response.status_code = 307 if back.sends else 303  # 307: the browser sends the same fields again
    return response


def _show_step_up(
    request: DoorRequest, form: Any, passkey: Any, *, token: str, young: bool, status: int
) -> HttpResponse:
    user: User = request.user
    kinds = kinds_of(user.pk)
    context = {
        "form": form,
        "passkey": passkey,
        "to": token,
        "kept": kept_fields(request.POST),
        "young": young,
        "has_code": bool(set(kinds) & {Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES}),
        "has_passkey": Authenticator.Type.WEBAUTHN in kinds,
        "back": read_way_back(request, token).path,
        "idle": is_locked(request),
    }
    if context["has_passkey"] and not young:
        context["js_data"] = {"request_options": begin_authentication(user)}
    return render(request, "suppliers/signin/step_up.html", context, status=status)


@own_door(methods=["POST"])
def step_up_mail(request: DoorRequest) -> HttpResponse:
    """Mail the person the link that confirms new factors. Asked for seldom: whoever presses twice gets one."""
    user: User = request.user
    limited = ratelimit.consume_or_429(request, app="allauth.account", action="reauthenticate", user=user)
    if limited:
        return cast("HttpResponse", limited)
    try:
        with acting(oneself(user)):
            ask_to_confirm_factors(user, at=request.at)
    except Invalid as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The mail is on its way to %(address)s.") % {"address": user.email})
    token = request.POST.get("factor-to", "")
    if kept_fields(request.POST):  # a redirect would lose what was typed
        form, passkey = (one(user=user, prefix="factor") for one in (CodeAgainForm, PasskeyAgainForm))
        return _show_step_up(request, form, passkey, token=token, young=True, status=200)
    response = HttpResponseRedirect(f"{reverse('step-up')}?{urlencode({'to': token})}")
    response.status_code = 303
    return response


@public
def factor_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail: nothing happens before the button, since mail programs open links by themselves."""
    told = read_confirmation(token)
    user = active_person(told[0]) if told else None
    done = False
    if request.method == "POST" and told and user:
        with acting(oneself(user)):
            done = confirm_factors(user, told[1], at=timezone.now())
        if not done:
            told = None
    context = {"valid": bool(told and user), "done": done, "person": user}
    return hidden(
        render(request, "suppliers/signin/confirm_factor.html", context, status=200 if told else 410)
    )


@public
def factor_reset_stop(request: HttpRequest, token: str) -> HttpResponse:
    """“This was not me”: stop the removal of one's factors, signed in or not."""
    key = read_stop(token)
    with acting(DOORKEEPER):
        reset = find_reset(key)
        waits = reset is not None and reset.state == ResetState.WAITING
        stopped = False
        if request.method == "POST" and reset is not None and waits:
            try:
                stop_factor_reset(reset, actor=oneself(reset.user), at=timezone.now())
                stopped = True
            except Refusal:
                waits = False
    context = {"reset": reset, "waits": waits, "stopped": stopped}
    status = 200 if waits or stopped else 410
    return hidden(render(request, "suppliers/signin/stop_reset.html", context, status=status))


# --- Sessions, devices, sign-ins ----------------------------------------------------------------------------


class Sessions(ListUserSessionsView):
    """Where one is signed in, which devices are spared the second step, and the last sign-ins."""

    http_method_names = ("get", "head", "post")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What allauth lists, and ours."""
        user: Any = self.request.user
        shown: dict[str, Any] = super().get_context_data(**kwargs)
        return shown | {
            "devices": trusted_devices(user, at=timezone.now()),
            "sign_ins": last_sign_ins(user.pk),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask one device again; or end one session, or sign out everywhere else: whoever has just shown a factor, or
        the password where there is none. allauth asks, and sends on what was pressed. ASVS 5.0, 7.5.2.
        """
        user: Any = request.user
        if "device" not in request.POST:
            raise_if_reauthentication_required(request, app="account")
        if session := whole_number(request.POST.get("session")):
            found = session_of(user, session)
            if found is not None and not found.is_current():
                found.end()
                messages.success(request, _("That session is ended."))
        elif device := whole_number(request.POST.get("device")):
            actor = oneself(user)
            with acting(actor):
                distrust_devices(user, actor=actor, at=timezone.now(), device_id=device)
            messages.success(request, _("That device is asked for the second step again."))
        else:
            return cast("HttpResponse", super().post(request, *args, **kwargs))
        return see_other("usersessions_list")


sessions = Sessions.as_view()
sessions.access = Access(frozenset(), ("GET", "HEAD", "POST"))  # read by the matrix


# --- Who needs a second factor ------------------------------------------------------------------------------


@door(Permission.SIGN_IN_SETUP, methods=["GET", "POST"])
def factor_rules(request: DoorRequest) -> HttpResponse:
    """Which roles need a second factor. Reading needs none; saving does."""
    form = FactorRulesForm(request.POST if request.method == "POST" else None, demands=all_demands())
    status = 200
    if request.method == "POST":
        require_fresh_factor(request)
        if form.is_valid():
            changed = set_factor_rules(form.wanted(), actor=request.actor, at=request.at)
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return see_other("factor-rules")
        status = 422
    context = {"form": form, "ours": form.rows()[: _ours(form)], "theirs": form.rows()[_ours(form) :]}
    return render(request, "suppliers/signin/rules.html", context, status=status)


def _ours(form: FactorRulesForm) -> int:
    return sum(1 for one in form.demands if one.side == "company")


# --- Somebody's sign-in, for administrators -----------------------------------------------------------------


@door(Permission.FACTOR_RESET, methods=["GET", "POST"])
def person_signin(request: DoorRequest, person: int) -> HttpResponse:
    """How somebody signs in; where all factors are lost, the removal of them is begun here."""
    found = find_person(person, actor=request.actor)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        require_fresh_factor(request)
        status = 422
        if form.is_valid():
            try:
                ask_factor_reset(found, form.cleaned_data["reason"], actor=request.actor, at=request.at)
            except Invalid as refusal:
                form.add_problems(refusal)
            else:
                messages.success(
                    request, _("%(name)s is told by mail, and can stop it.") % {"name": found.name}
                )
                return see_other("person-signin", person=found.pk)
    return _show_person(request, found, form, status=status)


def _show_person(request: DoorRequest, person: User, form: ReasonForm, *, status: int) -> HttpResponse:
    with acting(DOORKEEPER):  # factors and sign-ins are behind a wall that no supplier's scope may look over
        kinds = kinds_of(person.pk)
        sign_ins = last_sign_ins(person.pk, 5)
    suppliers = suppliers_acted_for(person)
    may_stand_in = request.actor.may(Permission.IMPERSONATE) and bool(suppliers) and not person.company_role
    context = {
        "person": person,
        "has_app": Authenticator.Type.TOTP in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "has_factor": Authenticator.Type.TOTP in kinds or Authenticator.Type.WEBAUTHN in kinds,
        "sign_ins": sign_ins,
        "reset": waiting_reset(person.pk),
        "form": form,
        "is_oneself": person.pk == request.actor.user_id,
        "stand_in": StandInForm(suppliers=suppliers) if may_stand_in else None,
    }
    return render(request, "suppliers/signin/person.html", context, status=status)


@door(Permission.FACTOR_RESET)
def signin_people(request: DoorRequest) -> HttpResponse:
    """The people whose sign-in one looks after, with who has a second factor."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = people_of(request.actor, words)
    page = paginate(found, request.GET.get("cursor", ""), order=("name", "id"), size=100)
    with acting(DOORKEEPER):
        having = having_factors([one.pk for one in page.rows])
    acts_for = names_acted_for([one.pk for one in page.rows], request.actor)
    rows = [
        {"person": one, "has_factor": one.pk in having, "acts_for": acts_for.get(one.pk, [])}
        for one in page.rows
    ]
    may_setup = request.actor.may(Permission.SIGN_IN_SETUP)
    context = {"rows": rows, "page": page, "q": words, "may_setup": may_setup}
    return render(request, "suppliers/signin/people.html", context)


@door(Permission.FACTOR_RESET, methods=["POST"])
def factor_reset_withdraw(request: DoorRequest, person: int) -> HttpResponse:
    """An administrator stops a removal that waits."""
    found = find_person(person, actor=request.actor)
    waiting = (
        FactorReset.objects.visible_to(request.actor).filter(user=found, state=ResetState.WAITING).first()
    )
    if waiting is not None:
        stop_factor_reset(waiting, actor=request.actor, at=request.at)
        messages.success(request, _("It is stopped."))
    return see_other("person-signin", person=found.pk)


@door(Permission.FACTOR_RESET, methods=["POST"])
def person_sessions_end(request: DoorRequest, person: int) -> HttpResponse:
    """Sign somebody out everywhere."""
    require_fresh_factor(request)
    found = find_person(person, actor=request.actor)
    end_all_sessions(found, actor=request.actor, at=request.at)
    messages.success(
        request, _("%(name)s is signed out everywhere, and told by mail.") % {"name": found.name}
    )
    return see_other("person-signin", person=found.pk)


# --- Acting in somebody's place -----------------------------------------------------------------------------


@door(Permission.IMPERSONATE, methods=["POST"])
def impersonate(request: DoorRequest, person: int) -> HttpResponse:
    """Act in a supplier's person's place for a short time, for a reason."""
    require_fresh_factor(request)
    found = find_person(person, actor=request.actor)
    form = StandInForm(request.POST, suppliers=suppliers_acted_for(found))
    if not form.is_valid():
        return _show_person(request, found, ReasonForm(), status=422)
    began = start_impersonation(
        found, form.cleaned_data["supplier"], form.cleaned_data["reason"], actor=request.actor, at=request.at
    )
    take_place(
        request,
        key=str(began.key),
        person=found.pk,
        supplier=began.supplier_id,
        ends=began.ends_at,
        name=found.name,
    )
    return see_other("home")


@own_door(methods=["POST"])
def impersonation_end(request: DoorRequest) -> HttpResponse:
    """Act for oneself again, at once."""
    if leave_place(request, EndedHow.BUTTON, at=request.at):
        messages.success(request, _("You act for yourself again."))
    return see_other("home")


class LostPassword(PasswordResetView):
    """The same happens for every address, known or not, in the same time: a worker looks it up."""

    form_class = AskForPasswordForm

    def form_valid(self, form: AskForPasswordForm) -> HttpResponse:
        email = form.cleaned_data["email"]
        limited = ratelimit.consume_or_429(
            self.request, app="allauth.account", action="reset_password", key=email
        )
        if limited:
            return cast("HttpResponse", limited)
        ask_for_new_password(email, at=timezone.now())
        return HttpResponseRedirect(self.get_success_url())


lost_password = public(LostPassword.as_view())
