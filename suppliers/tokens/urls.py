"""Addresses of access tokens."""

from django.urls import path

from suppliers.tokens import views

urlpatterns = [
    path("tokens/", views.token_list, name="token-list"),
    path("tokens/new/", views.token_new, name="token-new"),
    path("tokens/mine/", views.own_token_list, name="own-token-list"),
    path("tokens/mine/end/", views.own_token_end, name="own-token-end"),
    path("tokens/<slug:prefix>/revoke/", views.token_revoke, name="token-revoke"),
]
