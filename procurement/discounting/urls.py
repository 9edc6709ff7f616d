"""Addresses of early payment."""

from django.urls import path

from procurement.discounting import views

urlpatterns = [
    path("invoices/<uuid:key>/early/", views.early_payment, name="early-payment"),
    path("invoices/<uuid:key>/early/agree/", views.early_payment_agree, name="early-payment-agree"),
    path("invoices/<uuid:key>/early/back/", views.early_payment_take_back, name="early-payment-take-back"),
    path("early-payments/", views.early_payment_list, name="early-payment-list"),
    path("early-payments/policies/", views.discount_policy_list, name="discount-policy-list"),
    path("early-payments/policies/new/", views.discount_policy_new, name="discount-policy-new"),
    path("early-payments/policies/<uuid:key>/", views.discount_policy, name="discount-policy"),
    path("early-payments/policies/<uuid:key>/edit/", views.discount_policy_edit, name="discount-policy-edit"),
    path(
        "early-payments/policies/<uuid:key>/approve/",
        views.discount_policy_approve,
        name="discount-policy-approve",
    ),
    path(
        "early-payments/policies/<uuid:key>/retire/",
        views.discount_policy_retire,
        name="discount-policy-retire",
    ),
]
