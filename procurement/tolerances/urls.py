"""Addresses of tolerance policies."""

from django.urls import path

from procurement.tolerances import views

urlpatterns = [
    path("tolerances/", views.policy_list, name="policy-list"),
    path("tolerances/new/", views.policy_new, name="policy-new"),
    path("tolerances/switch/<str:company>/", views.rules_switch, name="rules-switch"),
    path("tolerances/<uuid:key>/", views.policy, name="policy"),
    path("tolerances/<uuid:key>/rules/new/", views.rule_new, name="policy-rule-new"),
    path("tolerances/<uuid:key>/rules/<uuid:rule>/", views.rule_edit, name="policy-rule"),
    path("tolerances/<uuid:key>/rules/<uuid:rule>/drop/", views.rule_drop, name="policy-rule-drop"),
    path("tolerances/<uuid:key>/copy/", views.policy_copy, name="policy-copy"),
    path("tolerances/<uuid:key>/ask/", views.policy_ask, name="policy-ask"),
    path("tolerances/<uuid:key>/hand-back/", views.policy_hand_back, name="policy-hand-back"),
    path("tolerances/<uuid:key>/approve/", views.policy_approve, name="policy-approve"),
    path("tolerances/<uuid:key>/retire/", views.policy_retire, name="policy-retire"),
]
