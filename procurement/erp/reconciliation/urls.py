"""Addresses of the comparison of both sides."""

from django.urls import path

from procurement.erp.reconciliation import views

urlpatterns = [
    path("integration/comparison/", views.comparison, name="integration-comparison"),
    path("integration/comparison/now/", views.comparison_now, name="integration-comparison-now"),
    path("integration/comparison/runs/<uuid:key>/", views.comparison_run, name="integration-comparison-run"),
    path(
        "integration/comparison/repair/<str:kind>/<str:repair>/",
        views.repair_all,
        name="integration-drift-repair-all",
    ),
    path("integration/drift/<uuid:key>/", views.drift, name="integration-drift"),
    path("integration/drift/<uuid:key>/repair/", views.drift_repair, name="integration-drift-repair"),
    path("integration/drift/<uuid:key>/ignore/", views.drift_ignore, name="integration-drift-ignore"),
    path("integration/drift/<uuid:key>/reopen/", views.drift_reopen, name="integration-drift-reopen"),
    path("integration/rehearsal/", views.rehearsal, name="integration-rehearsal"),
    path("integration/rehearsal/now/", views.rehearsal_now, name="integration-rehearsal-now"),
]
