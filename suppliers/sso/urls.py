"""Addresses of single sign-on. Some names are allauth's own: it looks for them."""

from django.urls import path

from suppliers.sso.views import entering, providers

urlpatterns = [
    path("sso/", entering.way, name="sso-way"),
    path("sso/<uuid:key>/", entering.start, name="sso-start"),
    path("sso/oidc/<slug:provider_id>/", entering.oidc_callback, name="openid_connect_callback"),
    path("sso/saml/<slug:organization_slug>/acs/", entering.saml_acs, name="saml_acs"),
    path("sso/saml/<slug:organization_slug>/finish/", entering.saml_finish, name="saml_finish_acs"),
    path("sso/saml/<slug:organization_slug>/metadata/", entering.saml_metadata, name="saml_metadata"),
    path("sso/saml/<slug:organization_slug>/sls/", entering.saml_sls, name="saml_sls"),
    path("signin/providers/", providers.provider_list, name="identity-providers"),
    path("signin/providers/new/<slug:kind>/", providers.provider_add, name="identity-provider-add"),
    path("signin/providers/<uuid:key>/", providers.provider_page, name="identity-provider"),
    path("signin/providers/<uuid:key>/change/", providers.provider_change, name="identity-provider-change"),
    path("signin/providers/<uuid:key>/try/", providers.provider_try, name="identity-provider-try"),
    path("signin/providers/<uuid:key>/on/", providers.provider_on, name="identity-provider-on"),
    path("signin/providers/<uuid:key>/off/", providers.provider_off, name="identity-provider-off"),
    path(
        "signin/providers/<uuid:key>/part/<int:identity>/",
        providers.provider_part,
        name="identity-provider-part",
    ),
]
