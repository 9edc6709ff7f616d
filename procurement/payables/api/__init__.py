"""The desk of accounts payable for programs: what waits, one case, approvals, questions; and what is due when."""

from django.urls import path

from procurement.payables.api.approvals import Approvals
from procurement.payables.api.desk import Desk
from procurement.payables.api.due import Forecasts
from procurement.payables.api.questions import Questions

DESK_VERBS = ("accept", "ask-approval", "call-off", "hold", "release", "reject", "reopen", "ask", "pay-short")
urlpatterns = [
    path("payments-due", Forecasts.as_view({"get": "show"}), name="api-payments-due"),
    path("desk", Desk.as_view({"get": "browse"}), name="api-desk"),
    path("desk/<uuid:key>", Desk.as_view({"get": "show"}), name="api-desk-case"),
    *(
        path(
            f"desk/<uuid:key>/{verb}", Desk.as_view({"post": verb.replace("-", "_")}), name=f"api-desk-{verb}"
        )
        for verb in DESK_VERBS
    ),
    path("approvals", Approvals.as_view({"get": "browse"}), name="api-approval-list"),
    path("approvals/<uuid:key>", Approvals.as_view({"get": "show"}), name="api-approval"),
    path("approvals/<uuid:key>/approve", Approvals.as_view({"post": "approve"}), name="api-approval-approve"),
    path("approvals/<uuid:key>/decline", Approvals.as_view({"post": "decline"}), name="api-approval-decline"),
    path("invoices/<uuid:key>/questions", Questions.as_view({"get": "browse"}), name="api-invoice-questions"),
    path(
        "invoice-questions/<uuid:key>/answer",
        Questions.as_view({"post": "answer"}),
        name="api-question-answer",
    ),
]
