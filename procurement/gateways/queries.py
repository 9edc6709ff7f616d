"""Reading gateways and what came through them; and which consignment an event means."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.errors import NotFound
from procurement.catalogue.models import Company
from procurement.gateways.models import Gateway, GatewayEvent, GatewayMessage, GatewaySecret
from procurement.gateways.policies import CANDIDATES_SHOWN, Found, agree, derive_secret, names_of
from procurement.gateways.states import WAITS, EventState, MessageState, Way
from procurement.shipments.models import TRACKING_NUMBERS, Package, ShipNotice, one_writing
from procurement.shipments.queries import visible_notices
from procurement.shipments.states import ON_THE_WAY, NoticeState
from suppliers.models import Supplier
from suppliers.roles import Permission
from suppliers.states import SupplierState

GATEKEEPER = Actor.system("Gateways", Channel.API)

# For so long after nothing more happened to a consignment a late word about it is still recognised.
REMEMBERED = timedelta(days=60)
HIDDEN = (NoticeState.DRAFT, NoticeState.DISCARDED, NoticeState.REPLACED)

_CHANNELS = {Way.WEBHOOK: Channel.API, Way.FOLDER: Channel.FILE, Way.UPLOAD: Channel.FILE}


# --- gateways -----------------------------------------------------------------------------------------------


def visible_gateways(actor: Actor) -> QuerySet[Gateway]:
    """The gateways this actor may see: those of the buying side alone."""
    gateways = Gateway.objects.visible_to(actor)
    return (gateways.none() if actor.is_supplier else gateways).select_related("company", "supplier")


def with_traffic(gateways: QuerySet[Gateway]) -> QuerySet[Gateway]:
    """The same with `heard_at`, when something came last, and `waits`, how many events need a person."""
    newest = GatewayMessage.objects.filter(gateway=OuterRef("pk")).order_by("-received_at", "-id")
    waiting = GatewayEvent.objects.filter(gateway=OuterRef("pk"), state__in=WAITS).order_by()
    counted = waiting.values("gateway").annotate(count=Count("pk")).values("count")
    return gateways.annotate(heard_at=Subquery(newest.values("received_at")[:1]), waits=Subquery(counted))


def find_gateway(key: uuid.UUID, *, actor: Actor, hold: bool = False) -> Gateway:
    """One gateway. Raises `NotFound`."""
    gateways = visible_gateways(actor).filter(key=key)
    found: Gateway | None = (gateways.select_for_update(of=("self",)) if hold else gateways).first()
    if found is None:
        raise NotFound(_("There is no such gateway."))
    return found


def live_secrets(gateway: Gateway) -> list[GatewaySecret]:
    """The secrets that a gateway may sign with now, the newest first."""
    return list(
        GatewaySecret.objects.filter(gateway=gateway, ended_at__isnull=True).order_by("-made_at", "-id")
    )


def secrets_in_words(secret: GatewaySecret) -> list[str]:
    """A secret as it is shared, and as it was under former keys of the installation. Never to be logged."""
    return [derive_secret(secret.seed, one) for one in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def actor_of(gateway: Gateway, notice_supplier_id: int, way: str) -> Actor:
    """Who speaks through a gateway: the supplier's own carrier under that supplier's scope, else the buying side's."""
    channel = _CHANNELS[Way(way)]
    if gateway.supplier_id is None:
        return Actor(
            label=gateway.name,
            channel=channel,
            side=Side.COMPANY,
            role="gateway",
            permissions=frozenset({Permission.ORDER_VIEW, Permission.SHIPMENT_WRITE}),
        )
    return Actor(
        label=gateway.name,
        channel=channel,
        side=Side.SUPPLIER,
        role="gateway",
        supplier_ids=(notice_supplier_id,),
        all_supplier_ids=(notice_supplier_id,),
        permissions=frozenset({Permission.ORDER_VIEW, Permission.SHIPMENT_WRITE}),
    )


def counter_of(gateway: Gateway, way: str) -> Actor:
    """Who counts through a gateway of a warehouse."""
    return Actor(
        label=gateway.name,
        channel=_CHANNELS[Way(way)],
        side=Side.COMPANY,
        role="gateway",
        permissions=frozenset({Permission.ORDER_VIEW, Permission.GOODS_RECEIVE}),
    )


def suppliers_for_gateways(actor: Actor) -> QuerySet[Supplier]:
    """The suppliers whose own carrier may get a gateway, by name."""
    return Supplier.objects.visible_to(actor).filter(state=SupplierState.ACTIVE).order_by("name", "id")


def companies_for_gateways() -> list[tuple[str, str]]:
    """The companies of the buying group, by name, each with its code."""
    return list(Company.objects.order_by("name", "id").values_list("code", "name"))


# --- messages and events ------------------------------------------------------------------------------------


def visible_messages(actor: Actor) -> QuerySet[GatewayMessage]:
    """The messages this actor may see, without their bytes."""
    messages = (
        GatewayMessage.objects.visible_to(actor) if not actor.is_supplier else GatewayMessage.objects.none()
    )
    return messages.defer("raw").select_related("gateway")


def with_counts(messages: QuerySet[GatewayMessage]) -> QuerySet[GatewayMessage]:
    """The same with `events_in` and `waiting`: how many events each has, and how many of them need a person."""
    waiting = Count("events", filter=Q(events__state__in=WAITS))
    return messages.annotate(events_in=Count("events"), waiting=waiting)


def failed(messages: QuerySet[GatewayMessage]) -> QuerySet[GatewayMessage]:
    """Of these messages, those that could not be read, and those with events that need a person."""
    waiting = GatewayEvent.objects.filter(message=OuterRef("pk"), state__in=WAITS)
    return messages.filter(Q(state=MessageState.REFUSED) | Exists(waiting))


def find_message(key: uuid.UUID, *, actor: Actor) -> GatewayMessage:
    """One message. Raises `NotFound`."""
    found: GatewayMessage | None = visible_messages(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such message."))
    return found


def raw_of(message: GatewayMessage) -> bytes:
    """A message's bytes as they came."""
    return bytes(GatewayMessage.objects.values_list("raw", flat=True).get(pk=message.pk))


def visible_events(actor: Actor) -> QuerySet[GatewayEvent]:
    """The events this actor may see, each with what it belongs to; of its message all but the bytes."""
    events = GatewayEvent.objects.visible_to(actor)
    events = events.none() if actor.is_supplier else events
    return events.select_related("gateway", "message", "notice", "supplier").defer("message__raw")


def events_of(message: GatewayMessage) -> QuerySet[GatewayEvent]:
    """The events of a message in their order."""
    found = GatewayEvent.objects.filter(message=message).select_related("gateway", "notice", "supplier")
    return found.order_by("position")


def events_waiting(actor: Actor) -> QuerySet[GatewayEvent]:
    """The events that need a person."""
    return visible_events(actor).filter(state__in=WAITS)


def find_event(key: uuid.UUID, *, actor: Actor) -> GatewayEvent:
    """One event. Raises `NotFound`."""
    found: GatewayEvent | None = visible_events(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such event."))
    return found


def taken_before(event: GatewayEvent) -> GatewayEvent | None:
    """The same event of the same gateway, where it was taken in another message."""
    same = GatewayEvent.objects.filter(
        gateway=event.gateway_id, own_key=event.own_key, state=EventState.TAKEN
    )
    found: GatewayEvent | None = same.exclude(pk=event.pk).select_related("notice").first()
    return found


# --- which consignment --------------------------------------------------------------------------------------


def notices_in_reach(gateway: Gateway, at: datetime) -> QuerySet[ShipNotice]:
    """The ship notices that a gateway may speak of: those that were sent, as they stand now."""
    notices = ShipNotice.objects.exclude(state__in=HIDDEN)
    notices = notices.filter(Q(state__in=ON_THE_WAY) | Q(updated_at__gte=at - REMEMBERED))
    if gateway.supplier_id:
        notices = notices.filter(supplier=gateway.supplier_id)
    if gateway.company_id:
        notices = notices.filter(company=gateway.company_id)
    return notices


def find_consignment(
    gateway: Gateway, names: Sequence[str], said: Mapping[str, Any], at: datetime
) -> tuple[Found, list[ShipNotice]]:
    """Which ship notice the names of an event mean, with those it may be. One query for each name, and one more."""
    notices = notices_in_reach(gateway, at)
    narrow = {"supplier": "supplier__number", "company": "company__code", "site": "ship_to__code"}
    consignment = said.get("consignment", {})
    for name, path in narrow.items():
        if consignment.get(name):
            notices = notices.filter(**{path: consignment[name]})
    by_name = [_ids_named(notices, *name.split(":", 1)) for name in names]
    mentioned = {pk for ids in by_name for pk in ids}
    if not mentioned:
        return agree([], ()), []
    rows = list(notices.filter(pk__in=mentioned).select_related("supplier", "ship_to").order_by("pk"))
    found = agree(by_name, {row.pk for row in rows if row.state in ON_THE_WAY})
    return found, [row for row in rows if row.pk in found.ids]


def _ids_named(notices: QuerySet[ShipNotice], kind: str, name: str) -> Collection[int]:
    if kind == "sscc":
        packages = Package.objects.filter(notice__in=notices)
        return set(packages.filter(sscc=name, is_live=True).values_list("notice_id", flat=True))
    if kind == "tracking":
        found = set(notices_tracked(notices, name).values_list("pk", flat=True))
        tracked = packages_tracked(name).filter(notice__in=notices)
        return found | set(tracked.values_list("notice_id", flat=True))
    if kind == "notice":
        return set(notices.filter(number_key=name).values_list("pk", flat=True))
    with_one = notices.exclude(bill_of_lading="").alias(lading=one_writing("bill_of_lading"))
    return set(with_one.filter(lading=name).values_list("pk", flat=True))


def notices_tracked(notices: QuerySet[ShipNotice], number: str) -> QuerySet[ShipNotice]:
    """Those of these ship notices that have a tracking number, in one writing, for the consignment as a whole."""
    return notices.alias(numbers=TRACKING_NUMBERS).filter(numbers__contains=[number])


def packages_tracked(number: str) -> QuerySet[Package]:
    """The packages with a tracking number, in one writing."""
    packages = Package.objects.exclude(tracking_number="").alias(number=one_writing("tracking_number"))
    found: QuerySet[Package] = packages.filter(number=number)
    return found


def names_of_notice(notice: ShipNotice) -> list[str]:
    """All names by which an event may mean a ship notice."""
    names = list(names_of(notice=notice.number, bill_of_lading=notice.bill_of_lading))
    for number in notice.tracking_numbers:
        names += names_of(tracking_number=number)
    for sscc, number in Package.objects.filter(notice=notice).values_list("sscc", "tracking_number"):
        names += names_of(sscc=sscc, tracking_number=number)
    return list(dict.fromkeys(names))


def waiting_for(notice: ShipNotice) -> list[int]:
    """The events, by id, that wait for a ship notice with names that this one has. Two queries.

    Those of a gateway that is switched off go on waiting: nothing of it is taken.
    """
    waiting = GatewayEvent.objects.filter(
        state=EventState.UNPLACED, names__has_any_keys=names_of_notice(notice), gateway__active=True
    )
    return list(waiting.order_by("id").values_list("pk", flat=True))


def candidates_of(notices: Iterable[ShipNotice]) -> list[dict[str, str]]:
    """The ship notices between which a person must choose, as an event keeps them."""
    return [
        {
            "key": str(one.key),
            "number": one.number,
            "supplier": one.supplier.name,
            "place": one.ship_to.name if one.ship_to else "",
        }
        for one in list(notices)[:CANDIDATES_SHOWN]
    ]


def notices_numbered(number_key: str, supplier: str, *, actor: Actor) -> list[ShipNotice]:
    """The ship notices that were sent with this number (as it is compared), of one supplier where it is named."""
    notices = visible_notices(actor).exclude(state__in=HIDDEN).filter(number_key=number_key)
    if supplier:
        notices = notices.filter(supplier__number__iexact=supplier)
    return list(notices.order_by("-sent_at", "-id")[: CANDIDATES_SHOWN + 1])
