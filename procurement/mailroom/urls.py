"""Addresses of the mailroom."""

from django.urls import path

from procurement.mailroom.views import drafts, mails

urlpatterns = [
    path("mail/in/", mails.mail_in, name="mail-in"),
    path("mails/", mails.mail_list, name="mail-list"),
    path("mails/<uuid:key>/", mails.mail, name="mail"),
    path("mails/<uuid:key>/raw/", mails.mail_raw, name="mail-raw"),
    path("mails/<uuid:key>/place/", mails.mail_place, name="mail-place"),
    path("mails/<uuid:key>/dismiss/", mails.mail_dismiss, name="mail-dismiss"),
    path("mail-drafts/<uuid:key>/confirm/", drafts.draft_confirm, name="draft-confirm"),
    path("mail-drafts/<uuid:key>/correct/", drafts.draft_correct, name="draft-correct"),
    path("mail-drafts/<uuid:key>/discard/", drafts.draft_discard, name="draft-discard"),
    path("mail-drafts/<uuid:key>/sheet/", drafts.draft_sheet, name="draft-sheet"),
]
