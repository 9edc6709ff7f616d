"""Who is told, at once and all of them: a notice is made with what it tells of, and leaves by the outbox."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from portal.kernel.actors import Actor
from portal.kernel.outbox.services import Outgoing, enqueue_all
from portal.kernel.scope import requires_scope
from suppliers.banking.messages import KnownContact
from suppliers.banking.models import BankChange, BankNotice
from suppliers.banking.policies import who_is_told
from suppliers.banking.queries import company_watchers, known_contacts
from suppliers.models import Supplier

TOPIC = "bank notices"


@requires_scope
def tell_everybody(
    kind: str,
    supplier: Supplier,
    change: BankChange | None,
    *,
    only_ours: bool = False,
    actor: Actor,
    at: datetime,
) -> list[BankNotice]:
    """Make the notices to every contact there is, and was a while ago, and to our people who see to bank details.

    Nobody has switched them off, and nothing is gathered. In the office; the addresses are those of this moment, so
    that whoever is removed a minute later is told all the same. `only_ours`: what our people alone have to know.
    """
    known = [] if only_ours else known_contacts(supplier)
    contacts = who_is_told(known, at=at, former_days=settings.BANK_FORMER_DAYS)
    ours = [
        KnownContact(f"user:{user.pk}", user.name, user.email, "", at, None, user.language, user.pk)
        for user in company_watchers()
    ]
    notices = [
        *_notices(kind, supplier, change, contacts, of_company=False, at=at),
        *_notices(kind, supplier, change, ours, of_company=True, at=at),
    ]
    BankNotice.objects.bulk_create(notices)
    enqueue_all(
        [
            Outgoing(TOPIC, f"bank_notice:{one.key}", "bank.notice", {"notice": str(one.key)}, supplier.pk)
            for one in notices
        ],
        actor=actor,
        at=at,
    )
    return notices


def _notices(
    kind: str,
    supplier: Supplier,
    change: BankChange | None,
    contacts: Iterable[KnownContact],
    *,
    of_company: bool,
    at: datetime,
) -> list[BankNotice]:
    return [
        BankNotice(
            supplier=supplier,
            change=change,
            kind=kind,
            of_company=of_company,
            address=one.address,
            name=one.name,
            language=one.language,
            made_at=at,
        )
        for one in contacts
    ]
