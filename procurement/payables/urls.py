"""Addresses of the desk of accounts payable."""

from django.urls import path

from procurement.payables.views import answers, by_link, case, due, queue, rules, taking

urlpatterns = [
    path("payables/", queue.payables, name="payables"),
    path("payables/approvals/", queue.payables_approvals, name="payables-approvals"),
    path("payables/approved/", queue.payables_approved, name="payables-approved"),
    path("payables/due/", due.payables_due, name="payables-due"),
    path("payables/rules/", rules.approval_rules, name="approval-rules"),
    path("payables/rules/limits/", rules.approval_limit, name="approval-limit"),
    path("payables/rules/limits/<uuid:key>/drop/", rules.approval_limit_drop, name="approval-limit-drop"),
    path("payables/rules/<uuid:key>/end/", rules.approval_rule_end, name="approval-rule-end"),
    path("payables/setup/", taking.invoicing_list, name="invoicing-list"),
    path("payables/setup/<str:code>/", taking.invoicing, name="invoicing"),
    path("payables/setup/<str:code>/save/", taking.invoicing_save, name="invoicing-save"),
    path("payables/<uuid:key>/", case.payables_case, name="payables-case"),
    path("payables/<uuid:key>/do/<slug:verb>/", case.payables_do, name="payables-do"),
    path("payables/<uuid:key>/ask/", case.payables_ask, name="payables-ask"),
    path("payables/<uuid:key>/short/", case.payables_short, name="payables-short"),
    path("approve/<str:token>/", by_link.approve, name="approve"),
    path("approve/<str:token>/say/", by_link.approve_say, name="approve-say"),
    path("approve/<str:token>/not-me/", by_link.approve_refuse, name="approve-refuse"),
    path("approvals/<uuid:key>/<slug:word>/", answers.approval_answer, name="approval-answer"),
    path("invoices/<uuid:key>/questions/", answers.invoice_questions, name="invoice-questions"),
    path("invoices/questions/<uuid:key>/answer/", answers.invoice_answer, name="invoice-answer"),
]
