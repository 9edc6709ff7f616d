"""The tables of trading partners and people."""

from suppliers.models.api_token import ApiToken
from suppliers.models.supplier import Supplier, SupplierSite
from suppliers.models.user import Membership, User

# Of the packages beside this one, so that Django finds their tables.
from suppliers.details import models as details  # isort: skip

__all__ = ["ApiToken", "Membership", "Supplier", "SupplierSite", "User", "details"]
