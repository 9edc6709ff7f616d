"""Addresses of what is counted at the dock."""

from django.urls import path

from procurement.receipts.views import counting, lists, pictures, sheet

urlpatterns = [
    path("receiving/", lists.receiving_list, name="receiving-list"),
    path("receiving/begin/", lists.receiving_begin, name="receiving-begin"),
    path("receiving/new/", lists.receiving_new, name="receiving-new"),
    path("receiving/photos/<uuid:key>/", pictures.receiving_photo, name="receiving-photo"),
    path("receiving/<uuid:key>/", sheet.receiving_sheet, name="receiving-sheet"),
    path("receiving/<uuid:key>/count/", counting.receiving_count, name="receiving-count"),
    path("receiving/<uuid:key>/lines/", counting.receiving_lines, name="receiving-lines"),
    path("receiving/<uuid:key>/lines/<int:line>/", counting.receiving_line, name="receiving-line"),
    path("receiving/<uuid:key>/wrong/", counting.receiving_wrong, name="receiving-wrong"),
    path("receiving/<uuid:key>/photos/", pictures.receiving_photos, name="receiving-photos"),
    path("receiving/<uuid:key>/post/", sheet.receiving_post, name="receiving-post"),
    path("receiving/<uuid:key>/discard/", sheet.receiving_discard, name="receiving-discard"),
    path("receiving/<uuid:key>/reverse/", sheet.receiving_reverse, name="receiving-reverse"),
    path("receiving/<uuid:key>/say/", sheet.receiving_say, name="receiving-say"),
    path("shipments/<uuid:key>/counted/", lists.shipment_counted, name="shipment-counted"),
]
