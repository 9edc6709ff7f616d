"""Prospects: suppliers that are being won, of which the ERP knows nothing yet. They are invited by name, and joined to
their number once the ERP has one.

Note [A number of ours]: a supplier is known by its number everywhere, so a prospect has one of ours until then. It is
random: no ERP gives one like it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import acting, requires_scope
from suppliers.banking.models import BankContact
from suppliers.details.policies.countries import is_country
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier, SupplierSite
from suppliers.onboarding.messages import Target
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.policies import LONGEST_COMPANY, is_address
from suppliers.onboarding.queries import DESK, hold_run
from suppliers.onboarding.services.guards import require_administrator
from suppliers.screening.models import ScreenedSupplier
from suppliers.services import hold_numbers, receive_suppliers
from suppliers.states import SupplierState

LONGEST_NUMBER = 40
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
_LOCK = 0x71756177
# What a record that a reading has brought may have without that anybody worked with it.
_BY_ITSELF = (SupplierSite, ScreenedSupplier, BankContact)


def judge_prospects(targets: Sequence[Target]) -> tuple[list[Problem], list[Target]]:
    """Of prospects those that can be invited, and why each other cannot. One query, in the desk's scope.

    One that may be here already is not: it is invited by its number.
    """
    said = [
        replace(
            one,
            company=" ".join(one.company.split()),
            country=one.country.strip().upper(),
            address=one.address.strip().lower(),
        )
        for one in targets
    ]
    by_address, by_name = _known(said)
    problems, fit = [], []
    seen: set[object] = set()
    for one in said:
        name = (one.company.upper(), one.country)
        same = by_address.get(one.address.upper()) or by_name.get(name)
        problem = _shape_problem(one)
        if problem is None and same is not None:
            message = _("This may be %(name)s, number %(number)s. Invite it by its number.")
            text = message % {"name": same.name, "number": same.number}
            problem = Problem("company", text, code="known")
        elif problem is None and not seen.isdisjoint((one.address, name)):
            problem = Problem("company", _("This supplier is in the list twice."), code="twice")
        if problem:
            problems.append(replace(problem, value=one.company[:40], line=one.line))
        else:
            fit.append(one)
            seen |= {one.address, name}
    return problems, fit


def _known(said: Sequence[Target]) -> tuple[dict[str, Supplier], dict[tuple[str, str], Supplier]]:
    if not said:
        return {}, {}
    found = Supplier.objects.annotate(called=Upper("name"), mailed=Upper("email")).filter(
        Q(called__in={one.company.upper() for one in said} - {""})
        | Q(mailed__in={one.address.upper() for one in said} - {""})
    )
    rows = list(found.order_by("-id"))  # the oldest of several is the one that is named
    by_address = {one.email.upper(): one for one in rows if one.email}
    return by_address, {(one.name.upper(), one.country): one for one in rows}


def _shape_problem(one: Target) -> Problem | None:
    if len(one.company) > LONGEST_COMPANY:
        message = _("Write the name in at most %(most)d characters.") % {"most": LONGEST_COMPANY}
        return Problem("company", message, code="too_long")
    if not is_country(one.country):
        message = _("Give the country of %(name)s: two letters, such as DE.") % {"name": one.company}
        return Problem("country", message, code="unknown")
    if not is_address(one.address):
        message = _("There is no mail address to invite at. Write one like name@company.example.")
        return Problem("address", message, code="address")
    return None


def take_in(prospects: Sequence[Target]) -> list[Target]:
    """Make suppliers of prospects that were judged, each with a number of ours. See Note [A number of ours]."""
    if not prospects:
        return []
    named = [replace(one, supplier=number_of_ours()) for one in prospects]
    receive_prospects(
        [SupplierPaper(one.supplier, one.company, one.country, email=one.address) for one in named]
    )
    return named


def receive_prospects(papers: Sequence[SupplierPaper]) -> None:
    """Store suppliers that the ERP does not know yet, each with a number of ours."""
    receive_suppliers(papers)
    Supplier.objects.filter(number__in=[one.number for one in papers]).update(is_prospect=True)


def number_of_ours() -> str:
    """A number by which a prospect is known until the ERP has one for it. See Note [A number of ours]."""
    return "P-" + "".join(secrets.choice(_LETTERS) for _each in range(8))


def one_after_the_other() -> None:
    """Who invites prospects at the same moment waits here, and then finds those of the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


@requires_scope
def number_prospect(
    key: UUID, number: str, *, is_same: bool = False, actor: Actor, at: datetime
) -> OnboardingRun:
    """The ERP has a number for a prospect: it is known by that from now on, and what the ERP tells of it is its own.

    Where the ERP's reading has brought the number already, and nobody has done anything with that record, the prospect
    takes it over from who says that the two are one company (`is_same`): else a slip of the keyboard would swallow any
    supplier with which nobody works here yet. Raises `Invalid` for no number, for one that another supplier has, and
    for a supplier that is no prospect.
    """
    require_administrator(actor)
    hold_numbers(alone=True)
    run, wanted = hold_run(key, actor=actor), number.strip()
    if not wanted or len(wanted) > LONGEST_NUMBER:
        message = _("Give the number that the supplier has in the ERP.")
        raise Invalid(message, [Problem("number", message, wanted[:40], "required")])
    with acting(DESK):
        supplier, other = _held(run.supplier_id, wanted)
        if not supplier.is_prospect or supplier.merged_into_id is not None:
            message = _("%(name)s has its number already: %(number)s.")
            text = message % {"name": supplier.name, "number": supplier.number}
            raise Invalid(text, [Problem("number", text, wanted, "numbered")])
        was = supplier.number
        facts = {"supplier": supplier.name, "from": was}
        if other is None:
            _renumber(supplier, wanted)
        else:
            if not _is_untouched(other):
                raise _taken(other)
            if not is_same:
                raise _unsaid(other)
            facts["taken_over"] = other.name
            _take_over(supplier, other)
        facts["to"] = supplier.number
        record(
            "onboarding.numbered", run.stream, actor=actor, at=at, supplier_id=run.supplier_id, facts=facts
        )
    run.supplier = supplier
    return run


def _held(prospect: int, number: str) -> tuple[Supplier, Supplier | None]:
    """A prospect, and whoever else has a number, in capitals or not: held one after the other as everywhere."""
    found = Supplier.objects.filter(Q(pk=prospect) | Q(number__iexact=number))
    rows = {one.pk: one for one in found.order_by("id").select_for_update(of=("self",))}
    supplier = rows.pop(prospect)
    others = sorted(rows.values(), key=lambda one: one.number != number)
    return supplier, others[0] if others else None


def _renumber(supplier: Supplier, number: str) -> None:
    supplier.number, supplier.is_prospect = number, False
    supplier.save(update_fields=["number", "is_prospect"])


def _take_over(supplier: Supplier, other: Supplier) -> None:
    """The prospect takes the number of a record that a reading has brought, its sites, and what the ERP says of it.

    The record is set aside under a number of ours, as one that was merged into the prospect: nothing of a supplier is
    ever deleted, and through whom it was reachable is kept against fraud with bank details.
    """
    told = SupplierPaper(
        other.number,
        other.name,
        other.country,
        other.currency,
        other.language,
        other.time_zone,
        other.segment,
        other.email,
        blocked=other.state == SupplierState.BLOCKED,
    )
    other.number, other.is_prospect, other.merged_into, other.email = number_of_ours(), True, supplier, ""
    other.save(update_fields=["number", "is_prospect", "merged_into", "email"])
    SupplierSite.objects.filter(supplier=other).update(supplier=supplier)
    _renumber(supplier, told.number)
    receive_suppliers([told])
    supplier.refresh_from_db()


def _is_untouched(other: Supplier) -> bool:
    """Whether a record is as a reading has brought it. One query, and one of its history.

    Every table that may have something of a supplier is asked, those of packages above this one too. What is in any of
    them, what somebody has set, and what was ever noted of it, is somebody's work: such a record is merged, by two.
    """
    fresh = Supplier(number=other.number)
    ours = ("erp_says", "version", "channel", "leaving_on", "left_at", "merged_into_id", "is_prospect")
    if any(getattr(other, name) != getattr(fresh, name) for name in ours):
        return False
    there: list[Any] = [one for one in Supplier._meta.get_fields(include_hidden=True) if one.is_relation]
    rows = [
        Exists(one.related_model._default_manager.filter(**{one.field.name: OuterRef("pk")}))
        for one in there
        if one.auto_created and not one.concrete and one.related_model not in _BY_ITSELF
    ]
    used = Supplier.objects.filter(reduce(or_, rows), pk=other.pk)
    return not used.exists() and not AuditEvent.objects.filter(supplier_id=other.pk).exists()


def _taken(other: Supplier) -> Invalid:
    message = _(
        "%(number)s is %(name)s, which is here already. If it is the same company, join the two under Suppliers, "
        "Duplicates."
    )
    text = message % {"number": other.number, "name": other.name}
    return Invalid(text, [Problem("number", text, other.number, "taken")])


def _unsaid(other: Supplier) -> Invalid:
    message = _(
        "The ERP has brought %(number)s already: %(name)s, %(country)s. Nobody has worked with it. Say that it is the "
        "same company."
    )
    text = message % {"number": other.number, "name": other.name, "country": other.country or "?"}
    return Invalid(text, [Problem("is_same", text, other.number, "unsaid")])
