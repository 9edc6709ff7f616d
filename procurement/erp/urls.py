"""Addresses of the integration monitor."""

from django.urls import path

from procurement.erp import views, views_connection

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
    path("integration/connection/", views_connection.connection, name="integration-connection"),
    path(
        "integration/connection/look/", views_connection.connection_look, name="integration-connection-look"
    ),
    path(
        "integration/connection/pause/",
        views_connection.connection_pause,
        name="integration-connection-pause",
    ),
    path(
        "integration/connection/resume/",
        views_connection.connection_resume,
        name="integration-connection-resume",
    ),
    path(
        "integration/connection/noted/",
        views_connection.connection_noted,
        name="integration-connection-noted",
    ),
    path("integration/read-again/", views_connection.feed_read_again, name="integration-read-again"),
    path("integration/failures/", views_connection.failures, name="integration-failures"),
    path(
        "integration/failures/<slug:kind>/<slug:mark>/",
        views_connection.failure_group,
        name="integration-failure-group",
    ),
    path(
        "integration/failures/<slug:kind>/<slug:mark>/retry/",
        views_connection.failure_group_retry,
        name="integration-failure-group-retry",
    ),
]
