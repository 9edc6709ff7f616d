"""What is answered to a provider's server (RFC 7643, RFC 7644): people, groups, lists, refusals, and what there is."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from suppliers.scim.models import ScimGroup, ScimPerson
from suppliers.scim.policies import ERROR, GROUP, LIST, MOST_AT_ONCE, USER, called
from suppliers.scim.queries import as_told
from suppliers.sso.models import IdentityProvider

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"


def version_of(row: ScimPerson | ScimGroup) -> str:
    """The entity tag of a person or a group."""
    return f'W/"{row.version}"'


def address_of(row: ScimPerson | ScimGroup) -> str:
    """Where a person or a group is found."""
    name = "scim-user" if isinstance(row, ScimPerson) else "scim-group"
    return _whole(name, key=row.key)


def person_told(person: ScimPerson) -> dict[str, Any]:
    """A person, as it was told. `active` is false too where somebody here has closed the account."""
    names = person.names
    parts = {name: names[name] for name in ("formatted", "givenName", "familyName") if names.get(name)}
    told: dict[str, Any] = {"schemas": [USER], "id": str(person.key)}
    if person.external_id:
        told["externalId"] = person.external_id
    told["userName"] = person.user_name
    if parts:
        told["name"] = parts
    if shown := called(as_told(person)):
        told["displayName"] = shown
    told["active"] = person.active and getattr(person, "is_open", True)
    if person.mail:
        told["emails"] = [{"value": person.mail, "type": "work", "primary": True}]
    return told | {"meta": _meta("User", person)}


def group_told(group: ScimGroup, *, members: bool = True) -> dict[str, Any]:
    """A group, as it was told, with who is in it unless that is not wanted."""
    told: dict[str, Any] = {"schemas": [GROUP], "id": str(group.key)}
    if group.external_id:
        told["externalId"] = group.external_id
    told["displayName"] = group.name
    if members:
        told["members"] = [
            {"value": str(one.key), "$ref": address_of(one), "display": one.user_name, "type": "User"}
            for one in group.members.all()
        ]
    return told | {"meta": _meta("Group", group)}


def _meta(kind: str, row: ScimPerson | ScimGroup) -> dict[str, str]:
    return {
        "resourceType": kind,
        "created": _moment(row.told_at),
        "lastModified": _moment(row.changed_at),
        "location": address_of(row),
        "version": version_of(row),
    }


def _moment(at: Any) -> str:
    return str(at.isoformat(timespec="milliseconds")).replace("+00:00", "Z")


def list_told(rows: Iterable[Any], total: int, start: int) -> dict[str, Any]:
    """One page of a list."""
    found = list(rows)
    told = {"schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": len(found)}
    return told | {"Resources": found}


def error_told(status: int, detail: str, scim_type: str = "") -> dict[str, Any]:
    """A refusal in SCIM's own shape (RFC 7644, 3.12)."""
    told: dict[str, Any] = {"schemas": [ERROR], "status": str(status), "detail": detail}
    return told | ({"scimType": scim_type} if scim_type else {})


# --- What there is ------------------------------------------------------------------------------------------


def config_told() -> dict[str, Any]:
    """What of SCIM is served here (RFC 7643, 5)."""
    return {
        "schemas": [CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_AT_ONCE},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer secret",
                "description": "The secret that the page of the provider has shown once, as a bearer token.",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": _whole("scim-config")},
    }


def types_told(provider: IdentityProvider) -> list[dict[str, Any]]:
    """Of what a provider may tell: people, and groups where it is ours (RFC 7643, 6)."""
    kinds = [("User", "/Users", USER, "People")]
    if provider.supplier_id is None:
        kinds.append(("Group", "/Groups", GROUP, "Groups of people"))
    return [
        {
            "schemas": [TYPE],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "description": description,
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": _whole("scim-type", name=name)},
        }
        for name, endpoint, schema, description in kinds
    ]


def schemas_told(provider: IdentityProvider) -> list[dict[str, Any]]:
    """What of a person and of a group is kept (RFC 7643, 7)."""
    told = [_schema(USER, "User", "A person", _OF_PEOPLE)]
    if provider.supplier_id is None:
        told.append(_schema(GROUP, "Group", "A group of people", _OF_GROUPS))
    return told


def _schema(urn: str, name: str, description: str, attributes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schemas": [SCHEMA],
        "id": urn,
        "name": name,
        "description": description,
        "attributes": list(attributes),
        "meta": {"resourceType": "Schema", "location": _whole("scim-schema", urn=urn)},
    }


def _attribute(name: str, description: str, **more: Any) -> dict[str, Any]:
    usual = {"type": "string", "multiValued": False, "required": False, "caseExact": False}
    usual |= {"mutability": "readWrite", "returned": "default", "uniqueness": "none"}
    return {"name": name, "description": description, **usual, **more}


_OF_PEOPLE = (
    _attribute("userName", "By what the provider knows the person.", required=True, uniqueness="server"),
    _attribute(
        "name",
        "The parts of the name.",
        type="complex",
        subAttributes=[
            _attribute("formatted", "The whole name."),
            _attribute("givenName", "The given name."),
            _attribute("familyName", "The family name."),
        ],
    ),
    _attribute("displayName", "The name that is shown."),
    _attribute("active", "Whether the person may come in.", type="boolean"),
    _attribute(
        "emails",
        "The mail address; one is kept.",
        type="complex",
        multiValued=True,
        subAttributes=[
            _attribute("value", "The address."),
            _attribute("type", "What it is for.", canonicalValues=["work"]),
            _attribute("primary", "Whether it is the first one.", type="boolean"),
        ],
    ),
)
_OF_GROUPS = (
    _attribute("displayName", "The name, which may stand among the groups with a role.", required=True),
    _attribute(
        "members",
        "Who is in it.",
        type="complex",
        multiValued=True,
        subAttributes=[
            _attribute("value", "The id of a user.", mutability="immutable"),
            _attribute(
                "$ref",
                "Where the user is found.",
                type="reference",
                referenceTypes=["User"],
                mutability="immutable",
            ),
            _attribute("display", "The userName.", mutability="readOnly"),
            _attribute("type", "What it is.", canonicalValues=["User"], mutability="immutable"),
        ],
    ),
)


def _whole(name: str, /, **kwargs: Any) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, kwargs=kwargs)}"
