"""Addresses of documents."""

from django.urls import path

from suppliers.documents import views

urlpatterns = [
    path("documents/", views.document_list, name="document-list"),
    path("documents/holders/", views.document_holders, name="document-holders"),
    path("documents/holders.csv", views.document_holders_csv, name="document-holders-csv"),
    path("documents/setup/", views.document_setup, name="document-setup"),
    path("documents/setup/kinds/", views.document_kind_new, name="document-kind-new"),
    path(
        "documents/setup/kinds/<slug:code>/retire/", views.document_kind_retire, name="document-kind-retire"
    ),
    path("documents/setup/requirements/", views.requirement_new, name="document-requirement-new"),
    path(
        "documents/setup/requirements/<uuid:key>/retire/",
        views.requirement_retire,
        name="document-requirement-retire",
    ),
    path("documents/<uuid:key>/", views.document_version, name="document-version"),
    path("documents/<uuid:key>/file/", views.document_file, name="document-file"),
    path("documents/<uuid:key>/picture/", views.document_picture, name="document-picture"),
    path("documents/<uuid:key>/accept/", views.document_accept, name="document-accept"),
    path("documents/<uuid:key>/refuse/", views.document_refuse, name="document-refuse"),
    path("suppliers/<uuid:key>/documents/", views.supplier_documents, name="supplier-documents"),
    path("suppliers/<uuid:key>/documents/<slug:code>/", views.document_supply, name="document-supply"),
]
