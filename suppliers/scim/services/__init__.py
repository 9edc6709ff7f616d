"""The verbs of SCIM: give a provider's server a secret, take it away, and hear what it tells."""

from suppliers.scim.services.groups import add_group, change_told_group, remove_group
from suppliers.scim.services.people import add_person, change_told_person, remove_person
from suppliers.scim.services.secrets import NewSecret, create_secret, provider_of_secret, revoke_secret

__all__ = [
    "NewSecret",
    "add_group",
    "add_person",
    "change_told_group",
    "change_told_person",
    "create_secret",
    "provider_of_secret",
    "remove_group",
    "remove_person",
    "revoke_secret",
]
