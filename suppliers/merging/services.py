"""The verbs of a merge: ask, say that they are two, approve, refuse, withdraw, take apart.

Note [What comes over]: people act for both records from then on, contacts and numbers that the kept one lacks begin
there anew, and where it was asked the duplicate's mail address, language, time zone and channel count. Bank accounts
never: a merge would be a way to redirect payments past everybody who guards them. For the same reason it gives nobody a
say over bank details (`role_carried`), a contact that came over is new where a call-back asks for an old one, and
nothing is merged while bank details of either are frozen or changing. Papers and documents stay with the record that
they are of, which its people and ours go on reading; a document counts for both (suppliers/documents: `joint_of`), so
that nobody is asked for a certificate twice. Tokens of the duplicate end: they were given to programs that knew of one
record, and whoever goes on with it makes them anew.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from suppliers.approvers import require_long_role
from suppliers.banking.models import BankChange, BankFreeze
from suppliers.banking.states import UNDECIDED
from suppliers.details.models import IN_FORCE, Contact, Identifier
from suppliers.details.services import tell_both
from suppliers.details.states import Part
from suppliers.merging.messages import AskMerge
from suppliers.merging.models import SupplierMerge
from suppliers.merging.policies import LONGEST_REASON, UNDO_WITHIN, may_undo, role_carried
from suppliers.merging.queries import (
    Side,
    find_record,
    has_joined,
    hold_merge,
    hold_records,
    missing_contacts,
    missing_identifiers,
    missing_members,
    side_of,
    stands_for,
)
from suppliers.merging.states import MERGE_LIFECYCLE, MergeState
from suppliers.models import Membership, Supplier, User
from suppliers.people.services import remove_member
from suppliers.roles import SUPPLIER_ROLES, Permission
from suppliers.services import add_member, end_tokens_of, set_here

PREFERENCES = ("email", "language", "time_zone")


@requires_scope
def ask_merge(command: AskMerge, *, actor: Actor, at: datetime) -> SupplierMerge:
    """Say that two records of the ERP are one company. A second person decides on it.

    Raises `NotFound`, `NotAllowed`, and `Invalid` where one of them cannot be merged, or without a reason.
    """
    _require(actor, Permission.SUPPLIER_MANAGE)
    duplicate, kept = _held(command, actor)
    problems: list[Problem] = []
    reason = _text("reason", command.reason, problems)
    problems += _obstacles(duplicate, kept)
    _raise(problems)
    return _write(command, duplicate, kept, reason, MergeState.ASKED, "merge.asked", actor=actor, at=at)


@requires_scope
def keep_apart(command: AskMerge, *, actor: Actor, at: datetime) -> SupplierMerge:
    """Say that two records are two companies: they are named as candidates no more."""
    _require(actor, Permission.SUPPLIER_MANAGE)
    duplicate, kept = _held(command, actor)
    problems: list[Problem] = []
    reason = _text("reason", command.reason, problems)
    _raise(problems)
    return _write(command, duplicate, kept, reason, MergeState.REFUSED, "merge.refused", actor=actor, at=at)


def _held(command: AskMerge, actor: Actor) -> tuple[Supplier, Supplier]:
    one, other = find_record(command.duplicate, actor=actor), find_record(command.kept, actor=actor)
    if one.pk == other.pk:
        message = _("Choose two different suppliers.")
        raise Invalid(message, [Problem("kept", message, str(other.number), "same")])
    records = hold_records(one.pk, other.pk)
    return records[one.pk], records[other.pk]


def _write(
    command: AskMerge,
    duplicate: Supplier,
    kept: Supplier,
    reason: str,
    state: str,
    kind: str,
    *,
    actor: Actor,
    at: datetime,
) -> SupplierMerge:
    row = SupplierMerge.objects.create(
        supplier=duplicate,
        kept=kept,
        state=state,
        reason=reason,
        preferences=command.preferences,
        asked_at=at,
        asked_by=actor.label,
        asked_by_user_id=actor.user_id,
    )
    record(kind, row.stream, actor=actor, at=at, supplier_id=kept.pk, facts=_facts(row), internal=True)
    return row


@requires_scope
def approve_merge(key: UUID, version: int | None, *, actor: Actor, at: datetime) -> SupplierMerge:
    """The second person agrees: the two are one from now on. See Note [What comes over].

    Raises `NotAllowed` for whoever asked for it or is too new in the role, `Invalid` where one of them cannot be merged
    any more.
    """
    _require(actor, Permission.DETAIL_APPROVE)
    row = _seen(hold_merge(key, actor=actor), version)
    MERGE_LIFECYCLE.transition("approve", row.state)
    if actor.user_id is None or actor.user_id == row.asked_by_user_id:
        raise NotAllowed(_("Somebody else than who asked for it decides on a merge, signed in."))
    require_long_role(actor.user_id, row.asked_at)
    _raise(_obstacles(row.supplier, row.kept, besides=row))
    dup, kept = side_of(row.supplier), side_of(row.kept)
    carried: dict[str, Any] = {
        "members": [
            *_carry_people(missing_members(dup, kept), row.kept, actor=actor, at=at),
            *_carry_people(missing_members(kept, dup), row.supplier, actor=actor, at=at),
        ],
        "contacts": _carry_contacts(dup, kept, actor=actor, at=at),
        "identifiers": _carry_numbers(dup, kept, actor=actor, at=at),
        "tokens": _end_tokens(dup, actor=actor, at=at),
        **_carry_preferences(row, actor=actor, at=at),
    }
    fields = {**_decided(actor, at), "carried": carried}
    counts = {name: len(carried[name]) for name in ("members", "contacts", "identifiers")}
    counts["documents"] = len(dup.documents) + len(kept.documents)
    tell = _people([*carried["members"], *_who_makes_tokens(dup, kept, carried)])
    facts = {**_facts(row), **counts, "tokens": carried["tokens"], "tell": tell}
    MERGE_LIFECYCLE.move(row, "approve", actor=actor, at=at, fields=fields, facts=facts)
    Supplier.objects.filter(pk=row.supplier_id).update(merged_into=row.kept)
    return row


@requires_scope
def refuse_merge(key: UUID, version: int | None, why: str, *, actor: Actor, at: datetime) -> SupplierMerge:
    """They are two companies: they are named as candidates no more."""
    _require(actor, Permission.DETAIL_APPROVE)
    return _end("refuse", key, version, why, actor=actor, at=at)


@requires_scope
def withdraw_merge(key: UUID, version: int | None, why: str, *, actor: Actor, at: datetime) -> SupplierMerge:
    """It was asked for by mistake."""
    _require(actor, Permission.SUPPLIER_MANAGE)
    return _end("withdraw", key, version, why, actor=actor, at=at)


@requires_scope
def undo_merge(key: UUID, version: int | None, why: str, *, actor: Actor, at: datetime) -> SupplierMerge:
    """Take two records apart again: who acts for one of them by the merge alone does so no more, what came over ends.

    Raises `Invalid` when a month has passed: by then people rely on what they see.
    """
    _require(actor, Permission.SUPPLIER_MANAGE)
    row = _seen(hold_merge(key, actor=actor), version)
    MERGE_LIFECYCLE.transition("undo", row.state)
    problems: list[Problem] = []
    said = _text("why", why, problems)
    if row.decided_at is not None and not may_undo(row.decided_at, at):
        message = _("A merge is taken apart within %(n)d days. Remove people one by one instead.")
        problems.append(Problem("why", message % {"n": UNDO_WITHIN.days}, code="too_late"))
    _raise(problems)
    carried = row.carried
    # What an administrator gave or wrote meanwhile is not the merge's, and stays.
    by_it = [one for one in carried["members"] if _is_as_given(one)]
    for _supplier_id, _user_id, pk, _role in by_it:
        remove_member(pk, actor=actor, at=at, tell=False)
    ended = {"ended_at": at, "ended_by": actor.label}
    contacts = Contact.objects.filter(IN_FORCE, supplier=row.kept, key__in=carried["contacts"])
    contacts.filter(since_at=row.decided_at).update(**ended)
    Identifier.objects.filter(IN_FORCE, supplier=row.kept, pk__in=carried["identifiers"]).update(**ended)
    after = carried["after"]
    if before := {name: value for name, value in carried["before"].items() if _is_still(row, name, after)}:
        _set(row, before, actor=actor, at=at)
    fields = {"over_at": at, "over_by": actor.label, "why": said}
    facts = {**_facts(row), "tell": _people(by_it)}
    MERGE_LIFECYCLE.move(row, "undo", actor=actor, at=at, fields=fields, facts=facts)
    Supplier.objects.filter(pk=row.supplier_id).update(merged_into=None)
    return row


def _end(verb: str, key: UUID, version: int | None, why: str, *, actor: Actor, at: datetime) -> SupplierMerge:
    row = _seen(hold_merge(key, actor=actor), version)
    problems: list[Problem] = []
    said = _text("why", why, problems)
    _raise(problems)
    fields = {
        **(_decided(actor, at) if verb == "refuse" else {}),
        "over_at": at,
        "over_by": actor.label,
        "why": said,
    }
    MERGE_LIFECYCLE.move(row, verb, actor=actor, at=at, fields=fields, facts=_facts(row))
    return row


# --- what comes over -----------------------------------------------------------------------------------------


def _carry_people(
    members: Sequence[Membership], to: Supplier, *, actor: Actor, at: datetime
) -> list[tuple[int, int, int, str]]:
    made = [
        add_member(one.user, to, role_carried(one.role), actor=actor, at=at, tell=False) for one in members
    ]
    return [(to.pk, one.user_id, one.pk, one.role) for one in made]


def _is_as_given(member: Sequence[Any]) -> bool:
    """Whether somebody acts by the merge alone still: neither in another role since, nor let in anew."""
    _supplier_id, _user_id, pk, role = member
    return Membership.objects.filter(pk=pk, role=role).exists()


def _carry_contacts(of: Side, to: Side, *, actor: Actor, at: datetime) -> list[str]:
    rows = [
        Contact(
            key=uuid4(),
            supplier=to.supplier,
            name=one.name,
            roles=one.roles,
            email=one.email,
            telephone=one.telephone,
            language=one.language,
            since_at=at,
            begun_by=actor.label,
        )
        for one in missing_contacts(of, to)
    ]
    Contact.objects.bulk_create(rows)
    return [str(one.key) for one in rows]


def _carry_numbers(of: Side, to: Side, *, actor: Actor, at: datetime) -> list[int]:
    rows = [
        Identifier(
            supplier=to.supplier,
            kind=one.kind,
            country=one.country,
            value=one.value,
            checked=one.checked,
            since_at=at,
            begun_by=actor.label,
        )
        for one in missing_identifiers(of, to)
    ]
    return [one.pk for one in Identifier.objects.bulk_create(rows)]


def _end_tokens(duplicate: Side, *, actor: Actor, at: datetime) -> list[str]:
    ended = end_tokens_of(duplicate.supplier, actor=actor, at=at)
    return [f"{one.name} ({one.prefix}…)" for one in ended]


def _who_makes_tokens(
    duplicate: Side, kept: Side, carried: Mapping[str, Any]
) -> list[tuple[int, int, int, str]]:
    """Of the duplicate, where tokens of it have ended, who may make new ones and is told of no new role anyway."""
    told = {user_id for _supplier_id, user_id, *_more in carried["members"]}
    return [
        (kept.supplier.pk, one.user_id, one.pk, one.role)
        for one in duplicate.members
        if carried["tokens"]
        and one.user_id not in told
        and Permission.TOKEN_MANAGE in SUPPLIER_ROLES[one.role]
    ]


def _carry_preferences(row: SupplierMerge, *, actor: Actor, at: datetime) -> dict[str, dict[str, str]]:
    if not row.preferences:
        return {"before": {}, "after": {}}
    kept = row.kept
    before = {name: getattr(kept, name) for name in (*PREFERENCES, "channel")}
    after = {name: getattr(row.supplier, name) or before[name] for name in before}
    _set(row, after, actor=actor, at=at)
    return {"before": before, "after": after}


def _is_still(row: SupplierMerge, name: str, after: Mapping[str, str]) -> bool:
    return bool(getattr(row.kept, name) == after[name])


def _set(row: SupplierMerge, values: Mapping[str, str], *, actor: Actor, at: datetime) -> None:
    """Both addresses are told where it is another now, as when somebody changes it by hand."""
    supplier = row.kept
    old = supplier.email
    reader = {"name": supplier.name, "language": supplier.language, "time_zone": supplier.time_zone}
    set_here(supplier, **{name: values[name] for name in PREFERENCES if name in values})
    supplier.channel = values.get("channel", supplier.channel)
    supplier.version += 1
    supplier.save(update_fields=[*PREFERENCES, "channel", "erp_says", "version"])
    said = {"merge": str(row.key), "supplier": supplier.name, "part": Part.PREFERENCES.value}
    tell_both(supplier, old, supplier.email, said, reader, actor=actor, at=at)


def _people(members: Sequence[Sequence[Any]]) -> list[dict[str, str]]:
    """Whom it is told to: everybody who acts for another record by it, with which one that is."""
    users = User.objects.in_bulk({user_id for _supplier, user_id, *_more in members})
    records = Supplier.objects.in_bulk({supplier_id for supplier_id, _user, *_more in members})
    return [
        {
            "address": users[user_id].email,
            "name": users[user_id].name,
            "language": users[user_id].language,
            "time_zone": users[user_id].time_zone,
            "supplier": records[supplier_id].name,
        }
        for supplier_id, user_id, *_more in members
        if users[user_id].is_active
    ]


# --- guards --------------------------------------------------------------------------------------------------


def _obstacles(duplicate: Supplier, kept: Supplier, besides: SupplierMerge | None = None) -> list[Problem]:
    """Why these two cannot be merged now."""
    found = []
    for field, one in (("duplicate", duplicate), ("kept", kept)):
        said = {"name": one.name}
        stands = stands_for(one)
        if one.left_at is not None:
            found.append(
                Problem(field, _("The business with %(name)s has ended.") % said, one.number, "left")
            )
        if stands is not None and (besides is None or stands.pk != besides.pk):
            message = _("%(name)s is merged into another record, or is to be.")
            found.append(Problem(field, message % said, one.number, "merged"))
        frozen = BankFreeze.objects.filter(supplier=one, thawed_at=None).exists()
        if frozen or BankChange.objects.filter(supplier=one, state__in=UNDECIDED).exists():
            message = _("Bank details of %(name)s are changing or frozen. Finish that first.")
            found.append(Problem(field, message % said, one.number, "bank"))
    if kept.is_prospect and not duplicate.is_prospect:
        message = _("The ERP knows nothing of %(name)s. Keep the other record.") % {"name": kept.name}
        found.append(Problem("kept", message, kept.number, "prospect"))
    if has_joined(duplicate):
        message = _("Other records were merged into %(name)s. Keep that one instead.") % {
            "name": duplicate.name
        }
        found.append(Problem("duplicate", message, duplicate.number, "kept"))
    return found


def _require(actor: Actor, permission: str) -> None:
    if actor.is_supplier or not actor.may(permission):
        raise NotAllowed(_("Only who administers suppliers, or approves their data, merges records."))


def _seen(row: SupplierMerge, version: int | None) -> SupplierMerge:
    if version is not None and version != row.version:
        raise StaleDocument(_("Somebody has changed this a moment ago. Look at it again."))
    return row


def _decided(actor: Actor, at: datetime) -> dict[str, Any]:
    return {"decided_at": at, "decided_by": actor.label, "decided_by_user_id": actor.user_id}


def _facts(row: SupplierMerge) -> dict[str, Any]:
    return {
        "merge": str(row.key),
        "duplicate": row.supplier.number,
        "kept": row.kept.number,
        "supplier": row.supplier.name,
        "into": row.kept.name,
    }


def _text(field: str, typed: str, problems: list[Problem]) -> str:
    said = typed.replace("\r\n", "\n").strip()
    if not said:
        problems.append(Problem(field, _("Say why: others read it later."), "", "required"))
    if len(said) > LONGEST_REASON:
        message = _("At most %(most)d characters.") % {"most": LONGEST_REASON}
        problems.append(Problem(field, message, said[:40], "too_long"))
    return said


def _raise(problems: Sequence[Problem]) -> None:
    if problems:
        raise Invalid(problems[0].message, problems)
