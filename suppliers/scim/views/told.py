"""The addresses of SCIM 2.0 (RFC 7644): people, groups, and what there is."""

import uuid
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from portal.kernel.access import public
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

# --- People -------------------------------------------------------------------------------------------------


def _list_people(asked: Asked) -> HttpResponse:
    wanted = read_wanted(asked.query, OF_PEOPLE)
    found = people_wanted(with_standing(told_people(asked.provider)), wanted)
    rows = found[wanted.start - 1 : wanted.start - 1 + wanted.count]
    return tell(list_told(map(person_told, rows), found.count(), wanted.start))


def _add_person(asked: Asked) -> HttpResponse:
    made = add_person(asked.provider, read_person(asked.said), at=asked.at)
    return _person(asked, made.key, status=201)


def _person(asked: Asked, key: uuid.UUID, status: int = 200) -> HttpResponse:
    person = find_person(asked.provider, key)
    return tell(person_told(person), status, person)


def _replace_person(asked: Asked, key: uuid.UUID) -> HttpResponse:
    person = find_person(asked.provider, key)
    asked.require_seen(person)
    told = read_person(asked.said)
    if not any(name.lower() == "active" for name in asked.said):  # unsaid, it opens nobody
        told = replace(told, active=person.active)
    change_told_person(asked.provider, key, told, at=asked.at, version=person.version)
    return _person(asked, key)


def _change_person(asked: Asked, key: uuid.UUID) -> HttpResponse:
    person = find_person(asked.provider, key)
    asked.require_seen(person)
    told = change_person(as_told(person), read_changes(asked.said))
    change_told_person(asked.provider, key, told, at=asked.at, version=person.version)
    return _person(asked, key)


def _remove_person(asked: Asked, key: uuid.UUID) -> HttpResponse:
    person = find_person(asked.provider, key)
    asked.require_seen(person)
    remove_person(asked.provider, key, at=asked.at, version=person.version)
    return HttpResponse(status=204)


people = scim_door(get=_list_people, post=_add_person)
person = scim_door(get=_person, put=_replace_person, patch=_change_person, delete=_remove_person)


# --- Groups -------------------------------------------------------------------------------------------------


def _shows_members(asked: Asked) -> bool:
    """Entra ID asks for groups without their members, which may be thousands."""
    left_out = asked.query.get("excludedAttributes", "").lower().replace(" ", "").split(",")
    chosen = asked.query.get("attributes", "").lower().replace(" ", "").split(",")
    return "members" not in left_out and (chosen == [""] or "members" in chosen)


def _list_groups(asked: Asked) -> HttpResponse:
    wanted = read_wanted(asked.query, OF_GROUPS)
    found, members = groups_wanted(told_groups(asked.provider), wanted), _shows_members(asked)
    rows = (with_members(found) if members else found)[wanted.start - 1 : wanted.start - 1 + wanted.count]
    told = [group_told(one, members=members) for one in rows]
    return tell(list_told(told, found.count(), wanted.start))


def _add_group(asked: Asked) -> HttpResponse:
    made = add_group(asked.provider, read_group(asked.said), at=asked.at)
    return _group(asked, made.key, status=201)


def _group(asked: Asked, key: uuid.UUID, status: int = 200) -> HttpResponse:
    group = find_group(asked.provider, key)
    return tell(group_told(group, members=_shows_members(asked)), status, group)


def _replace_group(asked: Asked, key: uuid.UUID) -> HttpResponse:
    group = find_group(asked.provider, key)
    asked.require_seen(group)
    told = read_group(asked.said)
    change_told_group(asked.provider, key, told, at=asked.at, version=group.version)
    return _group(asked, key)


def _change_group(asked: Asked, key: uuid.UUID) -> HttpResponse:
    group = find_group(asked.provider, key)
    asked.require_seen(group)
    told = change_group(as_group_told(group), read_changes(asked.said))
    change_told_group(asked.provider, key, told, at=asked.at, version=group.version)
    return _group(asked, key)


def _remove_group(asked: Asked, key: uuid.UUID) -> HttpResponse:
    group = find_group(asked.provider, key)
    asked.require_seen(group)
    remove_group(asked.provider, key, at=asked.at, version=group.version)
    return HttpResponse(status=204)


groups = scim_door(get=_list_groups, post=_add_group)
group = scim_door(get=_group, put=_replace_group, patch=_change_group, delete=_remove_group)


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
