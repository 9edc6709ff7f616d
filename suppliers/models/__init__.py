"""The tables of trading partners and people."""

import suppliers.documents.models  # noqa: F401 -- so that Django finds its tables
from suppliers.models.api_token import ApiToken
from suppliers.models.supplier import Supplier, SupplierSite
from suppliers.models.user import Membership, User

__all__ = ["ApiToken", "Membership", "Supplier", "SupplierSite", "User"]
