"""Addresses of threads."""

from django.urls import path

from procurement.threads import views

urlpatterns = [
    path("orders/<uuid:key>/thread/", views.thread, name="thread"),
    path("orders/<uuid:key>/messages/", views.message_send, name="message-send"),
    path("orders/<uuid:key>/files/", views.file_add, name="file-add"),
    path("files/<uuid:key>/", views.file, name="file"),
]
