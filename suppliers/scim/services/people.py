"""What a provider tells of a person, kept as it was told; and what follows of it here (`services/settling.py`)."""

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kernel.audit.services import record
from portal.kernel.scope import requires_scope
from suppliers.scim.messages import TellPerson
from suppliers.scim.models import ScimPerson
from suppliers.scim.policies import MOST_PEOPLE, MOST_PEOPLE_OF_SUPPLIER, ScimRefusal, full, taken, wrong
from suppliers.scim.queries import as_told, find_person
from suppliers.scim.services.settling import actor_of_provider, hold_provider, settle
from suppliers.sso.models import IdentityProvider
from suppliers.sso.policies import domain_of


@requires_scope
def add_person(provider: IdentityProvider, told: TellPerson, *, at: datetime) -> ScimPerson:
    """A provider tells of somebody for the first time, or anew after it had deleted them.

    Raises `ScimRefusal`: uniqueness for a userName it has told already, invalidValue for an address that is of none of
    its domains; and what `settle` raises.
    """
    provider = hold_provider(provider)
    address, domain = _address_of(provider, told)
    there = ScimPerson.objects.filter(provider=provider, user_name__iexact=told.user_name).first()
    if there is not None and there.gone_at is None:
        raise taken(_("There is a user with this userName already."))
    most = MOST_PEOPLE if provider.supplier_id is None else MOST_PEOPLE_OF_SUPPLIER
    if there is None and ScimPerson.objects.filter(provider=provider).count() >= most:
        raise full(most)
    person = there or ScimPerson(provider=provider, told_at=at)
    person.provider = provider
    if there is not None:
        person.key, person.told_at, person.gone_at = uuid.uuid4(), at, None
        person.version += 1
    _keep(person, told, address, domain, at)
    return _settled(person, "scim_person.added", at=at)


@requires_scope
def change_told_person(
    provider: IdentityProvider, key: uuid.UUID, told: TellPerson, *, at: datetime, version: int
) -> ScimPerson:
    """A provider tells something else of somebody. `version` is the one that was read for it.

    Raises `NotFound`, `ScimRefusal`, and what `settle` raises.
    """
    person = _held(provider, key, version)
    before = as_told(person)
    address, domain = _address_of(person.provider, told)
    if told.user_name.lower() != person.user_name.lower() and _is_taken(person, told.user_name):
        raise taken(_("There is a user with this userName already."))
    if told == before:
        settle(person, at=at)
        return person
    _keep(person, told, address, domain, at)
    person.version += 1
    return _settled(person, "scim_person.changed", at=at)


@requires_scope
def remove_person(provider: IdentityProvider, key: uuid.UUID, *, at: datetime, version: int) -> None:
    """A provider deletes somebody: the account is closed, and nothing that person wrote is erased."""
    person = _held(provider, key, version)
    person.active, person.gone_at, person.changed_at = False, at, at
    person.version += 1
    _settled(person, "scim_person.removed", at=at)
    person.groups.clear()


def _held(provider: IdentityProvider, key: uuid.UUID, version: int) -> ScimPerson:
    held = hold_provider(provider)
    person = find_person(held, key)
    if person.version != version:
        raise changed_meanwhile()
    person.provider = held
    return person


def changed_meanwhile() -> ScimRefusal:
    """A 412: it is not any more what was read."""
    return ScimRefusal(_("It was changed meanwhile. Read it again."), status=412)


def _is_taken(person: ScimPerson, user_name: str) -> bool:
    others = ScimPerson.objects.filter(provider=person.provider, user_name__iexact=user_name)
    return others.exclude(pk=person.pk).exists()


def _address_of(provider: IdentityProvider, told: TellPerson) -> tuple[str, str]:
    """The address that counts and its domain: the first of what was told that the provider may speak for."""
    domains = set(provider.domains.values_list("domain", flat=True))
    for said in (*told.mails, told.user_name):
        address = said.strip().lower()
        # Letters that a database takes for others: nobody has such an address here.
        if address.isascii() and domain_of(address) in domains:
            return address, domain_of(address)
    message = _(
        "Neither userName nor emails has an address of %(domains)s: this provider speaks for no other."
    )
    raise wrong("invalidValue", message % {"domains": ", ".join(sorted(domains))})


def _keep(person: ScimPerson, told: TellPerson, address: str, domain: str, at: datetime) -> None:
    person.user_name, person.external_id = told.user_name, told.external_id
    person.names, person.mail = dict(told.names), told.mails[0] if told.mails else ""
    person.address, person.domain = address, domain
    person.active, person.changed_at = told.active, at


def _settled(person: ScimPerson, kind: str, *, at: datetime) -> ScimPerson:
    """The person kept, and what follows of it done."""
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:  # the same userName, in this very moment
        raise taken(_("There is a user with this userName already.")) from error
    record(
        kind,
        person.provider.stream,
        actor=actor_of_provider(person.provider),
        at=at,
        supplier_id=person.provider.supplier_id,
        facts={"user_name": person.user_name, "active": person.active},
        internal=True,
    )
    settle(person, at=at)
    return person
