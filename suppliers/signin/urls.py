"""Addresses of signing in, beside allauth's own."""

from django.urls import path

from suppliers.signin import views

urlpatterns = [
    path("step-up/", views.step_up, name="step-up"),
    path("step-up/mail/", views.step_up_mail, name="step-up-mail"),
    path("signin/here/", views.still_here, name="still-here"),
    path("signin/confirm/<str:token>/", views.factor_confirm, name="factor-confirm"),
    path("signin/stop/<str:token>/", views.factor_reset_stop, name="factor-reset-stop"),
    path("signin/rules/", views.factor_rules, name="factor-rules"),
    path("signin/people/", views.signin_people, name="signin-people"),
    path("signin/people/<int:person>/", views.person_signin, name="person-signin"),
    path("signin/people/<int:person>/keep/", views.factor_reset_withdraw, name="factor-reset-withdraw"),
    path("signin/people/<int:person>/end/", views.person_sessions_end, name="person-sessions-end"),
    path("signin/people/<int:person>/act/", views.impersonate, name="impersonate"),
    path("signin/act/end/", views.impersonation_end, name="impersonation-end"),
]
