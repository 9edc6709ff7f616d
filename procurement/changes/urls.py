"""Addresses of change requests."""

from django.urls import path

from procurement.changes.views import lists, moving, reasons, requests

urlpatterns = [
    path("changes/", lists.change_list, name="change-list"),
    path("changes/decide/", lists.changes_decide, name="changes-decide"),
    path("changes/move/", moving.changes_move, name="changes-move"),
    path("changes/reasons/", reasons.change_reasons, name="change-reasons"),
    path("changes/<uuid:key>/", requests.change, name="change"),
    path("changes/<uuid:key>/answer/", requests.change_answer, name="change-answer"),
    path("changes/<uuid:key>/wish/", requests.change_revise, name="change-revise"),
    path("orders/<uuid:key>/changes/check/", requests.change_check, name="change-check"),
    path("orders/<uuid:key>/changes/new/", requests.change_new, name="change-new"),
]
