"""Addresses of bank details. No number of an account is ever in one."""

from django.urls import path

from suppliers.banking.views import asking, by_link, case, deciding, numbers, queue, report, supplier

urlpatterns = [
    path("bank/", queue.bank, name="bank"),
    path("bank/report.csv", report.bank_report, name="bank-report"),
    path("bank/sheet/", report.bank_sheet, name="bank-sheet"),
    path("bank/not-me/<str:token>/", by_link.bank_not_me, name="bank-not-me"),
    path("bank/suppliers/<uuid:key>/", supplier.bank_supplier, name="bank-supplier"),
    path("bank/suppliers/<uuid:key>/new/", asking.bank_new, name="bank-new"),
    path("bank/suppliers/<uuid:key>/freeze/", supplier.bank_freeze, name="bank-freeze"),
    path("bank/suppliers/<uuid:key>/thaw/", supplier.bank_thaw, name="bank-thaw"),
    path("bank/suppliers/<uuid:key>/thaw/confirm/", supplier.bank_thaw_confirm, name="bank-thaw-confirm"),
    path("bank/accounts/<uuid:key>/number/", numbers.bank_account_number, name="bank-account-number"),
    path("bank/changes/<uuid:key>/", case.bank_change, name="bank-change"),
    path("bank/changes/<uuid:key>/confirm/", asking.bank_confirm, name="bank-confirm"),
    path("bank/changes/<uuid:key>/withdraw/", asking.bank_withdraw, name="bank-withdraw"),
    path("bank/changes/<uuid:key>/call/", deciding.bank_call, name="bank-call"),
    path("bank/changes/<uuid:key>/approve/", deciding.bank_approve, name="bank-approve"),
    path("bank/changes/<uuid:key>/go-on/", deciding.bank_go_on, name="bank-go-on"),
    path("bank/changes/<uuid:key>/entered/", deciding.bank_entered, name="bank-entered"),
    path("bank/changes/<uuid:key>/refuse/", deciding.bank_refuse, name="bank-refuse"),
    path("bank/changes/<uuid:key>/shorten/", deciding.bank_shorten, name="bank-shorten"),
    path("bank/changes/<uuid:key>/grant/", deciding.bank_grant, name="bank-grant"),
    path("bank/changes/<uuid:key>/number/", numbers.bank_change_number, name="bank-change-number"),
    path("bank/proofs/<uuid:key>/", numbers.bank_proof, name="bank-proof"),
]
