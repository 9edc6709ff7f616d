"""Addresses of SCIM 2.0, and of its secrets."""

from django.urls import path

from suppliers.scim.views import secrets, told

urlpatterns = [
    path("signin/providers/<uuid:key>/scim/new/", secrets.secret_new, name="scim-secret-new"),
    path(
        "signin/providers/<uuid:key>/scim/<slug:prefix>/revoke/",
        secrets.secret_revoke,
        name="scim-secret-revoke",
    ),
    path("scim/v2/Users", told.people, name="scim-users"),
    path("scim/v2/Users/<uuid:key>", told.person, name="scim-user"),
    path("scim/v2/Groups", told.groups, name="scim-groups"),
    path("scim/v2/Groups/<uuid:key>", told.group, name="scim-group"),
    path("scim/v2/ServiceProviderConfig", told.config, name="scim-config"),
    path("scim/v2/ResourceTypes", told.types, name="scim-types"),
    path("scim/v2/ResourceTypes/<str:name>", told.type_, name="scim-type"),
    path("scim/v2/Schemas", told.schemas, name="scim-schemas"),
    path("scim/v2/Schemas/<str:urn>", told.schema, name="scim-schema"),
    path("scim/v2/", told.nowhere, name="scim-root"),
    path("scim/v2/<path:rest>", told.nowhere, name="scim-nowhere"),
]
