"""Addresses of orders as lists, files and paper."""

from django.urls import path

from procurement.orders.views import exports, lists, paper, saved

urlpatterns = [
    path("orders/", lists.order_list, name="order-list"),
    path("orders/lines/", lists.line_list, name="line-list"),
    path("orders/views/", saved.save, name="view-save"),
    path("orders/views/forget/", saved.forget, name="view-forget"),
    path("orders/export.csv", exports.export_order_list, {"kind": "csv"}, name="order-export-csv"),
    path("orders/export.xlsx", exports.export_order_list, {"kind": "xlsx"}, name="order-export-xlsx"),
    path("orders/lines/export.csv", exports.export_line_list, {"kind": "csv"}, name="line-export-csv"),
    path("orders/lines/export.xlsx", exports.export_line_list, {"kind": "xlsx"}, name="line-export-xlsx"),
    path("orders/<uuid:key>/print/", paper.order_print, name="order-print"),
    path("orders/<uuid:key>/order.pdf", paper.order_pdf, name="order-pdf"),
]
