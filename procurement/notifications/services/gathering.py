"""From facts to notices: who is told of each, and when. A fact that is told of twice makes no second notice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.scope import requires_scope
from procurement.links.messages import Person
from procurement.links.models import SignedLink
from procurement.links.queries import person_of
from procurement.notifications.models import Notice
from procurement.notifications.policies import (
    HEARD,
    To,
    audience_of,
    cadence_of,
    due_at,
    is_worth_a_notice,
)
from procurement.notifications.queries import (
    NEEDED,
    address_of,
    choices_of,
    company_readers,
    managers,
    orders_counted,
    orders_of_streams,
    payers,
    readers_at,
)
from procurement.notifications.states import NOT_GATHERED, Audience, Cadence, NoticeKind, NoticeState
from procurement.orders.models import PurchaseOrder
from suppliers.models import User
from suppliers.roles import Permission
from suppliers.states import CHANNEL_RULES

POSTMAN = Actor.system("Notices")
BY_NAME = (
    To.NAMED,
    To.ASKED,
    To.PAYABLES,
    To.ADDRESSED,
    To.REVIEWERS,
    To.DOCUMENT_REVIEWERS,
    To.ADMINISTRATORS,
)
OF_NO_ORDER = (
    NoticeKind.DOCK_TIME,
    NoticeKind.COUNT_DIFFERS,
    NoticeKind.INVOICE_TOLD,
    NoticeKind.DETAIL,
    NoticeKind.DOCUMENT,
    NoticeKind.ONBOARDING,
)  # told to whoever has the right, at the supplier or at our docks


TOLD_OTHERWISE = (NoticeKind.DOCUMENT, NoticeKind.ONBOARDING)


@dataclass(frozen=True, slots=True)
class _Telling:
    """One fact on its way to its readers."""

    event: AuditEvent
    kind: str
    audience: Audience
    to: To
    order: PurchaseOrder | None
    link: SignedLink | None = None


@requires_scope
def gather(events: Sequence[AuditEvent], *, at: datetime) -> int:
    """Make the notices of some facts; returns how many. A fixed number of queries however many facts there are.

    A fact that nobody can be told of, although somebody should be, becomes the fact `notice.failed`.
    """
    news = [
        event
        for event in events
        if event.kind in HEARD
        and at - event.at <= settings.NOTICES_NEWS_FOR
        and is_worth_a_notice(event.kind, event.facts)
    ]
    orders = orders_of_streams(event.stream for event in news)
    links = _links_of(news)
    tellings = list(_tellings(news, orders, links))
    to_whom = _readers(tellings)
    choices = choices_of({person for people in to_whom.values() for person in people})
    notices: list[Notice] = []
    unreachable: list[Fact] = []
    for telling in tellings:
        people = [one for one in to_whom[id(telling)] if not _is_author(telling.event, one)]
        # A document that nobody could be asked for becomes a case of its own once it is late; who is stuck in its
        # onboarding stands in the funnel.
        is_told_otherwise = telling.to in BY_NAME or telling.kind in TOLD_OTHERWISE
        if not to_whom[id(telling)] and not is_told_otherwise:
            unreachable.append(_unreachable(telling))
        for person in people:
            notices.append(_notice(telling, person, choices.get(person.address, {}), at))
    before = set(
        Notice.objects.filter(event_id__in=[event.pk for event in news]).values_list("event_id", "address")
    )
    fresh = [one for one in notices if (one.event_id, one.address) not in before]
    Notice.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    _record_once(unreachable, at)
    return len(fresh)


def _tellings(
    news: Iterable[AuditEvent], orders: Mapping[str, PurchaseOrder], links: Mapping[str, SignedLink]
) -> Iterator[_Telling]:
    for event in news:
        heard = HEARD[event.kind]
        audience = audience_of(
            heard.to, actor_side=event.actor_side, facts=event.facts, internal=event.internal
        )
        order = orders.get(event.stream)
        link = links.get(str(event.facts.get("link", "")))
        if audience is None or (heard.kind == NoticeKind.LINK and link is None):
            continue
        # What is of no order is told to those whom the fact names: the floor above knows who they are.
        if order is None and heard.to not in BY_NAME and heard.kind not in OF_NO_ORDER:
            continue
        if heard.kind == NoticeKind.ORDER_NEW and (order is None or not _is_new(order, event)):
            continue
        yield _Telling(event, heard.kind, audience, heard.to, order, link)


def _is_new(order: PurchaseOrder, event: AuditEvent) -> bool:
    """Whether an order that came is one to tell of: neither answered since nor written long ago. See Note [News]."""
    age = event.at.date() - order.ordered_on
    return order.lines_for_supplier > 0 and age <= settings.NOTICES_ORDERS_FROM


def _links_of(news: Iterable[AuditEvent]) -> dict[str, SignedLink]:
    keys = {event.facts["link"] for event in news if "link" in event.facts}
    found = SignedLink.objects.filter(key__in=keys) if keys else SignedLink.objects.none()
    return {str(link.key): link for link in found}


def _readers(tellings: Sequence[_Telling]) -> dict[int, list[Person]]:
    """Who is told, telling by telling."""
    by_permission: dict[Permission, dict[int, list[Person]]] = {}
    buyers: dict[str, Person] | None = None
    counted = orders_counted(one.event for one in tellings if one.to is To.ITS_BUYERS)
    found: dict[int, list[Person]] = {}
    for telling in tellings:
        if telling.link is not None:
            found[id(telling)] = [telling.link.person]
            continue
        if telling.to is To.NAMED:
            found[id(telling)] = _named(telling.event.facts)
            continue
        if telling.to is To.ASKED:
            found[id(telling)] = _asked(telling.event.facts)
            continue
        if telling.to is To.ADDRESSED:
            found[id(telling)] = _addressed(telling.event.facts)
            continue
        if telling.to is To.DOCK:
            found[id(telling)] = list(company_readers(Permission.DOCK_PLAN).values())
            continue
        if telling.to is To.REVIEWERS:
            found[id(telling)] = list(company_readers(Permission.DETAIL_APPROVE).values())
            continue
        if telling.to is To.DOCUMENT_REVIEWERS:
            found[id(telling)] = list(company_readers(Permission.DOCUMENT_REVIEW).values())
            continue
        if telling.to is To.ADMINISTRATORS:
            found[id(telling)] = list(company_readers(Permission.SUPPLIER_MANAGE).values())
            continue
        if telling.to is To.PAYABLES:
            found[id(telling)] = payers()
            continue
        permission = NEEDED[telling.kind]
        if telling.audience == Audience.SUPPLIER:
            if permission not in by_permission:
                ids = {one.event.supplier_id for one in tellings if one.event.supplier_id}
                by_permission[permission] = readers_at(ids, permission)
            people = by_permission[permission].get(telling.event.supplier_id or 0, [])
            found[id(telling)] = _with_company(telling, people)
            continue
        buyers = buyers if buyers is not None else company_readers(Permission.ORDER_VIEW)
        if telling.to is To.ITS_BUYERS:
            found[id(telling)] = _buyers_of(counted.get(telling.event.pk, ()), buyers)
            continue
        found[id(telling)] = _buyers(telling, buyers)
    return found


def _with_company(telling: _Telling, people: Sequence[Person]) -> list[Person]:
    """Besides its people the address the company as such is reached at: the second contact of a ladder, and of a
    supplier that has only mail whatever is told of an order. Where nobody is written to, neither is it."""
    if telling.order is None or not people:
        return list(people)
    supplier = telling.order.supplier
    is_second = telling.event.facts.get("action") == "second_contact"
    more = supplier.email.lower()
    if (
        not (is_second or CHANNEL_RULES[supplier.channel].mails_company)
        or not more
        or supplier.left_at is not None
        or any(one.address.lower() == more for one in people)
    ):
        return list(people)
    return [*people, address_of(supplier)]


def _buyers(telling: _Telling, buyers: Mapping[str, Person]) -> list[Person]:
    """The order's buyer; managers where the ladder says so, or where nobody of that address is with us."""
    action = telling.event.facts.get("action", "")
    if telling.kind == NoticeKind.REMINDER and action in ("manager", "stand_in"):
        return managers()
    buyer = buyers.get(telling.order.buyer_email.lower()) if telling.order else None
    return [buyer] if buyer else managers()


def _buyers_of(orders: Iterable[PurchaseOrder], buyers: Mapping[str, Person]) -> list[Person]:
    """The buyers of several orders, each once; managers where one of them is not with us."""
    addresses = dict.fromkeys(order.buyer_email.lower() for order in orders)
    here = [buyers[address] for address in addresses if address in buyers]
    return here if here and len(here) == len(addresses) else list(dict.fromkeys([*here, *managers()]))


def _named(facts: Mapping[str, Any]) -> list[Person]:
    """The people whom a fact names."""
    ids = {one for one in facts.get("people") or () if isinstance(one, int)}
    users = User.objects.filter(pk__in=ids, is_active=True).exclude(company_role="").order_by("id")
    return [person_of(user) for user in users]


def _asked(facts: Mapping[str, Any]) -> list[Person]:
    """Whom a question is put to: a colleague, or somebody who has an address and no account."""
    if address := str(facts.get("email") or ""):
        language = str(facts.get("language") or settings.LANGUAGE_CODE)
        return [Person(address, language=language, time_zone=settings.TIME_ZONE)]
    return _named({"people": [facts.get("person")]})


def _addressed(facts: Mapping[str, Any]) -> list[Person]:
    """The addresses that a fact names, with how their readers read."""
    return [
        Person(
            str(one["address"]),
            str(one.get("name") or ""),
            language=str(one.get("language") or settings.LANGUAGE_CODE),
            time_zone=str(one.get("time_zone") or settings.TIME_ZONE),
        )
        for one in facts.get("tell") or ()
    ]


def _is_author(event: AuditEvent, person: Person) -> bool:
    """Nobody is told of what they did themselves; whoever asked for a link is its holder, and is."""
    return (
        event.actor_user_id is not None
        and event.actor_user_id == person.user_id
        and not event.kind.startswith("link.")
    )


def _notice(telling: _Telling, person: Person, chosen: Mapping[str, str], at: datetime) -> Notice:
    cadence = cadence_of(telling.kind, telling.audience, chosen)
    read_by_programs = _is_read_by_programs(telling)
    if read_by_programs:
        cadence = Cadence.NEVER
    is_wanted = cadence != Cadence.NEVER
    when = at
    if telling.kind not in NOT_GATHERED and is_wanted:
        when = due_at(
            cadence,
            at,
            zone=person.time_zone,
            gather_for=settings.NOTICES_GATHER_FOR,
            digest_hour=settings.NOTICES_DIGEST_AT,
        )
    return Notice(
        kind=telling.kind,
        audience=telling.audience,
        event_id=telling.event.pk,
        event_kind=telling.event.kind,
        internal=telling.event.internal,
        supplier_id=telling.event.supplier_id,
        order=telling.order,
        stream=telling.event.stream,
        link=telling.link,
        user_id=person.user_id,
        address=person.address,
        name=person.name,
        language=person.language,
        time_zone=person.time_zone,
        cadence=cadence,
        state=NoticeState.GATHERED if is_wanted else NoticeState.NOT_WANTED,
        reason="" if is_wanted else "read by programs" if read_by_programs else "chosen: never",
        happened_at=telling.event.at,
        gathered_at=at,
        due_at=when,
    )


def _is_read_by_programs(telling: _Telling) -> bool:
    """Whether a new order is read by its supplier's programs, so that no mail says that it is there. Whoever does not
    answer it is reminded as ever."""
    if telling.kind != NoticeKind.ORDER_NEW or telling.order is None:
        return False
    return not CHANNEL_RULES[telling.order.supplier.channel].mails_orders


def _unreachable(telling: _Telling) -> Fact:
    event = telling.event
    facts = {"kind": telling.kind, "to": "", "reason": "nobody", "event": event.kind, "fact": event.pk}
    return Fact("notice.failed", event.stream, event.supplier_id, facts, internal=True)


def _record_once(unreachable: Sequence[Fact], at: datetime) -> None:
    """A fact of which nobody could be told is told once, however often one hears of it."""
    if not unreachable:
        return
    streams = {fact.stream for fact in unreachable}
    told = AuditEvent.objects.filter(kind="notice.failed", stream__in=streams)
    known = {facts.get("fact") for facts in told.values_list("facts", flat=True)}
    record_all([fact for fact in unreachable if fact.facts["fact"] not in known], actor=POSTMAN, at=at)
