"""Addresses of onboarding: our administrator's, and the supplier's own."""

from django.urls import path

from suppliers.onboarding.views import chases, inviting, lists, own, run, templates, terms

urlpatterns = [
    path("getting-started/", own.getting_started, name="getting-started"),
    path("getting-started/terms/", own.own_terms, name="onboarding-terms-own"),
    path("getting-started/questions/", own.own_questions, name="onboarding-questions"),
    path("getting-started/hand-in/", own.own_hand_in, name="onboarding-hand-in"),
    path("onboarding/", lists.onboarding_list, name="onboarding-list"),
    path("onboarding/invite/", inviting.onboarding_invite, name="onboarding-invite"),
    path("onboarding/chases/", chases.onboarding_mark, name="onboarding-mark"),
    path("onboarding/chases/<uuid:key>/", chases.onboarding_chase, name="onboarding-chase"),
    path("onboarding/exclusions/", inviting.exclusion_list, name="exclusion-list"),
    path("onboarding/exclusions/<uuid:key>/end/", inviting.exclusion_end, name="exclusion-end"),
    path("onboarding/templates/", templates.template_list, name="onboarding-templates"),
    path("onboarding/templates/new/", templates.template_new, name="onboarding-template-new"),
    path("onboarding/templates/<slug:code>/edit/", templates.template_edit, name="onboarding-template"),
    path(
        "onboarding/templates/<slug:code>/retire/",
        templates.template_retire,
        name="onboarding-template-retire",
    ),
    path("onboarding/terms/", terms.terms_list, name="onboarding-terms"),
    path("onboarding/terms/<slug:code>/", terms.terms_accepted, name="onboarding-terms-accepted"),
    path("onboarding/terms/<slug:code>/ask/", terms.terms_ask, name="onboarding-terms-ask"),
    path("onboarding/texts/", inviting.text_list, name="onboarding-texts"),
    path("onboarding/<uuid:key>/", run.onboarding_run, name="onboarding-run"),
    path("onboarding/<uuid:key>/resend/", run.onboarding_resend, name="onboarding-resend"),
    path("onboarding/<uuid:key>/reassign/", run.onboarding_reassign, name="onboarding-reassign"),
    path("onboarding/<uuid:key>/number/", run.onboarding_number, name="onboarding-number"),
    path("onboarding/<uuid:key>/decide/", run.onboarding_decide, name="onboarding-decide"),
]
