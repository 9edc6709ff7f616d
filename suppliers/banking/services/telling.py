"""Who is told, at once and all of them: a notice is made with what it tells of, and leaves by the outbox."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.conf import settings

from portal.kernel.actors import Actor
from portal.kernel.outbox.services import Outgoing, enqueue_all
from portal.kernel.scope import requires_scope
from suppliers.banking.messages import KnownContact
from suppliers.banking.models import BankChange, BankNotice
from suppliers.banking.policies import who_is_told
from suppliers.banking.queries import company_watchers, known_contacts
from suppliers.banking.states import BankNoticeKind
from suppliers.models import Supplier, User

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
    return _sent_off(notices, actor=actor, at=at)


@requires_scope
def tell_of_new_person(
    supplier: Supplier,
    person: User,
    about: Mapping[str, str],
    *,
    before: datetime,
    actor: Actor,
    at: datetime,
) -> list[BankNotice]:
    """Make the notices that somebody new acts for a supplier, who may be called back about its bank details one day: to
    every contact from before a moment, whose link freezes. In the office.

    A supplier's first people have nobody before them: then not even its address in the ERP is told, which they are
    often invited at, person by person.
    """
    known = [one for one in known_contacts(supplier) if one.since_at < before and one.user_id != person.pk]
    if not any(one.user_id is not None for one in known):
        return []
    contacts = [
        one
        for one in who_is_told(known, at=at, former_days=settings.BANK_FORMER_DAYS)
        if one.address.casefold() != person.email.casefold()
    ]
    notices = _notices(
        BankNoticeKind.NEW_PERSON, supplier, None, contacts, of_company=False, about=about, at=at
    )
    return _sent_off(notices, actor=actor, at=at)


def _sent_off(notices: list[BankNotice], *, actor: Actor, at: datetime) -> list[BankNotice]:
    BankNotice.objects.bulk_create(notices)
    enqueue_all(
        [
            Outgoing(
                TOPIC, f"bank_notice:{one.key}", "bank.notice", {"notice": str(one.key)}, one.supplier_id
            )
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
    about: Mapping[str, str] | None = None,
    at: datetime,
) -> list[BankNotice]:
    return [
        BankNotice(
            supplier=supplier,
            change=change,
            kind=kind,
            about=dict(about or {}),
            of_company=of_company,
            address=one.address,
            name=one.name,
            language=one.language,
            made_at=at,
        )
        for one in contacts
    ]
