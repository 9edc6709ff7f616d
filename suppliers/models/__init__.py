"""The tables of trading partners and people."""

from suppliers.models.api_token import ApiToken
from suppliers.models.supplier import Supplier, SupplierSite
from suppliers.models.user import Membership, User

__all__ = ["ApiToken", "Membership", "Supplier", "SupplierSite", "User"]
