"""The tables of trading partners and people."""

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
    BankVote,
)
from suppliers.models.api_token import ApiToken
from suppliers.models.supplier import Supplier, SupplierSite
from suppliers.models.user import Membership, User
from suppliers.signin.models import (  # last: these point at people and suppliers
    Device,
    FactorConfirmation,
    FactorReset,
    FactorRule,
    Impersonation,
    SignIn,
)

__all__ = [
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
    "BankVote",
    "Device",
    "FactorConfirmation",
    "FactorReset",
    "FactorRule",
    "Impersonation",
    "Membership",
    "SignIn",
    "Supplier",
    "SupplierSite",
    "User",
]
