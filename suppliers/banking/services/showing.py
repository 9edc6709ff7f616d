"""A number is shown once, to one person, with a reason that is kept; and all are sealed anew when a key is retired."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.scope import acting, requires_scope
from portal.kernel.sealing import Unreadable, mark_of, seal, trace
from suppliers.banking.engine import Account
from suppliers.banking.messages import FreshFactor
from suppliers.banking.models import BankAccount, BankChange, BankNumber
from suppliers.banking.policies import MOST_SHOWN_A_DAY
from suppliers.banking.queries import OFFICE, open_number, shown_lately
from suppliers.banking.services.guards import NotYou, NumberUnreadable, require_person, require_reason
from suppliers.roles import Permission


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """A number, at the only moment it is read."""

    number: str = field(repr=False)
    routing: str = field(repr=False)


@requires_scope
def show_number(
    row: BankAccount | BankChange, reason: str, *, actor: Actor, factor: FreshFactor | None, at: datetime
) -> ShownNumber:
    """Unmask an account or a staged one, by a person of ours, for a reason. Its supplier reads who did, and why.

    So many a day and no more: whoever wants all of them at once is no accountant.
    """
    user_id = require_person(actor, Permission.BANK_UNMASK, factor, at, ours=True)
    text = require_reason(reason)
    with acting(OFFICE):
        if shown_lately(user_id, at) >= MOST_SHOWN_A_DAY:
            raise NotYou(_("You were shown as many numbers today as one person may be. Ask a colleague."))
        if row.number is None:
            raise NotYou(_("There is no number to show."))
        try:
            number, routing = open_number(row.number)
        except Unreadable as error:
            raise NumberUnreadable(_("This number cannot be read with the keys there are.")) from error
        record(
            "bank.number_shown",
            row.stream,
            actor=actor,
            at=at,
            supplier_id=row.supplier_id,
            facts={"account": row.masked, "reason": text[:300]},
        )
    return ShownNumber(number, routing)


@requires_scope
def seal_anew(*, limit: int = 500, but: Collection[int] = ()) -> tuple[int, list[int]]:
    """Seal what an older key sealed with the newest one, trace and all; says how many, and which, by id, no key of ours
    opens. Called, `but` for those, until it says none: one that cannot be read holds up no other.
    """
    newest = settings.BANK_KEYS[0]
    rows: Sequence[BankNumber] = list(
        BankNumber.objects.select_for_update(skip_locked=True)
        .exclude(sealed__startswith=f"{newest.mark}.")
        .exclude(pk__in=list(but))
        .order_by("id")[:limit]
    )
    unreadable: list[int] = []
    for row in rows:
        assert mark_of(row.sealed) != newest.mark
        try:
            number, routing = open_number(row)
        except Unreadable:
            unreadable.append(row.pk)
            continue
        country = BankChange.objects.filter(number=row).values_list("country", flat=True).first() or ""
        account = Account("", "", country, "", "", "", number, routing)
        row.sealed = seal(f"{number}/{routing}", row.place, settings.BANK_KEYS)
        row.trace = trace(account.identity, settings.BANK_KEYS)
        row.save(update_fields=["sealed", "trace"])
    return len(rows) - len(unreadable), unreadable
