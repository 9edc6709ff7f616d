"""Addresses of service policies and opening hours."""

from django.urls import path

from procurement.clocks import views

urlpatterns = [
    path("service-levels/", views.service_list, name="service-list"),
    path("service-levels/new/", views.service_new, name="service-new"),
    path("service-levels/<uuid:key>/", views.service, name="service"),
    path("service-levels/<uuid:key>/change/", views.service_change, name="service-change"),
    path("service-levels/<uuid:key>/approve/", views.service_approve, name="service-approve"),
    path("service-levels/<uuid:key>/retire/", views.service_retire, name="service-retire"),
    path("opening-hours/", views.office_list, name="office-list"),
    path("opening-hours/<uuid:key>/forget/", views.office_forget, name="office-forget"),
    path("opening-hours/<slug:level>/<str:code>/", views.office, name="office"),
]
