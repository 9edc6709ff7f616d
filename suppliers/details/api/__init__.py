"""Company data for programs: a supplier's own, ours for all; a person asks for changes and decides on them."""

from django.urls import path

from suppliers.details.api.changes import DetailChanges
from suppliers.details.api.companies import Companies

_ONE = "suppliers/<uuid:key>"
_CHANGE = "supplier-changes/<uuid:key>"
_PARTS = ("legal", "names", "preferences", "channel")
_SEVERAL = {"numbers": "number", "addresses": "address", "contacts": "contact"}
urlpatterns = [
    path("suppliers", Companies.as_view({"get": "browse"}), name="api-supplier-list"),
    path("suppliers/classify", Companies.as_view({"post": "classify"}), name="api-supplier-classify"),
    path(_ONE, Companies.as_view({"get": "read"}), name="api-supplier"),
    *(path(f"{_ONE}/{one}", Companies.as_view({"post": one}), name=f"api-supplier-{one}") for one in _PARTS),
    *(
        path(f"{_ONE}/{many}", Companies.as_view({"post": one}), name=f"api-supplier-{one}")
        for many, one in _SEVERAL.items()
    ),
    path("supplier-changes", DetailChanges.as_view({"get": "browse"}), name="api-detail-change-list"),
    path(_CHANGE, DetailChanges.as_view({"get": "read"}), name="api-detail-change"),
    path(f"{_CHANGE}/approve", DetailChanges.as_view({"post": "approve"}), name="api-detail-change-approve"),
    path(f"{_CHANGE}/refuse", DetailChanges.as_view({"post": "refuse"}), name="api-detail-change-refuse"),
    path(
        f"{_CHANGE}/withdraw", DetailChanges.as_view({"post": "withdraw"}), name="api-detail-change-withdraw"
    ),
]
