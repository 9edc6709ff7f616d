"""Addresses of ship notices."""

from django.urls import path

from procurement.shipments.views import choose, documents, editor, lists, notice, numbering, packages, uploads

urlpatterns = [
    path("shipments/", lists.shipment_list, name="shipment-list"),
    path("shipments/new/", choose.shipment_new, name="shipment-new"),
    path("shipments/sheet/", uploads.shipment_sheet, name="shipment-sheet"),
    path("shipments/upload/", uploads.shipment_upload, name="shipment-upload"),
    path("shipments/upload/<uuid:key>/", uploads.shipment_upload_preview, name="shipment-upload-preview"),
    path(
        "shipments/upload/<uuid:key>/columns/",
        uploads.shipment_upload_columns,
        name="shipment-upload-columns",
    ),
    path("shipments/numbers/", numbering.package_numbers, name="package-numbers"),
    path("shipments/<uuid:key>/", notice.shipment, name="shipment"),
    path("shipments/<uuid:key>/save/", editor.shipment_save, name="shipment-save"),
    path("shipments/<uuid:key>/packages/<int:position>/", packages.shipment_package, name="shipment-package"),
    path("shipments/<uuid:key>/send/", notice.shipment_send, name="shipment-send"),
    path("shipments/<uuid:key>/discard/", notice.shipment_discard, name="shipment-discard"),
    path("shipments/<uuid:key>/correct/", notice.shipment_correct, name="shipment-correct"),
    path("shipments/<uuid:key>/cancel/", notice.shipment_cancel, name="shipment-cancel"),
    path("shipments/<uuid:key>/close/", notice.shipment_close, name="shipment-close"),
    path("shipments/<uuid:key>/repeat/", choose.shipment_repeat, name="shipment-repeat"),
    path("shipments/<uuid:key>/milestone/", notice.shipment_milestone, name="shipment-milestone"),
    path("shipments/<uuid:key>/print/", documents.shipment_print, name="shipment-print"),
    path("shipments/<uuid:key>/print/<slug:what>/", documents.shipment_document, name="shipment-document"),
]
