"""Addresses of security."""

from django.urls import path

from suppliers.security import views

urlpatterns = [
    path(".well-known/security.txt", views.security_txt, name="security-txt"),
    path("security/", views.event_list, name="security-events"),
    path("security/people/", views.person_find, name="person-find"),
    path("security/people/<int:number>/", views.person_data, name="person-data"),
    path("security/people/<int:number>/export/", views.person_export, name="person-export"),
    path("security/people/<int:number>/erase/", views.person_erase, name="person-erase"),
    path("audit/", views.audit, name="audit"),
    path("audit/export/", views.audit_export, name="audit-export"),
    path("preferences/data/", views.my_data, name="my-data"),
]
