"""A gateway is made, its secrets are changed without a pause, and it is switched off and on."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Problem, Refusal
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Company
from procurement.gateways.messages import WriteGateway
from procurement.gateways.models import Gateway, GatewaySecret
from procurement.gateways.policies import MOST_SECRETS
from procurement.gateways.queries import (
    find_gateway,
    live_secrets,
    secrets_in_words,
    suppliers_for_gateways,
    visible_gateways,
)
from procurement.gateways.states import GatewayKind
from suppliers.models import Supplier
from suppliers.roles import Permission

LONGEST_NAME = 100


class TooManySecrets(Refusal):
    """Two secrets are in use: one of them must end before there is a third."""

    code = "too_many_secrets"


class SwitchedOff(Refusal):
    """Nothing of this gateway is taken until somebody switches it on again."""

    code = "switched_off"


@dataclass(frozen=True, slots=True)
class MadeSecret:
    """A new secret, with the words that are shown once and never logged."""

    secret: GatewaySecret
    words: str = field(repr=False)


def require_may_manage(actor: Actor) -> None:
    """Raise `NotAllowed` for who may look at the integration and not change it."""
    if not (actor.is_company and actor.may(Permission.ERP_MANAGE)):
        raise NotAllowed(_("Your role looks at gateways. The integration owner changes them."))


def require_is_on(gateway: Gateway) -> None:
    """Raise `SwitchedOff` for a gateway of which nothing is taken."""
    if not gateway.active:
        message = _("Gateway %(name)s is switched off: nothing of it is taken. Switch it on first.")
        raise SwitchedOff(message % {"name": gateway.name})


@requires_scope
def make_gateway(command: WriteGateway, *, actor: Actor, at: datetime) -> tuple[Gateway, MadeSecret]:
    """Let an outside system talk to us. Raises `Invalid` with every problem found."""
    require_may_manage(actor)
    problems: list[Problem] = []
    name = " ".join(command.name.split())
    if not name or len(name) > LONGEST_NAME:
        message = _("Give it a name of at most %(most)d characters.") % {"most": LONGEST_NAME}
        problems.append(Problem("name", message, name[:40], "required"))
    elif visible_gateways(actor).filter(name=name).exists():
        problems.append(_taken(name))
    if command.kind not in GatewayKind.values:
        message = _("“%(value)s” is no kind of gateway.") % {"value": command.kind[:40]}
        problems.append(Problem("kind", message, command.kind[:40], "unknown"))
    company = Company.objects.filter(code=command.company).first() if command.company else None
    if command.company and company is None:
        message = _("There is no company “%(value)s”.") % {"value": command.company[:40]}
        problems.append(Problem("company", message, command.company[:40], "unknown"))
    supplier: Supplier | None = None
    if command.supplier:
        supplier = suppliers_for_gateways(actor).filter(number=command.supplier).first()
        if supplier is None:
            message = _("There is no active supplier “%(value)s”.") % {"value": command.supplier[:40]}
            problems.append(Problem("supplier", message, command.supplier[:40], "unknown"))
    if problems:
        raise Invalid(problems[0].message, problems)
    gateway = Gateway(
        kind=command.kind,
        name=name,
        company=company,
        supplier=supplier,
        made_at=at,
        made_by=actor.label,
    )
    try:
        with transaction.atomic():
            gateway.save(force_insert=True)
    except IntegrityError as error:
        if "gateway_name_once" not in str(error):
            raise
        problem = _taken(name)
        raise Invalid(problem.message, [problem]) from error
    facts = {"name": name, "kind": command.kind, "company": command.company, "supplier": command.supplier}
    _record("gateway.made", gateway, actor=actor, at=at, **facts)
    return gateway, _new_secret(gateway, 1, actor=actor, at=at)


def _taken(name: str) -> Problem:
    message = _("There is a gateway “%(name)s” already. Choose another name.") % {"name": name}
    return Problem("name", message, name, "taken")


@requires_scope
def make_secret(key: uuid.UUID, *, actor: Actor, at: datetime) -> MadeSecret:
    """Another secret beside the one in use, so that the other side can change over without a pause.

    Raises `TooManySecrets` where two are in use.
    """
    require_may_manage(actor)
    gateway = find_gateway(key, actor=actor, hold=True)
    taken = {one.place for one in live_secrets(gateway)}
    free = [place for place in range(1, MOST_SECRETS + 1) if place not in taken]
    if not free:
        raise TooManySecrets(
            _("Two secrets are in use. End the one that is not needed any more, then make another.")
        )
    return _new_secret(gateway, free[0], actor=actor, at=at)


def _new_secret(gateway: Gateway, place: int, *, actor: Actor, at: datetime) -> MadeSecret:
    secret = GatewaySecret(gateway=gateway, place=place, made_at=at, made_by=actor.label)
    secret.save(force_insert=True)
    _record("gateway.secret_made", gateway, actor=actor, at=at, secret=str(secret.key))
    return MadeSecret(secret, secrets_in_words(secret)[0])


@requires_scope
def end_secret(key: uuid.UUID, secret: uuid.UUID, *, actor: Actor, at: datetime) -> bool:
    """From now on nothing that is signed with it is taken. Says whether it was in use; ending twice is harmless."""
    require_may_manage(actor)
    gateway = find_gateway(key, actor=actor, hold=True)
    found = GatewaySecret.objects.filter(gateway=gateway, key=secret).first()
    if found is None:
        raise NotFound(_("There is no such secret."))
    if found.ended_at is not None:
        return False
    GatewaySecret.objects.filter(pk=found.pk).update(ended_at=at, ended_by=actor.label)
    _record("gateway.secret_ended", gateway, actor=actor, at=at, secret=str(secret))
    return True


@requires_scope
def switch_gateway(key: uuid.UUID, *, active: bool, actor: Actor, at: datetime) -> bool:
    """Take nothing more of a gateway, or take it again. Says whether that was news."""
    require_may_manage(actor)
    gateway = find_gateway(key, actor=actor, hold=True)
    if gateway.active == active:
        return False
    Gateway.objects.filter(pk=gateway.pk).update(active=active)
    _record("gateway.switched", gateway, actor=actor, at=at, active=active)
    return True


def _record(kind: str, gateway: Gateway, /, *, actor: Actor, at: datetime, **facts: object) -> None:
    record(kind, gateway.stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)
