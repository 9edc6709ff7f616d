"""Addresses of statements of account."""

from django.urls import path

from procurement.statements.views import lists, statement, uploads

urlpatterns = [
    path("statements/", lists.statement_list, name="statement-list"),
    path("statements/new/", uploads.statement_upload, name="statement-upload"),
    path("statements/sheet.xlsx", uploads.statement_sheet, name="statement-sheet"),
    path("statements/<uuid:key>/", statement.statement, name="statement"),
    path("statements/<uuid:key>/columns/", uploads.statement_columns, name="statement-columns"),
    path("statements/<uuid:key>/compare/", statement.statement_compare, name="statement-compare"),
    path("statements/<uuid:key>/discard/", statement.statement_discard, name="statement-discard"),
    path("statements/<uuid:key>/settle/", statement.statement_settle, name="statement-settle"),
    path("statements/<uuid:key>/rows/<int:row>/say/", statement.statement_say, name="statement-say"),
    path("statements/<uuid:key>/result.<slug:kind>", statement.statement_result, name="statement-result"),
]
