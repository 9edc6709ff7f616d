"""What the ERP says that it pays suppliers to: noted in part, held against what is on record, and proposed where it is
another. Every supplier is told whole, so an account that is not told of it any more is gone there.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Intake, Problem
from portal.kernel.scope import acting, requires_scope
from portal.kernel.sealing import trace, traces
from portal.kernel.security.services import note
from suppliers.banking.engine import Account, read_account
from suppliers.banking.messages import AccountsPaper, PaidTo
from suppliers.banking.models import BankTold
from suppliers.banking.queries import (
    OFFICE,
    has_just_ended,
    hold_supplier,
    live_by_trace,
    to_enter_of,
    told_of,
    with_history,
)
from suppliers.banking.services.entering import follow_telling
from suppliers.banking.services.hearing import AccountTold, hear_one
from suppliers.models import Supplier

TOLD_OTHERWISE = "bank.told_otherwise"


@dataclass(frozen=True, slots=True)
class _Read:
    """An account of a paper that can be one."""

    paid: PaidTo
    account: Account
    trace: str
    any_trace: frozenset[str]


@requires_scope
def hear_of_erp(papers: Sequence[AccountsPaper], *, actor: Actor, at: datetime) -> Intake:
    """Take in what the ERP says that it pays these suppliers to. One account that is not on record becomes a proposal,
    once (`hearing`: Note [Told, and on record]); nothing is overwritten, and a change that the ERP now pays by is
    entered. So many queries where nothing moved, however many suppliers.
    """
    newest = {one.supplier: one for one in papers}
    with acting(OFFICE):
        known = {one.number: one for one in Supplier.objects.filter(number__in=newest)}
        ids = [one.pk for one in known.values()]
        told = told_of(ids)
        history = with_history(ids)
        live = live_by_trace(ids)
        open_tasks = to_enter_of(ids)
    stored, problems = 0, list[Problem]()
    quiet: list[int] = []
    # Suppliers in the order in which everybody holds several of them.
    for number in sorted(newest, key=lambda one: (known[one].pk if one in known else 0, one)):
        supplier = known.get(number)
        if supplier is None:
            message = _("Supplier %(value)s is not known.") % {"value": number[:40]}
            problems.append(Problem("supplier", message, number[:40], "unknown", number[:40]))
            continue
        read, unread = _read(newest[number])
        problems += unread
        before = told.get(supplier.pk, [])
        is_known = supplier.pk not in history or all(_is_live(one, live.get(supplier.pk, {})) for one in read)
        if is_known and supplier.pk not in open_tasks and not unread and _is_as_before(read, before):
            quiet += [row.pk for row in before if row.gone_at is None]
            continue
        known_there = {*live.get(supplier.pk, {}), *(row.trace for row in before if row.gone_at is None)}
        if unread and known_there - {mark for one in read for mark in one.any_trace}:
            # Nothing to propose, but the ERP pays to something else than what is on record, or than it told last.
            note(TOLD_OTHERWISE, supplier=supplier.number, told="?")
        moved, found = _take(supplier, read, actor=actor, at=at, is_whole=not unread)
        stored += moved
        problems += found
    with acting(OFFICE):
        BankTold.objects.filter(pk__in=quiet).update(told_at=at)
    return Intake(stored=stored, unchanged=len(newest) - stored, problems=tuple(problems))


def _read(paper: AccountsPaper) -> tuple[list[_Read], list[Problem]]:
    read: dict[str, _Read] = {}
    problems = []
    for paid in paper.accounts:
        account, found = read_account(paid.typed)
        if account is None:
            problems.append(Problem(found[0].field, found[0].message, "", found[0].code, paper.supplier))
            continue
        every = frozenset(traces(account.identity, settings.BANK_KEYS))
        now = trace(account.identity, settings.BANK_KEYS)
        read.setdefault(now, _Read(paid, account, now, every))
    return list(read.values()), problems


def _is_live(one: _Read, live: Mapping[str, int]) -> bool:
    return not one.any_trace.isdisjoint(live)


def _is_as_before(read: Sequence[_Read], before: Sequence[BankTold]) -> bool:
    """Whether these are the accounts that were told last, under the newest key."""
    standing = {row.trace: row.since_on for row in before if row.gone_at is None}
    return standing == {one.trace: one.paid.since_on for one in read}


def _take(
    supplier: Supplier, read: Sequence[_Read], *, actor: Actor, at: datetime, is_whole: bool
) -> tuple[bool, list[Problem]]:
    """Note what is told of one supplier, propose what is strange, and see which changes the ERP now pays by. Where an
    account could not be read nothing is gone: it may be that one.
    """
    with acting(OFFICE):
        hold_supplier(supplier.pk)
        before = told_of([supplier.pk]).get(supplier.pk, [])
        fresh, gone = _write_down(supplier, read, before, at=at, is_whole=is_whole)
        has_history = supplier.pk in with_history([supplier.pk])
        live = live_by_trace([supplier.pk]).get(supplier.pk, {})
        follow_telling(supplier.pk, at=at)
    beside = {pk for one in read for mark, pk in live.items() if mark in one.any_trace}
    proposed, problems = False, list[Problem]()
    for one in read:
        is_new = one.trace in fresh
        if not has_history and not (before and is_new):
            continue
        outcome = hear_one(_told_as(supplier, one), supplier, actor, at, beside)
        if isinstance(outcome, Problem):
            problems.append(outcome)
        proposed = proposed or outcome is True
        # Also where it was asked for here, or refused, before: until it is in force nobody is to be paid to it.
        if outcome is True or (is_new and not _is_live(one, live) and not _has_just_ended(supplier, one)):
            shown = f"{one.account.country} \u2022\u2022\u2022\u2022 {one.account.shown}"
            note(TOLD_OTHERWISE, supplier=supplier.number, told=shown)
    return proposed or gone or bool(fresh), problems


def _has_just_ended(supplier: Supplier, one: _Read) -> bool:
    with acting(OFFICE):
        return has_just_ended(supplier.pk, one.account)


def _write_down(
    supplier: Supplier, read: Sequence[_Read], before: Sequence[BankTold], *, at: datetime, is_whole: bool
) -> tuple[set[str], bool]:
    """The rows of what is told; says which of them were not told last, and whether any is gone."""
    rows: Mapping[str, list[BankTold]] = _by_trace(before)
    fresh, seen = set[str](), set[int]()
    for one in read:
        row = next((found for mark in one.any_trace for found in rows.get(mark, ())), None)
        if row is None:
            row = BankTold(supplier=supplier, first_told_at=at)
        if row.pk is None or row.gone_at is not None:
            fresh.add(one.trace)
        row.trace, row.shown, row.country = one.trace, one.account.shown, one.account.country
        row.currency, row.since_on = one.account.currency, one.paid.since_on
        row.told_at, row.gone_at = at, None
        row.save()
        seen.add(row.pk)
    gone = 0
    if is_whole:
        gone = (
            BankTold.objects.filter(supplier=supplier, gone_at=None).exclude(pk__in=seen).update(gone_at=at)
        )
    return fresh, gone > 0


def _by_trace(rows: Sequence[BankTold]) -> Mapping[str, list[BankTold]]:
    found: dict[str, list[BankTold]] = defaultdict(list)
    for row in rows:
        found[row.trace].append(row)
    return found


def _told_as(supplier: Supplier, one: _Read) -> AccountTold:
    reason = _("The ERP pays to it.")
    if one.paid.since_on is not None:
        reason = _("The ERP pays to it since %(day)s.") % {"day": one.paid.since_on.isoformat()}
    return AccountTold(supplier.number, one.paid.typed, reason)
