"""Addresses of bank details. No number of an account is ever in one."""

from django.urls import path

from suppliers.banking import views

urlpatterns = [
    path("bank/", views.bank, name="bank"),
    path("bank/report.csv", views.bank_report, name="bank-report"),
    path("bank/sheet/", views.bank_sheet, name="bank-sheet"),
    path("bank/not-me/<str:token>/", views.bank_not_me, name="bank-not-me"),
    path("bank/suppliers/<uuid:key>/", views.bank_supplier, name="bank-supplier"),
    path("bank/suppliers/<uuid:key>/new/", views.bank_new, name="bank-new"),
    path("bank/suppliers/<uuid:key>/freeze/", views.bank_freeze, name="bank-freeze"),
    path("bank/suppliers/<uuid:key>/thaw/", views.bank_thaw, name="bank-thaw"),
    path("bank/suppliers/<uuid:key>/thaw/confirm/", views.bank_thaw_confirm, name="bank-thaw-confirm"),
    path("bank/accounts/<uuid:key>/number/", views.bank_account_number, name="bank-account-number"),
    path("bank/changes/<uuid:key>/", views.bank_change, name="bank-change"),
    path("bank/changes/<uuid:key>/confirm/", views.bank_confirm, name="bank-confirm"),
    path("bank/changes/<uuid:key>/withdraw/", views.bank_withdraw, name="bank-withdraw"),
    path("bank/changes/<uuid:key>/call/", views.bank_call, name="bank-call"),
    path("bank/changes/<uuid:key>/approve/", views.bank_approve, name="bank-approve"),
    path("bank/changes/<uuid:key>/go-on/", views.bank_go_on, name="bank-go-on"),
    path("bank/changes/<uuid:key>/entered/", views.bank_entered, name="bank-entered"),
    path("bank/changes/<uuid:key>/refuse/", views.bank_refuse, name="bank-refuse"),
    path("bank/changes/<uuid:key>/shorten/", views.bank_shorten, name="bank-shorten"),
    path("bank/changes/<uuid:key>/grant/", views.bank_grant, name="bank-grant"),
    path("bank/changes/<uuid:key>/number/", views.bank_change_number, name="bank-change-number"),
    path("bank/proofs/<uuid:key>/", views.bank_proof, name="bank-proof"),
]
