"""What a provider tells of a group: who is in it. Groups give roles on our side, by the pairs on its page."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.audit.services import record
from portal.kernel.errors import NotFound
from portal.kernel.scope import requires_scope
from suppliers.scim.messages import TellGroup
from suppliers.scim.models import ScimGroup, ScimMember, ScimPerson
from suppliers.scim.policies import MOST_GROUPS, full, taken, wrong
from suppliers.scim.queries import find_group, people_of_keys
from suppliers.scim.services.people import changed_meanwhile
from suppliers.scim.services.settling import actor_of_provider, hold_provider, settle
from suppliers.sso.models import IdentityProvider


@requires_scope
def add_group(provider: IdentityProvider, told: TellGroup, *, at: datetime) -> ScimGroup:
    """A provider tells of a group for the first time. Raises `ScimRefusal`: uniqueness for a name it has told already,
    invalidValue for a member it has not told of; and what `settle` raises.
    """
    held = hold_provider(provider)
    if held.supplier_id is not None:
        raise NotFound(_("A supplier’s provider tells of people only: roles are given at the supplier."))
    members = _members(held, told)
    if ScimGroup.objects.filter(provider=held, name=told.name).exists():
        raise taken(_("There is a group with this displayName already."))
    if ScimGroup.objects.filter(provider=held).count() >= MOST_GROUPS:
        raise full(MOST_GROUPS)
    group = ScimGroup.objects.create(
        provider=held, name=told.name, external_id=told.external_id, told_at=at, changed_at=at
    )
    _put_in(group, members)
    _record("scim_group.added", group, len(members), at=at)
    _settle_all(held, members, at=at)
    return group


@requires_scope
def change_told_group(
    provider: IdentityProvider, key: uuid.UUID, told: TellGroup, *, at: datetime, version: int
) -> ScimGroup:
    """A provider tells something else of a group. Whoever left it, or came to it, has another role at once, or is
    closed. `version` is the one that was read for it. Raises `NotFound`, `ScimRefusal`, and what `settle` raises.
    """
    held = hold_provider(provider)
    group = _held(held, key, version)
    members = _members(held, told)
    if ScimGroup.objects.filter(provider=held, name=told.name).exclude(pk=group.pk).exists():
        raise taken(_("There is a group with this displayName already."))
    was = {one.pk: one for one in group.members.filter(gone_at__isnull=True)}
    now = {one.pk: one for one in members}
    is_renamed = (group.name, group.external_id) != (told.name, told.external_id)
    if not is_renamed and was.keys() == now.keys():
        return group
    group.name, group.external_id, group.changed_at = told.name, told.external_id, at
    group.version += 1
    group.save(update_fields=["name", "external_id", "changed_at", "version"])
    ScimMember.objects.filter(group=group, person__in=was.keys() - now.keys()).delete()
    _put_in(group, [now[pk] for pk in now.keys() - was.keys()])
    _record("scim_group.changed", group, len(now), at=at)
    concerned = was.keys() | now.keys() if is_renamed else was.keys() ^ now.keys()
    _settle_all(held, [(now | was)[pk] for pk in sorted(concerned)], at=at)
    return group


@requires_scope
def remove_group(provider: IdentityProvider, key: uuid.UUID, *, at: datetime, version: int) -> None:
    """A provider deletes a group: nobody is in it any more. Raises what `change_told_group` does."""
    held = hold_provider(provider)
    group = _held(held, key, version)
    members = list(group.members.filter(gone_at__isnull=True).order_by("id"))
    _record("scim_group.removed", group, len(members), at=at)
    group.delete()
    _settle_all(held, members, at=at)


def _held(provider: IdentityProvider, key: uuid.UUID, version: int) -> ScimGroup:
    group = find_group(provider, key)
    if group.version != version:
        raise changed_meanwhile()
    group.provider = provider
    return group


def _members(provider: IdentityProvider, told: TellGroup) -> list[ScimPerson]:
    found = people_of_keys(provider, told.members)
    unknown = next((one for one in told.members if one not in found), None)
    if unknown is not None:
        raise wrong("invalidValue", _("There is no user with the id %(id)s.") % {"id": unknown[:60]})
    return [found[one] for one in told.members]


def _put_in(group: ScimGroup, members: Iterable[ScimPerson]) -> None:
    ScimMember.objects.bulk_create([ScimMember(group=group, person=one) for one in members])


def _settle_all(provider: IdentityProvider, people: Iterable[ScimPerson], *, at: datetime) -> None:
    for person in people:
        person.provider = provider
        settle(person, at=at, of_group=True)


def _record(kind: str, group: ScimGroup, members: int, *, at: datetime) -> None:
    record(
        kind,
        group.provider.stream,
        actor=actor_of_provider(group.provider),
        at=at,
        supplier_id=None,
        facts={"group": group.name, "members": members},
        internal=True,
    )
