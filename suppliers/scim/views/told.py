"""The addresses of SCIM 2.0 (RFC 7644): people, groups, and what there is."""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from portal.kernel.access import public
from suppliers.scim.messages import TellGroup, TellPerson, Wanted
from suppliers.scim.models import ScimGroup, ScimPerson
from suppliers.scim.policies import (
    OF_GROUPS,
    OF_PEOPLE,
    change_group,
    change_person,
    read_changes,
    read_group,
    read_person,
    read_wanted,
)
from suppliers.scim.presenters import (
    config_told,
    group_told,
    list_told,
    person_told,
    schemas_told,
    types_told,
)
from suppliers.scim.queries import (
    as_group_told,
    as_told,
    find_group,
    find_person,
    groups_wanted,
    people_wanted,
    told_groups,
    told_people,
    with_members,
    with_standing,
)
from suppliers.scim.services import (
    add_group,
    add_person,
    change_told_group,
    change_told_person,
    remove_group,
    remove_person,
)
from suppliers.scim.views.way import Asked, refuse, scim_door, tell
from suppliers.sso.models import IdentityProvider

Row = TypeVar("Row", ScimPerson, ScimGroup)
Told = TypeVar("Told", TellPerson, TellGroup)


@dataclass(frozen=True, slots=True)
class Kind(Generic[Row, Told]):
    """People or groups: by what they are filtered, found, read, written and shown. What may be asked of them, and what
    comes of it, is the same (RFC 7644, 3.3 to 3.6).
    """

    filters: Collection[str]
    pick: Callable[[Asked, Wanted], QuerySet[Row]]
    find: Callable[[IdentityProvider, uuid.UUID], Row]
    show: Callable[[Asked, Row], dict[str, Any]]
    read: Callable[[Mapping[str, Any]], Told]
    read_instead: Callable[[Row, Mapping[str, Any]], Told]
    read_changed: Callable[[Row, Mapping[str, Any]], Told]
    add: Callable[..., Row]
    change: Callable[..., Row]
    remove: Callable[..., None]

    def list_all(self, asked: Asked) -> HttpResponse:
        """GET of the list."""
        wanted = read_wanted(asked.query, self.filters)
        found = self.pick(asked, wanted)
        rows = found[wanted.start - 1 : wanted.start - 1 + wanted.count]
        return tell(list_told((self.show(asked, row) for row in rows), found.count(), wanted.start))

    def post(self, asked: Asked) -> HttpResponse:
        """POST to the list."""
        made = self.add(asked.provider, self.read(asked.said), at=asked.at)
        return self.get(asked, made.key, status=201)

    def get(self, asked: Asked, key: uuid.UUID, status: int = 200) -> HttpResponse:
        """GET of one."""
        row = self.find(asked.provider, key)
        return tell(self.show(asked, row), status, row)

    def put(self, asked: Asked, key: uuid.UUID) -> HttpResponse:
        """PUT: all of it instead of what was told."""
        return self._write(asked, key, self.read_instead)

    def patch(self, asked: Asked, key: uuid.UUID) -> HttpResponse:
        """PATCH: some of it."""
        return self._write(asked, key, self.read_changed)

    def take_away(self, asked: Asked, key: uuid.UUID) -> HttpResponse:
        """DELETE."""
        row = self._seen(asked, key)
        self.remove(asked.provider, key, at=asked.at, version=row.version)
        return HttpResponse(status=204)

    def _write(
        self, asked: Asked, key: uuid.UUID, read: Callable[[Row, Mapping[str, Any]], Told]
    ) -> HttpResponse:
        row = self._seen(asked, key)
        self.change(asked.provider, key, read(row, asked.said), at=asked.at, version=row.version)
        return self.get(asked, key)

    def _seen(self, asked: Asked, key: uuid.UUID) -> Row:
        row = self.find(asked.provider, key)
        asked.require_seen(row)
        return row


# --- People -------------------------------------------------------------------------------------------------


def _person_instead(person: ScimPerson, said: Mapping[str, Any]) -> TellPerson:
    told = read_person(said)
    if not any(name.lower() == "active" for name in said):  # unsaid, it opens nobody
        told = replace(told, active=person.active)
    return told


PEOPLE: Kind[ScimPerson, TellPerson] = Kind(
    filters=OF_PEOPLE,
    pick=lambda asked, wanted: people_wanted(with_standing(told_people(asked.provider)), wanted),
    find=find_person,
    show=lambda _asked, person: person_told(person),
    read=read_person,
    read_instead=_person_instead,
    read_changed=lambda person, said: change_person(as_told(person), read_changes(said)),
    add=add_person,
    change=change_told_person,
    remove=remove_person,
)
people = scim_door(get=PEOPLE.list_all, post=PEOPLE.post)
person = scim_door(get=PEOPLE.get, put=PEOPLE.put, patch=PEOPLE.patch, delete=PEOPLE.take_away)


# --- Groups -------------------------------------------------------------------------------------------------


def _shows_members(asked: Asked) -> bool:
    """Entra ID asks for groups without their members, which may be thousands."""
    left_out = asked.query.get("excludedAttributes", "").lower().replace(" ", "").split(",")
    chosen = asked.query.get("attributes", "").lower().replace(" ", "").split(",")
    return "members" not in left_out and (chosen == [""] or "members" in chosen)


def _pick_groups(asked: Asked, wanted: Wanted) -> QuerySet[ScimGroup]:
    found = groups_wanted(told_groups(asked.provider), wanted)
    return with_members(found) if _shows_members(asked) else found


GROUPS: Kind[ScimGroup, TellGroup] = Kind(
    filters=OF_GROUPS,
    pick=_pick_groups,
    find=find_group,
    show=lambda asked, group: group_told(group, members=_shows_members(asked)),
    read=read_group,
    read_instead=lambda _group, said: read_group(said),
    read_changed=lambda group, said: change_group(as_group_told(group), read_changes(said)),
    add=add_group,
    change=change_told_group,
    remove=remove_group,
)
groups = scim_door(get=GROUPS.list_all, post=GROUPS.post)
group = scim_door(get=GROUPS.get, put=GROUPS.put, patch=GROUPS.patch, delete=GROUPS.take_away)


# --- What there is ------------------------------------------------------------------------------------------


def _config(asked: Asked) -> HttpResponse:
    return tell(config_told())


def _types(asked: Asked) -> HttpResponse:
    told = types_told(asked.provider)
    return tell(list_told(told, len(told), 1))


def _type(asked: Asked, name: str) -> HttpResponse:
    found = next((one for one in types_told(asked.provider) if one["id"] == name), None)
    return tell(found) if found else _nothing()


def _schemas(asked: Asked) -> HttpResponse:
    told = schemas_told(asked.provider)
    return tell(list_told(told, len(told), 1))


def _schema(asked: Asked, urn: str) -> HttpResponse:
    found = next((one for one in schemas_told(asked.provider) if one["id"] == urn), None)
    return tell(found) if found else _nothing()


def _nothing() -> HttpResponse:
    return refuse(404, _("There is nothing at this address."))


config = scim_door(get=_config)
types = scim_door(get=_types)
type_ = scim_door(get=_type)
schemas = scim_door(get=_schemas)
schema = scim_door(get=_schema)


@public
@csrf_exempt
def nowhere(request: HttpRequest, rest: str = "") -> HttpResponse:
    """An address there is not, said in SCIM's shape."""
    return _nothing()
