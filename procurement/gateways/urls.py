"""Addresses of gateways: where outside systems call, and the pages of the integration owner."""

from django.urls import path

from procurement.gateways.views import events, gateways, webhook

urlpatterns = [
    path("gateways/<uuid:key>/", webhook.gateway_in, name="gateway-in"),
    path("integration/gateways/", gateways.gateway_list, name="integration-gateways"),
    path("integration/gateways/new/", gateways.gateway_new, name="integration-gateway-new"),
    path("integration/gateways/events/", events.event_list, name="integration-gateway-events"),
    path("integration/gateways/events/<uuid:key>/", events.event, name="integration-gateway-event"),
    path(
        "integration/gateways/events/<uuid:key>/place/",
        events.event_place,
        name="integration-gateway-event-place",
    ),
    path(
        "integration/gateways/events/<uuid:key>/dismiss/",
        events.event_dismiss,
        name="integration-gateway-event-dismiss",
    ),
    path(
        "integration/gateways/messages/<uuid:key>/",
        gateways.gateway_message,
        name="integration-gateway-message",
    ),
    path(
        "integration/gateways/messages/<uuid:key>/raw/",
        gateways.gateway_message_raw,
        name="integration-gateway-message-raw",
    ),
    path(
        "integration/gateways/messages/<uuid:key>/replay/",
        gateways.gateway_message_replay,
        name="integration-gateway-message-replay",
    ),
    path("integration/gateways/<uuid:key>/", gateways.gateway, name="integration-gateway"),
    path(
        "integration/gateways/<uuid:key>/upload/", gateways.gateway_upload, name="integration-gateway-upload"
    ),
    path(
        "integration/gateways/<uuid:key>/switch/", gateways.gateway_switch, name="integration-gateway-switch"
    ),
    path(
        "integration/gateways/<uuid:key>/secret/", gateways.gateway_secret, name="integration-gateway-secret"
    ),
    path(
        "integration/gateways/<uuid:key>/secret/<uuid:secret>/end/",
        gateways.gateway_secret_end,
        name="integration-gateway-secret-end",
    ),
]
