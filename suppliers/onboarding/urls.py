"""Addresses of onboarding: our administrator's, and the supplier's own."""

from django.urls import path

from suppliers.onboarding import views

urlpatterns = [
    path("getting-started/", views.getting_started, name="getting-started"),
    path("getting-started/terms/", views.own_terms, name="onboarding-terms-own"),
    path("getting-started/questions/", views.own_questions, name="onboarding-questions"),
    path("getting-started/hand-in/", views.own_hand_in, name="onboarding-hand-in"),
    path("onboarding/", views.onboarding_list, name="onboarding-list"),
    path("onboarding/invite/", views.onboarding_invite, name="onboarding-invite"),
    path("onboarding/chases/", views.onboarding_mark, name="onboarding-mark"),
    path("onboarding/chases/<uuid:key>/", views.onboarding_chase, name="onboarding-chase"),
    path("onboarding/exclusions/", views.exclusion_list, name="exclusion-list"),
    path("onboarding/exclusions/<uuid:key>/end/", views.exclusion_end, name="exclusion-end"),
    path("onboarding/templates/", views.template_list, name="onboarding-templates"),
    path("onboarding/templates/new/", views.template_new, name="onboarding-template-new"),
    path("onboarding/templates/<slug:code>/edit/", views.template_edit, name="onboarding-template"),
    path(
        "onboarding/templates/<slug:code>/retire/", views.template_retire, name="onboarding-template-retire"
    ),
    path("onboarding/terms/", views.terms_list, name="onboarding-terms"),
    path("onboarding/terms/<slug:code>/", views.terms_accepted, name="onboarding-terms-accepted"),
    path("onboarding/terms/<slug:code>/ask/", views.terms_ask, name="onboarding-terms-ask"),
    path("onboarding/texts/", views.text_list, name="onboarding-texts"),
    path("onboarding/<uuid:key>/", views.onboarding_run, name="onboarding-run"),
    path("onboarding/<uuid:key>/resend/", views.onboarding_resend, name="onboarding-resend"),
    path("onboarding/<uuid:key>/reassign/", views.onboarding_reassign, name="onboarding-reassign"),
    path("onboarding/<uuid:key>/number/", views.onboarding_number, name="onboarding-number"),
    path("onboarding/<uuid:key>/decide/", views.onboarding_decide, name="onboarding-decide"),
]
