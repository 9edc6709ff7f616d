"""The verbs of a change of address: ask, confirm at the new one, agree or object at the old one, and the change itself.

Note [Both have a say]: who has somebody's password and an open session must not be able to take the account away from
its owner for good. So the new address confirms that it is reached, the old one is told at once and has a day to object
from when its mail has left, before anything changes; an objection ends every session and locks the address for a week.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Duplicate, Invalid, NotAllowed, Problem, Refusal
from portal.kernel.scope import acting, requires_scope
from suppliers.models import AddressChange, User
from suppliers.people.policies import CONFIRM_WITHIN, MOST_ADDRESSES_A_DAY, changes_at, is_locked
from suppliers.people.queries import KEEPER, OPEN_CHANGE
from suppliers.people.services.sessions import end_presence
from suppliers.people.states import ADDRESS_LIFECYCLE, AddressState
from suppliers.signin.services import end_sessions


class AddressOver(Refusal):
    """The change was made, stopped, withdrawn, or has run out."""

    code = "address_change_over"


@requires_scope
def ask_address_change(user: User, address: str, *, actor: Actor, at: datetime) -> AddressChange:
    """A person wants another address. Both are written to; nothing changes yet.

    Whoever asks has just shown the password: the door sees to that. A change that was open before is withdrawn. Raises
    `Invalid` for what is no address, `NotAllowed` for a while after an objection and for too many in a day. Whether
    the new address has an account is not told: its reader learns it from the link.
    """
    wanted = address.strip().lower()
    with acting(KEEPER):
        held = User.objects.select_for_update().get(pk=user.pk)
        _check(held, wanted, at)
        if before := AddressChange.objects.filter(OPEN_CHANGE, user=held).first():
            ADDRESS_LIFECYCLE.move(before, "withdraw", actor=actor, at=at, fields={"ended_at": at})
        change = AddressChange.objects.create(
            user=held, old_address=held.email, new_address=wanted, asked_at=at
        )
        facts = {**_facts(change), "tell": [_reader(held, wanted), _reader(held, held.email)]}
        record("address.asked", change.stream, actor=actor, at=at, supplier_id=None, facts=facts)
    return change


def _check(user: User, wanted: str, at: datetime) -> None:
    try:
        validate_email(wanted)
    except ValidationError as error:
        message = _("This is no mail address. Write it like name@company.example.")
        raise Invalid(message, [Problem("address", message, wanted)]) from error
    if wanted == user.email.lower():
        message = _("This is the address you have.")
        raise Invalid(message, [Problem("address", message, wanted)])
    mine = AddressChange.objects.filter(user=user)
    stopped = mine.filter(state=AddressState.STOPPED).values_list("ended_at", flat=True)
    if is_locked([one for one in stopped if one], at, settings.ADDRESS_LOCKED_FOR):
        raise NotAllowed(
            _("Somebody at your present address stopped a change a short while ago. Wait, or ask for help.")
        )
    if mine.filter(asked_at__gt=at - timedelta(days=1)).count() >= MOST_ADDRESSES_A_DAY:
        raise NotAllowed(_("You have asked for this several times today. Go on tomorrow."))


def _facts(change: AddressChange) -> dict[str, Any]:
    return {"change_of_address": str(change.key), "from": change.old_address, "to": change.new_address}


def _reader(user: User, address: str) -> dict[str, str]:
    return {
        "address": address,
        "name": user.name,
        "language": user.language,
        "time_zone": user.time_zone,
    }


def _held(change: AddressChange, at: datetime) -> AddressChange:
    # The person first, then the change: as in `ask_address_change`.
    user = User.objects.select_for_update().get(pk=change.user_id)
    fresh = AddressChange.objects.select_for_update().get(pk=change.pk)
    fresh.user = user
    over = {
        AddressState.CHANGED: _("This address was changed already."),
        AddressState.STOPPED: _("This change was stopped."),
    }
    is_late = fresh.state == AddressState.ASKED and at >= fresh.asked_at + CONFIRM_WITHIN
    is_open = fresh.state in (AddressState.ASKED, AddressState.CONFIRMED) and user.is_active
    if not is_open or is_late:
        raise AddressOver(over.get(AddressState(fresh.state), _("This change is over. Ask for it anew.")))
    return fresh


@requires_scope
def confirm_address(change: AddressChange, *, actor: Actor, at: datetime) -> AddressChange:
    """Whoever reads the new address says that it is theirs. It takes effect now, or after the wait.

    Raises `AddressOver`, and `Duplicate` where somebody signs in at that address already.
    """
    with acting(KEEPER):
        fresh = _held(change, at)
        _free(fresh)
        if fresh.state == AddressState.ASKED:
            ADDRESS_LIFECYCLE.move(
                fresh, "confirm", actor=actor, at=at, fields={"confirmed_at": at}, facts=_facts(fresh)
            )
        return _change_if_due(fresh, actor=actor, at=at)


@requires_scope
def agree_address(change: AddressChange, *, actor: Actor, at: datetime) -> AddressChange:
    """Whoever reads the old address says yes: nobody need wait for the day to pass."""
    with acting(KEEPER):
        fresh = _held(change, at)
        if fresh.agreed_at is None:
            AddressChange.objects.filter(pk=fresh.pk).update(agreed_at=at)
            fresh.agreed_at = at
            facts = _facts(fresh)
            record("address.agreed", fresh.stream, actor=actor, at=at, supplier_id=None, facts=facts)
        return _change_if_due(fresh, actor=actor, at=at)


@requires_scope
def stop_address(change: AddressChange, *, actor: Actor, at: datetime) -> AddressChange:
    """“That was not me”, says whoever reads the old address: nothing changes, every session ends, and so do the tokens
    that act in this name; for a while no change can be asked for.
    """
    with acting(KEEPER):
        fresh = _held(change, at)
        ADDRESS_LIFECYCLE.move(
            fresh, "stop", actor=actor, at=at, fields={"ended_at": at}, facts=_facts(fresh)
        )
        end_presence(fresh.user, actor=actor, at=at)
    return fresh


@requires_scope
def note_address_told(key: uuid.UUID, address: str, *, at: datetime) -> None:
    """The mail to the old address has left: the time it has to object begins. Said twice, the first counts."""
    asked = AddressChange.objects.filter(key=key, old_address=address, told_at=None)
    asked.filter(OPEN_CHANGE).update(told_at=at)


@requires_scope
def withdraw_address(user: User, *, actor: Actor, at: datetime) -> None:
    """A person takes back what they asked for. Nothing to take back is nothing wrong."""
    with acting(KEEPER):
        User.objects.select_for_update().get(pk=user.pk)
        if change := AddressChange.objects.filter(OPEN_CHANGE, user=user).first():
            ADDRESS_LIFECYCLE.move(change, "withdraw", actor=actor, at=at, fields={"ended_at": at})


@requires_scope
def forget_addresses(user: User, pseudonym: str, *, actor: Actor, at: datetime) -> None:
    """A person is erased: what they asked for is withdrawn, so that no address comes back, and no change names one."""
    withdraw_address(user, actor=actor, at=at)
    with acting(KEEPER):
        AddressChange.objects.filter(user=user).update(old_address=pseudonym, new_address=pseudonym)


@requires_scope
def change_due_addresses(*, at: datetime) -> int:
    """Change what has waited long enough, and end what nobody confirmed. Returns how many were changed."""
    late = AddressChange.objects.filter(
        state=AddressState.ASKED, asked_at__lte=at - CONFIRM_WITHIN
    ).select_for_update(skip_locked=True)
    for change in list(late.order_by("id")[:500]):
        ADDRESS_LIFECYCLE.move(change, "lapse", actor=KEEPER, at=at, fields={"ended_at": at})
    changed = 0
    waiting = AddressChange.objects.filter(
        state=AddressState.CONFIRMED, told_at__lte=at - settings.ADDRESS_WAIT
    )
    for change in list(waiting.order_by("id")[:500]):
        try:
            with transaction.atomic():
                fresh = _held(change, at)
                actor = replace(KEEPER, label=fresh.user.name, user_id=fresh.user_id)
                changed += _change_if_due(fresh, actor=actor, at=at).state == AddressState.CHANGED
        except AddressOver:
            continue  # stopped a moment ago
        except Duplicate:
            # Somebody was given an account of that address meanwhile: this change can never be made.
            ADDRESS_LIFECYCLE.move(change, "withdraw", actor=KEEPER, at=at, fields={"ended_at": at})
    return changed


def _free(change: AddressChange) -> None:
    if User.objects.filter(email__iexact=change.new_address).exclude(pk=change.user_id).exists():
        raise Duplicate(_("Somebody signs in at this address already. It cannot be yours as well."))


def _change_if_due(change: AddressChange, *, actor: Actor, at: datetime) -> AddressChange:
    due = changes_at(
        told_at=change.told_at,
        confirmed_at=change.confirmed_at,
        agreed_at=change.agreed_at,
        wait=settings.ADDRESS_WAIT,
    )
    if due is None or at < due:
        return change
    _free(change)
    user = change.user
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(email=change.new_address)
            EmailAddress.objects.filter(user=user).delete()
            EmailAddress.objects.filter(email__iexact=change.new_address).delete()  # never proven
            EmailAddress.objects.create(user=user, email=change.new_address, verified=True, primary=True)
    except IntegrityError as error:
        raise Duplicate(
            _("Somebody signs in at this address already. It cannot be yours as well.")
        ) from error
    user.email = change.new_address
    end_sessions(user)
    told: Mapping[str, Any] = {
        **_facts(change),
        "tell": [_reader(user, change.new_address), _reader(user, change.old_address)],
    }
    ADDRESS_LIFECYCLE.move(change, "change", actor=actor, at=at, fields={"ended_at": at}, facts=told)
    return change
