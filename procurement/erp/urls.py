"""Addresses of the integration monitor, and of the cases that buyers decide."""

from django.urls import path

from procurement.erp import case_views, telling_views, views, views_connection

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
    path("integration/told/", telling_views.telling_list, name="integration-tellings"),
    path("integration/told/<uuid:key>/", telling_views.telling, name="integration-telling"),
    path("integration/told/<uuid:key>/again/", telling_views.telling_again, name="integration-telling-again"),
    path("integration/told/<uuid:key>/keyed/", telling_views.telling_keyed, name="integration-telling-keyed"),
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
