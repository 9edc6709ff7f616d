"""The tables of trading partners and people."""

# Last, since they stand on the tables above; so that Django finds them.
import suppliers.documents.models  # noqa: F401 -- see above
from suppliers.models.api_token import ApiToken
from suppliers.models.supplier import Supplier, SupplierSite
from suppliers.models.user import Membership, User

__all__ = ["ApiToken", "Membership", "Supplier", "SupplierSite", "User"]
