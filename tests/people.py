"""The people of every test: who they are, and the actors they are at the door.

Asha sells for Acme, Arun is Acme's read-only clerk, Gil sells for Globex (the stranger), Sam sells for both.
Bea buys, Otto pays invoices, Root runs the portal, Ines owns the integration, Ada audits.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db.models import F
from django.test import Client

from portal.kernel.actors import Actor, Channel
from suppliers.models import Membership, Supplier, User
from suppliers.queries import actor_of
from suppliers.roles import CompanyRole, SupplierRole

PASSWORD = "correct horse battery staple"

COMPANY_SIDE = {
    "bea": ("Bea Buyer", CompanyRole.BUYER),
    "pia": ("Pia Planner", CompanyRole.PLANNER),
    "otto": ("Otto Payer", CompanyRole.ACCOUNTS_PAYABLE),
    "rex": ("Rex Receiver", CompanyRole.RECEIVING),
    "root": ("Root Admin", CompanyRole.ADMINISTRATOR),
    "ines": ("Ines Integrator", CompanyRole.INTEGRATION_OWNER),
    "max": ("Max Manager", CompanyRole.MANAGER),
    "ada": ("Ada Auditor", CompanyRole.AUDITOR),
}
SUPPLIER_SIDE = {
    "asha": ("Asha Acme", {"ACME": SupplierRole.ADMINISTRATOR}),
    "arun": ("Arun Acme", {"ACME": SupplierRole.READ_ONLY}),
    "olga": ("Olga Acme", {"ACME": SupplierRole.ORDERS}),
    "gil": ("Gil Globex", {"GLOBEX": SupplierRole.ADMINISTRATOR}),
    "sam": ("Sam Both", {"ACME": SupplierRole.ORDERS, "GLOBEX": SupplierRole.READ_ONLY}),
}
FEED = Actor.system("ERP feed", Channel.ERP)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in."""

    user: User
    actor: Actor

    @property
    def email(self) -> str:
        return self.user.email


def make_people(suppliers: dict[str, Supplier]) -> dict[str, Person]:
    """Everybody, ready to sign in. Runs in a scope that may write memberships."""
    hashed = make_password(PASSWORD)
    users = {
        name: User(email=f"{name}@northmoor.example", name=label, company_role=role, password=hashed)
        for name, (label, role) in COMPANY_SIDE.items()
    }
    users |= {
        name: User(email=f"{name}@supplier.example", name=label, password=hashed)
        for name, (label, _roles) in SUPPLIER_SIDE.items()
    }
    User.objects.prove_addresses(User.objects.bulk_create(users.values()))
    # Nobody came for what a test is about: they have had their roles for more than a year.
    since = F("approver_since_at") - timedelta(days=400)
    User.objects.exclude(approver_since_at=None).update(approver_since_at=since)
    Membership.objects.bulk_create(
        Membership(user=users[name], supplier=suppliers[number], role=role)
        for name, (_label, roles) in SUPPLIER_SIDE.items()
        for number, role in roles.items()
    )
    people: dict[str, Person] = {}
    for name, user in users.items():
        actor = actor_of(user)
        assert actor is not None
        people[name] = Person(user, actor)
    return people


def signed_in(person: Person) -> Client:
    """A browser in which they have signed in, without a second factor."""
    client = Client()
    client.force_login(person.user)
    return client
