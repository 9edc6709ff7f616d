"""Addresses of answers given for many orders at once, or by file."""

from django.urls import path

from procurement.acknowledgments.views import confirm, files

urlpatterns = [
    path("orders/confirm/", confirm.confirm_many, name="orders-confirm"),
    path("orders/answer.xlsx", files.answer_sheets, name="answer-sheets"),
    path("orders/<uuid:key>/answer.xlsx", files.answer_sheet, name="answer-sheet"),
    path("orders/answer/upload/", files.upload, name="answer-upload"),
    path("orders/answer/upload/<uuid:key>/", files.preview, name="answer-preview"),
]
