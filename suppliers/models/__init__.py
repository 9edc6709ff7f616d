"""The tables of trading partners and people."""

import suppliers.documents.models  # noqa: F401 -- so that Django finds its tables
from suppliers.banking.models import (
    BankAccount,
    BankCall,
    BankChange,
    BankContact,
    BankFreeze,
    BankNotice,
    BankNumber,
    BankProof,
    BankShortening,
    BankSignal,
    BankTold,
    BankVote,
)
from suppliers.models.api_token import ApiToken
from suppliers.models.supplier import Supplier, SupplierSite
from suppliers.models.user import Membership, User
from suppliers.people.models import AddressChange, Invitation
from suppliers.signin.models import (  # last: these point at people and suppliers
    Device,
    FactorConfirmation,
    FactorReset,
    FactorRule,
    Impersonation,
    SignIn,
)

from suppliers.details import models as details  # isort: skip
from suppliers.merging import models as merging  # isort: skip
from suppliers.offboarding import models as offboarding  # isort: skip
from suppliers.onboarding import models as onboarding  # isort: skip
from suppliers.registration import models as registration  # isort: skip
from suppliers.screening import models as screening  # isort: skip
from suppliers.sso import models as sso  # isort: skip
from suppliers.scim import models as scim  # isort: skip

__all__ = [
    "AddressChange",
    "ApiToken",
    "BankAccount",
    "BankCall",
    "BankChange",
    "BankContact",
    "BankFreeze",
    "BankNotice",
    "BankNumber",
    "BankProof",
    "BankShortening",
    "BankSignal",
    "BankTold",
    "BankVote",
    "Device",
    "FactorConfirmation",
    "FactorReset",
    "FactorRule",
    "Impersonation",
    "Invitation",
    "Membership",
    "SignIn",
    "Supplier",
    "SupplierSite",
    "User",
    "details",
    "merging",
    "offboarding",
    "onboarding",
    "registration",
    "scim",
    "screening",
    "sso",
]
