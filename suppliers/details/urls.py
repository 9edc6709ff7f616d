"""Addresses of company data."""

from django.urls import path

from suppliers.details import views

_COMPANY = "suppliers/<uuid:key>/company/"
_CHANGE = "suppliers/changes/<uuid:key>/"

urlpatterns = [
    path("company/", views.company, name="company"),
    path("suppliers/", views.supplier_list, name="supplier-list"),
    path("suppliers/classify/", views.supplier_classify, name="supplier-classify"),
    path("suppliers/changes/", views.detail_change_list, name="detail-change-list"),
    path("suppliers/rules/", views.detail_rules, name="detail-rules"),
    path("suppliers/categories/", views.category_list, name="category-list"),
    path("suppliers/categories/retire/", views.category_retire, name="category-retire"),
    path(_COMPANY, views.supplier_company, name="supplier-company"),
    path(f"{_COMPANY}categories/", views.supplier_categories, name="supplier-categories"),
    path(f"{_COMPANY}history/", views.company_history, name="company-history"),
    path(f"{_COMPANY}part/<slug:part>/", views.company_part, name="company-part"),
    path(_CHANGE, views.detail_change, name="detail-change"),
    path(f"{_CHANGE}approve/", views.detail_change_approve, name="detail-change-approve"),
    path(f"{_CHANGE}refuse/", views.detail_change_refuse, name="detail-change-refuse"),
    path(f"{_CHANGE}withdraw/", views.detail_change_withdraw, name="detail-change-withdraw"),
]
