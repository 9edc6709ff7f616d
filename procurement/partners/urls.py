"""Addresses of a supplier's page and of the end of the business with it."""

from django.urls import path

from procurement.partners import views

_ONE = "suppliers/<uuid:key>/"
_END = "suppliers/offboardings/<uuid:key>/"

urlpatterns = [
    path("suppliers/export.csv", views.export_supplier_list, {"kind": "csv"}, name="supplier-export-csv"),
    path("suppliers/export.xlsx", views.export_supplier_list, {"kind": "xlsx"}, name="supplier-export-xlsx"),
    path(
        "onboarding/export.csv", views.export_onboarding_list, {"kind": "csv"}, name="onboarding-export-csv"
    ),
    path(
        "onboarding/export.xlsx",
        views.export_onboarding_list,
        {"kind": "xlsx"},
        name="onboarding-export-xlsx",
    ),
    path("suppliers/offboardings/", views.offboarding_list, name="offboarding-list"),
    path(_ONE, views.supplier_page, name="supplier"),
    path(f"{_ONE}health/", views.supplier_health, name="supplier-health"),
    path(f"{_ONE}offboarding/", views.supplier_offboarding, name="supplier-offboarding"),
    path(f"{_ONE}offboarding/begin/", views.offboarding_begin, name="offboarding-begin"),
    path(f"{_END}move/", views.offboarding_move, name="offboarding-move"),
    path(f"{_END}call-off/", views.offboarding_call_off, name="offboarding-call-off"),
    path(f"{_END}end/", views.offboarding_end, name="offboarding-end"),
    path(f"{_END}reopen/", views.offboarding_reopen, name="offboarding-reopen"),
]
