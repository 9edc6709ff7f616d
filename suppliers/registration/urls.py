"""Addresses of registration: two for everybody, where it is switched on, and our administrator's."""

from django.urls import path

from suppliers.registration import views

urlpatterns = [
    path("register/", views.register, name="register"),
    path("register/sent/", views.register_sent, name="register-sent"),
    path("register/<str:token>/", views.register_company, name="register-company"),
    path("registrations/", views.request_list, name="registration-list"),
    path("registrations/<uuid:key>/", views.request_page, name="registration"),
    path("registrations/<uuid:key>/approve/", views.request_approve, name="registration-approve"),
    path("registrations/<uuid:key>/ask-back/", views.request_ask_back, name="registration-ask-back"),
    path("registrations/<uuid:key>/refuse/", views.request_refuse, name="registration-refuse"),
]
