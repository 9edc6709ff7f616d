"""Addresses of docks: what comes when, the plan of a dock, and the time of a consignment."""

from django.urls import path

from procurement.docks.views import calendar, plan, times

urlpatterns = [
    path("inbound/", calendar.inbound_calendar, name="inbound-calendar"),
    path("inbound/due/", calendar.inbound_due, name="inbound-due"),
    path("times/", times.dock_times, name="dock-times"),
    path("docks/<str:code>/", plan.dock_plan, name="dock-plan"),
    path("docks/<str:code>/forget/", plan.dock_plan_forget, name="dock-plan-forget"),
    path("shipments/<uuid:key>/time/", times.shipment_time, name="shipment-time"),
    path("shipments/<uuid:key>/time/<slug:verb>/", times.shipment_time_do, name="shipment-time-do"),
]
