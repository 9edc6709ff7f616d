"""Matching policies, and which of them count."""

import uuid
from collections.abc import Iterable
from dataclasses import replace

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.catalogue.models import Company
from procurement.invoices.models import InvoicingProfile
from procurement.matching.engine import Way
from procurement.matching.engine.ways import STANDARD, Ways
from procurement.matching.models import MatchPolicy
from procurement.matching.states import MatchPolicyState
from procurement.tolerances.models import TolerancePolicy


def match_policies(actor: Actor) -> QuerySet[MatchPolicy]:
    """The matching policies this actor may read: all on the buying side, none for a supplier."""
    found = MatchPolicy.objects.select_related("company").order_by("company__name", "name", "id")
    return found.none() if actor.is_supplier else found


def find_match_policy(key: uuid.UUID, *, actor: Actor) -> MatchPolicy:
    """One policy. Raises `NotFound`."""
    found = match_policies(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such policy."))
    return found


def lock_match_policy(key: uuid.UUID, *, actor: Actor) -> MatchPolicy:
    """One policy, held until the transaction ends. Raises `NotFound`."""
    found = match_policies(actor).filter(key=key).select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound(_("There is no such policy."))
    return found


def under_rules(streams: Iterable[str]) -> set[int]:
    """The companies, by id, whose rules these streams of facts are about: matching policies, tolerances, the switch
    that stops them, invoicing profiles.
    """
    found: set[int] = set()
    keys: dict[str, list[uuid.UUID]] = {"matching": [], "tolerances": []}
    codes: list[str] = []
    for stream in streams:
        kind, _sep, name = stream.partition(":")
        if kind == "invoicing":
            codes.append(name)
        elif name.startswith("company:"):
            found.add(int(name.removeprefix("company:")))
        elif kind in keys:
            keys[kind].append(uuid.UUID(name))
    policies = MatchPolicy.objects.filter(key__in=keys["matching"])
    tolerances = TolerancePolicy.objects.filter(key__in=keys["tolerances"])
    found.update(policies.values_list("company_id", flat=True))
    found.update(tolerances.values_list("company_id", flat=True))
    found.update(Company.objects.filter(code__in=codes).values_list("pk", flat=True))
    return found


def ways_of(company_id: int, profile: InvoicingProfile | None) -> Ways:
    """The policies of a company that act. Where none speaks, its invoicing profile says which way."""
    rows = MatchPolicy.objects.filter(company=company_id, state=MatchPolicyState.ACTIVE)
    standard = STANDARD
    if profile is not None and not profile.claims_received:
        standard = replace(STANDARD, way=Way.TWO_WAY)
    return Ways((row.as_rule() for row in rows), standard)
