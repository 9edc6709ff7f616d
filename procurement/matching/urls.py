"""Addresses of what the match says, and of its policies."""

from django.urls import path

from procurement.matching import views

urlpatterns = [
    path("invoices/<uuid:key>/match/", views.invoice_match, name="invoice-match"),
    path("matching/", views.match_policy_list, name="match-policy-list"),
    path("matching/new/", views.match_policy_new, name="match-policy-new"),
    path("matching/<uuid:key>/", views.match_policy, name="match-policy"),
    path("matching/<uuid:key>/edit/", views.match_policy_edit, name="match-policy-edit"),
    path("matching/<uuid:key>/approve/", views.match_policy_approve, name="match-policy-approve"),
    path("matching/<uuid:key>/retire/", views.match_policy_retire, name="match-policy-retire"),
]
