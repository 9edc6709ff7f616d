"""Addresses of the integration monitor."""

from django.urls import path

from procurement.erp import views

urlpatterns = [
    path("integration/", views.monitor, name="integration"),
    path("integration/commands/", views.command_list, name="integration-commands"),
    path("integration/commands/<uuid:key>/", views.command, name="integration-command"),
    path("integration/commands/<uuid:key>/retry/", views.command_retry, name="integration-command-retry"),
    path(
        "integration/commands/<uuid:key>/give-up/",
        views.command_give_up,
        name="integration-command-give-up",
    ),
    path("integration/runs/<uuid:key>/", views.run, name="integration-run"),
    path("integration/messages/<uuid:key>/replay/", views.message_replay, name="integration-message-replay"),
    path("integration/messages/<uuid:key>/skip/", views.message_skip, name="integration-message-skip"),
]
