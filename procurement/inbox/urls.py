"""Addresses of the inbox."""

from django.urls import path

from procurement.inbox.views import case, formulas, lists, rules, tasks

urlpatterns = [
    path("inbox/", lists.inbox, name="inbox"),
    path("inbox/bulk/", lists.inbox_bulk, name="inbox-bulk"),
    path("inbox/poll/", lists.inbox_poll, name="inbox-poll"),
    path("inbox/filter/", lists.inbox_filter, name="inbox-filter"),
    path("inbox/queue/", lists.inbox_queue, name="inbox-queue"),
    path("inbox/queue/<uuid:key>/forget/", lists.inbox_queue_drop, name="inbox-queue-drop"),
    path("inbox/rules/", rules.inbox_rules, name="inbox-rules"),
    path("inbox/rules/<uuid:key>/drop/", rules.assignment_drop, name="inbox-rule-drop"),
    path("inbox/rules/write/", rules.assignment_write, name="inbox-rule-write"),
    path("inbox/away/", rules.absence_write, name="inbox-away"),
    path("inbox/away/<uuid:key>/drop/", rules.absence_drop, name="inbox-away-drop"),
    path("inbox/formulas/", formulas.formula_list, name="formula-list"),
    path("inbox/formulas/new/", formulas.formula_new, name="formula-new"),
    path("inbox/formulas/<uuid:key>/", formulas.formula, name="formula"),
    path("inbox/formulas/<uuid:key>/write/", formulas.formula_write, name="formula-write"),
    path("inbox/formulas/<uuid:key>/try/", formulas.formula_try, name="formula-try"),
    path("inbox/formulas/<uuid:key>/<str:verb>/", formulas.formula_move, name="formula-move"),
    path("inbox/tasks/", tasks.task_list, name="inbox-tasks"),
    path("inbox/tasks/<uuid:key>/", tasks.task, name="inbox-task"),
    path("inbox/tasks/<uuid:key>/withdraw/", tasks.task_withdraw, name="inbox-task-withdraw"),
    path("inbox/<uuid:key>/", case.inbox_case, name="inbox-case"),
    path("inbox/<uuid:key>/note/", case.inbox_note, name="inbox-note"),
    path("inbox/<uuid:key>/<str:verb>/", case.inbox_do, name="inbox-do"),
    path("asked/<str:token>/", tasks.asked, name="asked"),
]
