"""Addresses of invoices."""

from django.urls import path

from procurement.invoices.views import choose, documents, editor, files, lists, paper, paying, uploads

urlpatterns = [
    path("invoices/", lists.invoice_list, name="invoice-list"),
    path("invoices/new/", choose.invoice_new, name="invoice-new"),
    path("invoices/sheet/", uploads.invoice_sheet, name="invoice-sheet"),
    path("invoices/upload/", uploads.invoice_upload, name="invoice-upload"),
    path("invoices/upload/<uuid:key>/", uploads.invoice_upload_preview, name="invoice-upload-preview"),
    path(
        "invoices/upload/<uuid:key>/columns/", uploads.invoice_upload_columns, name="invoice-upload-columns"
    ),
    path("invoices/<uuid:key>/pdf/", documents.invoice_pdf, name="invoice-pdf"),
    path("invoices/<uuid:key>/xml/<slug:syntax>/", documents.invoice_xml, name="invoice-xml"),
    path("invoices/files/<uuid:key>/", files.invoice_file, name="invoice-file"),
    path("invoices/files/<uuid:key>/drop/", files.invoice_file_drop, name="invoice-file-drop"),
    path("invoices/<uuid:key>/", paper.invoice, name="invoice"),
    path("invoices/<uuid:key>/save/", editor.invoice_save, name="invoice-save"),
    path("invoices/<uuid:key>/send/", paper.invoice_send, name="invoice-send"),
    path("invoices/<uuid:key>/discard/", paper.invoice_discard, name="invoice-discard"),
    path("invoices/<uuid:key>/withdraw/", paper.invoice_withdraw, name="invoice-withdraw"),
    path("invoices/<uuid:key>/revise/", paper.invoice_revise, name="invoice-revise"),
    path("invoices/<uuid:key>/account/", paying.invoice_account, name="invoice-account"),
    path("invoices/<uuid:key>/note/", choose.invoice_note, name="invoice-note"),
    path("invoices/<uuid:key>/files/", files.invoice_file_add, name="invoice-file-add"),
]
