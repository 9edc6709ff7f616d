"""Addresses of the workbench."""

from django.urls import path

from procurement.workbench.views import buyer, clock, common, decisions, home, story, supplier, tolerances

urlpatterns = [
    path("", home.home, name="home"),
    path("decisions/", decisions.decision_list, name="decision-list"),
    path("decisions/decide/", decisions.decisions_decide, name="decisions-decide"),
    path("tolerances/decisions/", tolerances.rule_decisions, name="rule-decisions"),
    path("tolerances/decisions/seen/", tolerances.rule_decisions_seen, name="rule-decisions-seen"),
    path("tolerances/decisions/<uuid:key>/", tolerances.rule_decision, name="rule-decision"),
    path(
        "tolerances/decisions/<uuid:key>/reopen/",
        tolerances.rule_decision_reopen,
        name="rule-decision-reopen",
    ),
    path("tolerances/<uuid:key>/dry-run/", tolerances.policy_dry_run, name="policy-dry-run"),
    path("orders/<uuid:key>/", common.order, name="order"),
    path("orders/<uuid:key>/decide/", buyer.answer_decide, name="answer-decide"),
    path("orders/<uuid:key>/deadline/", clock.order_deadline, name="order-deadline"),
    path("orders/<uuid:key>/revisions/", buyer.order_revisions, name="order-revisions"),
    path("orders/<uuid:key>/story/", story.order_story, name="order-story"),
    path("orders/<uuid:key>/answer/", supplier.order_answer, name="order-answer"),
    path("orders/<uuid:key>/answer/line/", supplier.answer_line, name="answer-line"),
    path("orders/<uuid:key>/answer/discard/", supplier.answer_discard, name="answer-discard"),
    path("orders/<uuid:key>/withdraw/<uuid:answer>/", supplier.answer_withdraw, name="answer-withdraw"),
]
