"""Everything with a person's name on it: found by the shape of the tables, so that no new table is forgotten.

Note [Places]: a column names a person when it is a foreign key to User, when it ends in `user_id`, when it holds a
label (`…_by`, `actor_label`), or when it holds an address of mail. A label with a number beside it (`sent_by` and
`sent_by_user_id`) is of that person and no other; without a number in it, it is of a program, a rule or a link.

Note [A name is typed]: a label alone says only what its bearer calls himself or herself at the moment. Who takes the
name of a token, of a rule or of a competitor must neither read what those did nor have their names taken away. So a
label alone counts for nobody's own export. For an export by our administrator it counts among the person's own
suppliers; for an erasure among those where the trail has seen that person act; and for neither where somebody or
something else is seen to bear the name.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from portal.kernel.actors import Channel
from portal.kernel.audit.chain import PSEUDONYM
from portal.kernel.audit.models import AuditEvent
from portal.kernel.cells import guarded
from portal.kernel.scope import requires_scope
from suppliers.models import AddressChange, ApiToken, Membership, User
from suppliers.people.states import AddressState

OURS = ("kernel", "suppliers", "procurement", "account", "mfa", "socialaccount", "usersessions")
LABELS = ("_by", "actor_label")
# What opens something is nobody's data to take home: whoever finds the file would have it too.
SECRET = ("password", "digest", "secret", "session_key", "seed", "nonce", "data", "hash")
MOST_ROWS = 50_000
# Tables whose rows are wholly about one person: all their columns are that person's.
WHOLE = {"suppliers.User", "suppliers.Membership", "suppliers.ApiToken", "account.EmailAddress"} | {
    "usersessions.UserSession",
    "procurement.SavedView",
    "procurement.NoticePreference",
    "kernel.SecurityEvent",
}
# Of others' tables a person gets what shows that and when his or her name was put there.
TELLING = ("id", "key", "kind", "state", "number", "name", "stream", "channel", "role", "purpose", "type")
# What is only the person's own, and goes with the name. What is not here and points to a person is papers, or is put
# under the pseudonym by its own package (`forget_addresses`): a test holds every table against this.
FREE = (
    "usersessions.UserSession",
    "mfa.Authenticator",
    "socialaccount.SocialAccount",
    "account.EmailAddress",
    "suppliers.Membership",
    "suppliers.FactorConfirmation",
    "suppliers.Device",
    "suppliers.PasswordKeeper",
    "suppliers.ScimPerson",
    "suppliers.SignIn",
    "procurement.SavedView",
    "procurement.NoticePreference",
    "procurement.CaseLook",
)
# Addresses of mail that the ERP keeps, or that are part of a mail as it came: books, or gone by their own clock. And
# who is, or was, told of changed bank details: needed against fraud, and gone by `forget_bank_contacts`. A
# company's own contacts go when the company ends them.
KEPT_ADDRESSES = {
    "procurement.PurchaseOrder",
    "procurement.InboundMail",
    "suppliers.BankContact",
    "suppliers.BankNotice",
    "suppliers.Contact",
    "suppliers.Supplier",
    "suppliers.User",
    "account.EmailAddress",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One table where people are named: by number, by label (with or without a number beside it), by address."""

    model: type[models.Model]
    numbers: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    addresses: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.model._meta.label


def places() -> Iterator[Place]:
    """Every table with a place for a person's name. See Note [Places]."""
    for model in apps.get_models():
        if model._meta.app_label not in OURS or not model._meta.managed:
            continue
        fields = [field for field in model._meta.concrete_fields if not field.primary_key or model is User]
        columns = {field.column for field in fields}
        numbers = tuple(
            field.column
            for field in fields
            if (field.is_relation and field.related_model is User) or field.column.endswith("user_id")
        )
        texts = [field for field in fields if isinstance(field, models.CharField) and not field.choices]
        labels = tuple(
            (field.column, _number_beside(field.column, columns))
            for field in texts
            if field.column.endswith(LABELS)
        )
        addresses = tuple(
            field.column
            for field in texts
            if isinstance(field, models.EmailField) or field.column.endswith("email")
        )
        numbers = ("id",) if model is User else numbers
        if numbers or labels or addresses:
            yield Place(model, numbers, labels, addresses)


def _number_beside(label: str, columns: set[str]) -> str:
    beside = "actor_user_id" if label == "actor_label" else f"{label}_user_id"
    return beside if beside in columns else ""


def is_namesake(person: User) -> bool:
    """Whether somebody else bears the same name, so that a label alone says nothing."""
    return User.objects.filter(name=person.name).exclude(pk=person.pk).exists()


@dataclass(frozen=True, slots=True)
class Reach:
    """Among which suppliers' rows a label alone is taken for this person's; None: nowhere. `and_ours`: and on what
    belongs to no supplier. See Note [A name is typed]."""

    suppliers: frozenset[int] | None = None
    and_ours: bool = False


NOWHERE = Reach()


def reach_of_export(person: User, *, for_oneself: bool) -> Reach:
    """How far an export believes a label alone."""
    if for_oneself or not person.name or is_namesake(person):
        return NOWHERE
    mine = Membership.objects.filter(user=person).values_list("supplier_id", flat=True)
    return _where_unmistaken(person, frozenset(mine), and_ours=False)


def reach_of_erasure(person: User) -> Reach:
    """How far an erasure believes a label alone: where the trail has seen this person act."""
    if not person.name or is_namesake(person):
        return NOWHERE
    acted = AuditEvent.objects.filter(actor_user_id=person.pk, supplier_id__isnull=False)
    found = {*acted.values_list("supplier_id", flat=True).distinct()}
    found |= {*Membership.objects.filter(user=person).values_list("supplier_id", flat=True)}
    return _where_unmistaken(person, frozenset(found), and_ours=bool(person.company_role))


def _where_unmistaken(person: User, suppliers: frozenset[int], *, and_ours: bool) -> Reach:
    """Without the suppliers where something else acts under this name: another person, a token, a program, a rule. A
    link in a mail to this person does bear the name rightly."""
    named = AuditEvent.objects.filter(actor_label=person.name).exclude(channel=Channel.LINK)
    named = named.exclude(actor_user_id=person.pk)  # also where it is empty
    others = frozenset(
        named.filter(supplier_id__in=suppliers).values_list("supplier_id", flat=True).distinct()
    )
    tokens = ApiToken.objects.filter(name=person.name)
    others |= frozenset(tokens.filter(supplier_id__in=suppliers).values_list("supplier_id", flat=True))
    is_mine = and_ours and not named.filter(supplier_id__isnull=True).exists()
    return Reach(
        suppliers - others, and_ours=is_mine and not tokens.filter(supplier_id__isnull=True).exists()
    )


def rows_of(place: Place, person: User, *, reach: Reach) -> Q:
    """The rows of one table that name this person."""
    found = Q(pk__in=[])
    for column in place.numbers:
        found |= Q(**{_attribute(place.model, column): person.pk})
    for label, number in place.labels:
        found |= _named(place, person, label, number, reach=reach)
    for column in place.addresses:
        found |= Q(**{f"{column}__iexact": person.email})
    return found


def _named(place: Place, person: User, label: str, number: str, *, reach: Reach) -> Q:
    """The rows on which one label is this person's: by the number beside it, and where there is none by the name."""
    if number:
        return Q(**{_attribute(place.model, number): person.pk})
    found = Q(pk__in=[])
    has_supplier = any(field.column == "supplier_id" for field in place.model._meta.concrete_fields)
    if reach.suppliers and has_supplier:
        found |= Q(**{label: person.name}, supplier_id__in=reach.suppliers)
    if reach.and_ours:
        beside = {"supplier_id__isnull": True} if has_supplier else {}
        found |= Q(**{label: person.name}, **beside)
    return found


def _attribute(model: type[models.Model], column: str) -> str:
    return next(field.attname for field in model._meta.concrete_fields if field.column == column)


# --- Export -------------------------------------------------------------------------------------------------


@requires_scope
def export_person(person: User, *, at: datetime, for_oneself: bool) -> bytes:
    """Everything the portal holds with this person's name, as a ZIP: one JSON file, and a CSV file for each table.

    Of tables that are wholly about the person all columns but secrets; of others which paper, what kind and when: not
    what others wrote there. The caller has chosen a scope that sees all of it. Source: GDPR Articles 15 and 20.
    """
    reach = reach_of_export(person, for_oneself=for_oneself)
    tables: dict[str, list[dict[str, Any]]] = {}
    cut: list[str] = []
    for place in places():
        columns = _columns_told(place)
        rows = place.model._default_manager.filter(rows_of(place, person, reach=reach)).order_by("pk")
        found = [_told(place, person, row) for row in rows.values(*columns)[: MOST_ROWS + 1]]
        if len(found) > MOST_ROWS:
            cut.append(place.name)
        if found:
            tables[place.name] = found[:MOST_ROWS]
    note = ""
    if for_oneself:
        note = _(
            "Papers that know only a name are left out. Write to the administrator of the distributor for them."
        )
    elif is_namesake(person):
        note = _("Somebody else bears the same name: papers that know only a name are left out.")
    whole = {
        "left_out": {name: _("The oldest %(n)d rows only.") % {"n": MOST_ROWS} for name in cut},
        "person": person.pk,
        "name": person.name,
        "email": person.email,
        "made_at": at.isoformat(),
        "note": note,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        told = json.dumps(whole | {"tables": tables}, ensure_ascii=False, indent=1)
        packed.writestr("person.json", told)
        for name, lines in tables.items():
            packed.writestr(f"tables/{name}.csv", _as_csv(lines))
    return file.getvalue()


def _told(place: Place, person: User, row: dict[str, Any]) -> dict[str, Any]:
    """One row, without other people: who else wrote on the same paper is that other's."""
    own = {person.pk, person.name, person.email.lower()}
    named = {_attribute(place.model, column) for column in (*place.numbers, *place.addresses)}
    named |= {label for label, _number in place.labels}
    told = {}
    for column, value in row.items():
        is_others = (
            column in named and (value.lower() if column in place.addresses and value else value) not in own
        )
        told[column] = None if is_others else _plain(value)
    return told


def _columns_told(place: Place) -> list[str]:
    named = {*place.numbers, *(label for label, _number in place.labels), *place.addresses}
    told = []
    for field in place.model._meta.concrete_fields:
        if any(word in field.name for word in SECRET) or isinstance(field, models.BinaryField):
            continue
        is_moment = isinstance(field, models.DateField)  # and those with a time
        if place.name in WHOLE or is_moment or field.column in named or field.name in TELLING:
            told.append(field.attname)
    return told


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | bool | list | dict):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _as_csv(rows: list[dict[str, Any]]) -> str:
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, list(rows[0]))
    writer.writeheader()
    writer.writerows({name: safe_cell(value) for name, value in row.items()} for row in rows)
    return "\N{BYTE ORDER MARK}" + sheet.getvalue()


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP CSV injection)."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return guarded(value) if isinstance(value, str) else value


# --- Erasure ------------------------------------------------------------------------------------------------


def pseudonym_of(person_id: int) -> str:
    """What stands where a name stood: the same person everywhere, and nobody."""
    return PSEUDONYM.format(person_id)


@requires_scope
def take_name_away(person: User) -> dict[str, int]:
    """Put the pseudonym wherever this person's name stands and may be rewritten; answers how often, by table.

    What the database lets nobody rewrite (the audit trail, revisions, attempts) is left: see docs/adr 0037.
    """
    reach = reach_of_erasure(person)
    addresses = _addresses_of(person)
    changed: dict[str, int] = {}
    for place in places():
        if place.model is User:
            continue
        mine = f"former-{person.pk}@erased.invalid"
        for label, number in place.labels:
            if _may_rewrite(place, label):
                which = _named(place, person, label, number, reach=reach)
                _rewrite(place, which, {label: pseudonym_of(person.pk)}, changed)
        if place.name not in KEPT_ADDRESSES:
            for column in place.addresses:
                if _may_rewrite(place, column):
                    for address in addresses:
                        _rewrite(place, Q(**{f"{column}__iexact": address}), {column: mine}, changed)
    return changed


def _addresses_of(person: User) -> list[str]:
    """The present address, and former ones that are nobody else's by now."""
    former = AddressChange.objects.filter(user=person, state=AddressState.CHANGED)
    found = {person.email.lower(), *(one.lower() for one in former.values_list("old_address", flat=True))}
    taken = User.objects.exclude(pk=person.pk).annotate(lower=Lower("email")).filter(lower__in=found)
    return sorted(found - {*taken.values_list("lower", flat=True)})


def _rewrite(place: Place, which: Q, values: dict[str, str], changed: dict[str, int]) -> None:
    count = place.model._default_manager.filter(which).update(**values)
    if count:
        changed[place.name] = changed.get(place.name, 0) + count


def _may_rewrite(place: Place, column: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_column_privilege(current_user, %s, %s, 'UPDATE')",
            [place.model._meta.db_table, column],
        )
        return bool(cursor.fetchone()[0])


def forget_what_is_free(person: User) -> None:
    """Delete what is only the person's own: addresses, sessions, sign-ins, devices, second factors, roles, views and
    preferences."""
    for label in FREE:
        model = apps.get_model(label)
        rows = model._default_manager.filter(user_id=person.pk)
        if label == "usersessions.UserSession":
            Session.objects.filter(session_key__in=list(rows.values_list("session_key", flat=True))).delete()
        rows.delete()
