"""Addresses of the integration monitor, and of the cases that buyers decide."""

from django.urls import path

from procurement.erp import case_views, views

urlpatterns = [
    path("integration/", views.monitor, name="integration"),
    path("integration/commands/", views.command_list, name="integration-commands"),
    path("integration/keying/", case_views.keying_list, name="integration-keying"),
    path("integration/commands/<uuid:key>/", case_views.command, name="integration-command"),
    path("integration/commands/<uuid:key>/read/", case_views.command_read, name="integration-command-read"),
    path(
        "integration/commands/<uuid:key>/retry/", case_views.command_retry, name="integration-command-retry"
    ),
    path("integration/commands/<uuid:key>/keep/", case_views.command_keep, name="integration-command-keep"),
    path("integration/commands/<uuid:key>/ask/", case_views.command_ask, name="integration-command-ask"),
    path(
        "integration/commands/<uuid:key>/give-up/",
        case_views.command_give_up,
        name="integration-command-give-up",
    ),
    path(
        "integration/commands/<uuid:key>/assign/",
        case_views.command_assign,
        name="integration-command-assign",
    ),
    path("integration/runs/<uuid:key>/", views.run, name="integration-run"),
    path("integration/messages/<uuid:key>/replay/", views.message_replay, name="integration-message-replay"),
    path("integration/messages/<uuid:key>/skip/", views.message_skip, name="integration-message-skip"),
]
