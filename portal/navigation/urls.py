"""The address of the page "Set-up"."""

from django.urls import path

from portal.navigation import views

urlpatterns = [path("set-up/", views.set_up, name="set-up")]
