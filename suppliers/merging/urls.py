"""Addresses of merging."""

from django.urls import path

from suppliers.merging import views

urlpatterns = [
    path("suppliers/merges/", views.merge_list, name="merge-list"),
    path("suppliers/merges/<uuid:key>/", views.merge_page, name="merge"),
    path("suppliers/merges/<uuid:key>/decide/", views.merge_decide, name="merge-decide"),
    path("suppliers/<uuid:key>/merge/<uuid:other>/", views.merge_new, name="merge-new"),
]
