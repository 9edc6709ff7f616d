"""Who came in by a supplier's provider acts for that supplier and for nobody else, as long as the session lasts."""

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.cookies import own_name
from portal.kernel.web import see_other

CAME_BY = "sso provider"  # in the session of whoever came in by one: its key, and the supplier it is of
COOKIE = "sso-provider"  # by which a browser is shown the button of a supplier's provider it came in by
REMEMBERED_FOR = 180 * 24 * 3600  # seconds


class CameByMiddleware:
    """Stands behind `ActorMiddleware`. Asks the database nothing.

    Whoever was invited elsewhere meanwhile is signed out and signs in with a password: a supplier's provider must not
    open what is another supplier's, or ours.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        came = request.session.get(CAME_BY) if request.user.is_authenticated else None
        if came and came["supplier"] is not None:
            actor = request.actor  # type: ignore[attr-defined]  # set by ActorMiddleware
            if actor.is_company or set(actor.all_supplier_ids) - {came["supplier"]}:
                get_adapter(request).logout(request)
                messages.info(request, _("You act for others too now: sign in with your password."))
                return see_other("account_login")
        response = self.get_response(request)
        if came and came["supplier"] is not None and request.COOKIES.get(own_name(COOKIE)) != came["key"]:
            response.set_cookie(
                own_name(COOKIE),
                came["key"],
                max_age=REMEMBERED_FOR,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response
