"""Changing a part of the company data: at once where the rule says so, else it waits, with the old in force.

Note [One after the other]: every change holds its supplier's row first. So of two who save the same part at one moment
the second is told that it looks otherwise by now, and who approves and who withdraws go one after the other.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, Problem, StaleDocument
from portal.kernel.scope import acting, requires_scope
from suppliers.details.messages import ChangeDetail, kind_of, subject_of
from suppliers.details.models import ChangeRequest
from suppliers.details.policies.changes import LONGEST_REASON, MAY_END, NUMBERS, part_of_number, read_part
from suppliers.details.queries import (
    PEN,
    confirmed,
    find_company,
    fingerprint,
    hold_company,
    others_with_new,
    present,
    ways,
)
from suppliers.details.services.writing import bring_into_force
from suppliers.details.states import CONFIRMED, ChangeState, IdentifierKind, Part, Way
from suppliers.models import Supplier
from suppliers.roles import Permission

CHANGED = "supplier.detail_changed"
REQUESTED = "supplier.change_requested"
DUPLICATE = "supplier.duplicate_suspected"
MAIL_CHANGED = "supplier.mail_address_changed"
TELEPHONE_CHANGED = "supplier.telephone_changed"


@requires_scope
def change_detail(command: ChangeDetail, *, actor: Actor, at: datetime) -> ChangeRequest | None:
    """Change a part of a supplier's company data, or ask for it: `ChangeRequest.state` says which. None where all of it
    stands so already. What the supplier's people save for the first time, as it stands, is confirmed (`CONFIRMED`): a
    change that changes nothing, in force at once.

    Raises `Invalid` with everything wrong with it, `StaleDocument` where the part looks otherwise than `seen`, and
    `IllegalTransition` where a change of the same already waits.
    """
    if not actor.may(Permission.DETAIL_EDIT) or actor.token_id is not None:
        raise NotAllowed(_("Only an administrator, signed in, changes company data."))
    visible = find_company(command.supplier, actor=actor)
    _require_not_blocked(visible, actor)
    command = _whole(command)
    new = _read(command, visible)
    subject = _subject(command, new)
    with acting(PEN):
        supplier = hold_company(visible.pk)
        old = present(supplier, command.part, subject)
        _check_against(command, old, subject, supplier)
        if new == old:
            return _confirm(command, supplier, old, actor=actor, at=at)
        way = ways()[command.part]
        change = _write(command, supplier, subject, old, new, way, actor=actor, at=at)
        if way == Way.AT_ONCE:
            bring_into_force(change, supplier, at=at)
        facts = facts_of(change)
        event = CHANGED if way == Way.AT_ONCE else REQUESTED
        record(event, supplier.stream, actor=actor, at=at, supplier_id=supplier.pk, facts=facts)
        if way == Way.AT_ONCE:
            tell_addresses(change, supplier, actor=actor, at=at)
        _tell_of_others(change, supplier, actor=actor, at=at)
    return change


def _confirm(
    command: ChangeDetail, supplier: Supplier, stands: dict[str, Any], *, actor: Actor, at: datetime
) -> ChangeRequest | None:
    if (
        not actor.is_supplier
        or command.part not in CONFIRMED
        or supplier.pk in confirmed([supplier.pk], command.part)
    ):
        return None
    change = _write(command, supplier, "", stands, stands, Way.AT_ONCE, actor=actor, at=at)
    record(
        "supplier.detail_confirmed",
        supplier.stream,
        actor=actor,
        at=at,
        supplier_id=supplier.pk,
        facts=facts_of(change),
    )
    return change


def _require_not_blocked(supplier: Supplier, actor: Actor) -> None:
    """A blocked supplier only reads: a name that was found on a list of sanctioned parties, say, is not changed by its
    bearer while somebody looks at it."""
    if actor.is_supplier and supplier.only_reads:
        raise NotAllowed(
            _(
                "Your company is blocked at this customer: company data cannot be changed. Ask there for the reason."
            )
        )


def facts_of(change: ChangeRequest) -> dict[str, Any]:
    """What every fact about a change says of it: not the values, which are people's."""
    return {
        "detail": str(change.key),
        "supplier": change.supplier.name,
        "part": change.part,
        "subject": change.subject,
        "fields": sorted(change.fields),
        "ends": not change.new,
    }


def _whole(command: ChangeDetail) -> ChangeDetail:
    if command.part not in Part.values:
        raise NotFound(_("There is no such part of the company data."))
    if command.part in NUMBERS and command.subject:
        # Which part a number belongs to says how it changes: nobody names it by the other's.
        kind = kind_of(command.subject)[0]
        if kind not in IdentifierKind.values or part_of_number(kind) != command.part:
            raise NotFound(_("There is no such number in this part of the company data."))
    reason = " ".join(command.reason.split())
    if len(reason) > LONGEST_REASON:
        message = _("At most %(most)d characters.") % {"most": LONGEST_REASON}
        raise Invalid(message, [Problem("reason", message, reason[:40])])
    return replace(command, reason=reason)


def _read(command: ChangeDetail, supplier: Supplier) -> dict[str, Any]:
    if command.ends:
        if command.part not in MAY_END or (command.part in (*NUMBERS, Part.CONTACT) and not command.subject):
            raise IllegalTransition(_("This can be changed, but not taken away."))
        return {}
    new, problems = read_part(command.part, command.values, subject=command.subject, country=supplier.country)
    if problems:
        raise Invalid(problems[0].message, problems)
    return new


def _subject(command: ChangeDetail, new: dict[str, Any]) -> str:
    """Which one of several it is: a new contact gets its key here."""
    if command.part in NUMBERS:
        return command.subject or subject_of(new["kind"], new["country"])
    if command.part == Part.CONTACT:
        return command.subject or str(uuid.uuid4())
    return ""


def _check_against(command: ChangeDetail, old: dict[str, Any], subject: str, supplier: Supplier) -> None:
    if command.part == Part.CONTACT and command.subject and not old:
        raise NotFound(_("There is no such contact (any more)."))
    if command.ends and not old:
        raise NotFound(_("This is there no more."))
    if command.seen is not None and command.seen != fingerprint(old):
        raise StaleDocument(_("Somebody changed this since you opened it. Look at what stands now."))
    waiting = ChangeRequest.objects.filter(
        supplier=supplier, part=command.part, subject=subject, state=ChangeState.WAITING
    ).first()
    if waiting is not None:
        message = _("A change of this by %(name)s waits already. It is decided, or withdrawn, first.")
        raise IllegalTransition(
            message % {"name": waiting.requested_by}, details={"change": str(waiting.key)}
        )


def _write(
    command: ChangeDetail,
    supplier: Supplier,
    subject: str,
    old: dict[str, Any],
    new: dict[str, Any],
    way: Way,
    *,
    actor: Actor,
    at: datetime,
) -> ChangeRequest:
    decided: dict[str, Any] = {}
    if way == Way.AT_ONCE:
        decided = {"state": ChangeState.IN_FORCE, "decided_at": at, "decided_by": "rule"}
    return ChangeRequest.objects.create(
        supplier=supplier,
        part=command.part,
        subject=subject,
        old=old,
        new=new,
        reason=command.reason,
        requested_at=at,
        requested_by=actor.label,
        requested_by_user_id=actor.user_id,
        requested_side=actor.side,
        channel=actor.channel,
        **decided,
    )


def tell_addresses(change: ChangeRequest, supplier: Supplier, *, actor: Actor, at: datetime) -> None:
    """The company's mail address, or a contact's, is another now, or no more: see `tell_both`; or a contact is called
    at another number."""
    old, new = (str(side.get("email") or "") for side in (change.old, change.new))
    if change.part not in (Part.PREFERENCES, Part.CONTACT):
        return
    said = {"detail": str(change.key), "supplier": supplier.name, "part": change.part}
    reader = {
        "name": str(change.old.get("name") or supplier.name),
        "language": str(change.old.get("language") or supplier.language),
        "time_zone": supplier.time_zone,
    }
    tell_both(supplier, old, new, said, reader, actor=actor, at=at)
    if change.part == Part.CONTACT and old.lower() in ("", new.lower()):
        _tell_of_telephone(change, supplier, said, actor=actor, at=at)


def _tell_of_telephone(
    change: ChangeRequest, supplier: Supplier, said: Mapping[str, str], *, actor: Actor, at: datetime
) -> None:
    """Somebody is called under another number now: whoever reads that contact's mail hears of it, and the company's.
    People of the same address are called back under it one day, about bank details (suppliers/banking)."""
    new = change.new
    if not new.get("telephone") or new["telephone"] == change.old.get("telephone"):
        return
    contact = (new.get("email"), new["name"], new.get("language"))
    tell: dict[str, dict[str, str]] = {}
    for address, name, language in (contact, (supplier.email, supplier.name, "")):
        reader = {"name": name, "language": language or supplier.language, "time_zone": supplier.time_zone}
        if address:
            tell.setdefault(address.lower(), {**reader, "address": address})
    if tell:
        facts = {**said, "name": new["name"], "tell": list(tell.values())}
        record(
            TELEPHONE_CHANGED,
            supplier.stream,
            actor=actor,
            at=at,
            supplier_id=supplier.pk,
            facts=facts,
            internal=True,
        )


@requires_scope
def tell_both(
    supplier: Supplier,
    old: str,
    new: str,
    said: Mapping[str, str],
    reader: Mapping[str, str],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Tell both addresses, whoever reads them, that the one took the place of the other. So who takes over an account
    and then the address does not do so unseen."""
    if not old or old.lower() == new.lower():
        return
    facts: dict[str, Any] = {
        **said,
        "from": old,
        "to": new,
        "tell": [{**reader, "address": one} for one in (old, new) if one],
    }
    record(
        MAIL_CHANGED, supplier.stream, actor=actor, at=at, supplier_id=supplier.pk, facts=facts, internal=True
    )


def _tell_of_others(change: ChangeRequest, supplier: Supplier, *, actor: Actor, at: datetime) -> None:
    """A number that another supplier has: our administrator learns of it, and no supplier does."""
    others = others_with_new(change)
    if others:
        facts = facts_of(change) | {"others": [one.number for one in others]}
        record(
            DUPLICATE,
            supplier.stream,
            actor=actor,
            at=at,
            supplier_id=supplier.pk,
            facts=facts,
            internal=True,
        )
