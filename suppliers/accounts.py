"""Which of allauth's pages there are: in and out, the password, the second step, where one is signed in.

Nobody signs up, and nobody changes the address they sign in with, by themselves: what is not named here is not there,
neither now nor when a later allauth brings a page we have not thought of.
"""

from allauth.account.urls import urlpatterns as account_pages
from django.urls import URLPattern, include, path

from suppliers.signin.step_up import asks_own_factor
from suppliers.signin.views import lost_password, sessions
from suppliers.sso.views.entering import sign_in

ACCOUNT_PAGES = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}

# Who has a second factor shows it before the password is changed: a session and a password are not enough for that.
WANTS_FACTOR = {"account_change_password", "account_set_password"}


def _guarded(page: URLPattern) -> URLPattern:
    if page.name not in WANTS_FACTOR:
        return page
    return URLPattern(page.pattern, asks_own_factor(page.callback), page.default_args, page.name)


urlpatterns = [
    path("login/", sign_in, name="account_login"),  # in place of allauth's, as the next one
    path(
        "password/reset/", lost_password, name="account_reset_password"
    ),  # in place of allauth's, which comes below
    *(_guarded(page) for page in account_pages if page.name in ACCOUNT_PAGES),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", sessions, name="usersessions_list"),
]
