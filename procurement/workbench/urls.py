"""Addresses of the workbench."""

from django.urls import path

from procurement.workbench.views import buyer, common, decisions, home, story, supplier

urlpatterns = [
    path("", home.home, name="home"),
    path("decisions/", decisions.decision_list, name="decision-list"),
    path("decisions/decide/", decisions.decisions_decide, name="decisions-decide"),
    path("orders/<uuid:key>/", common.order, name="order"),
    path("orders/<uuid:key>/decide/", buyer.answer_decide, name="answer-decide"),
    path("orders/<uuid:key>/revisions/", buyer.order_revisions, name="order-revisions"),
    path("orders/<uuid:key>/story/", story.order_story, name="order-story"),
    path("orders/<uuid:key>/answer/", supplier.order_answer, name="order-answer"),
    path("orders/<uuid:key>/answer/line/", supplier.answer_line, name="answer-line"),
    path("orders/<uuid:key>/answer/discard/", supplier.answer_discard, name="answer-discard"),
    path("orders/<uuid:key>/withdraw/<uuid:answer>/", supplier.answer_withdraw, name="answer-withdraw"),
]
