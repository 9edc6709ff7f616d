"""What the portal knows when a mail arrives: who wrote, when, and which of its orders are open."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

# English-speaking places that write the month first; everybody else writes the day first.
MONTH_FIRST = frozenset({"US", "PH", "PR", "GU"})
MONTH_FIRST_ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "US/")
DECIMAL_COMMA = frozenset(
    {"de", "es", "fr", "pt", "it", "nl", "pl", "cs", "sv", "da", "nb", "no", "fi", "tr"}
)
DECIMAL_POINT_REGIONS = frozenset({"CH", "LI", "MX"})


@dataclass(frozen=True)
class OpenLine:
    """A line of an open order as the ERP asks for it; `price` is for `per` units."""

    order: str
    line: str | int
    item: str
    supplier_part: str
    description: str
    quantity: Decimal
    unit: str
    price: Decimal | None
    per: Decimal
    requested_date: date | None

    @cached_property
    def number(self) -> str:
        """The line's number without leading zeros, as people write it."""
        return str(self.line).lstrip("0") or "0"


@dataclass(frozen=True)
class OpenOrder:
    """An order of this supplier that is not closed."""

    number: str
    currency: str
    lines: tuple[OpenLine, ...]
    order_date: date | None = None


@dataclass(frozen=True)
class MailContext:
    """Everything outside the mail that its meaning depends on."""

    orders: tuple[OpenOrder, ...]
    mail_date: datetime
    time_zone: str = "UTC"
    sender_locale: str = "en-GB"
    supplier_name: str = ""
    supplier_contact: str = ""
    buyer_name: str = ""
    buyer_company: str = ""
    supplier_zone: str = ""

    @cached_property
    def today(self) -> date:
        """The day on which the writer wrote, at the writer's place."""
        return self.mail_date.date()

    @cached_property
    def language(self) -> str:
        """The sender's language: `de` of `de-AT`."""
        return self.sender_locale.replace("_", "-").split("-")[0].lower()

    @cached_property
    def region(self) -> str:
        """The sender's country: `AT` of `de-AT`, empty where the locale does not say."""
        parts = self.sender_locale.replace("_", "-").split("-")
        return parts[-1].upper() if len(parts) > 1 else ""

    @cached_property
    def month_first(self) -> bool:
        """Whether 3/4 is the fourth of March."""
        if self.region:
            return self.region in MONTH_FIRST
        return self.language == "en" and self.supplier_zone.startswith(MONTH_FIRST_ZONES)

    @cached_property
    def decimal_comma(self) -> bool:
        """Whether 1,5 is one and a half."""
        return self.language in DECIMAL_COMMA and self.region not in DECIMAL_POINT_REGIONS

    @cached_property
    def lines(self) -> tuple[OpenLine, ...]:
        """All open lines."""
        return tuple(line for order in self.orders for line in order.lines)

    def order(self, number: str) -> OpenOrder:
        """The open order of that number."""
        return next(order for order in self.orders if order.number == number)


def context_from_json(told: dict[str, Any]) -> MailContext:
    """Read the context of one mail; raises KeyError or ValueError, which name what is missing or wrong."""
    supplier, buyer = told.get("supplier") or {}, told.get("buyer") or {}
    moment = datetime.fromisoformat(told["mail_date"])
    zone = told.get("time_zone") or supplier.get("time_zone") or "UTC"
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return MailContext(
        orders=tuple(_order(order) for order in told.get("open_orders") or ()),
        mail_date=moment,
        time_zone=zone,
        sender_locale=told.get("sender_locale") or supplier.get("locale") or "en-GB",
        supplier_name=supplier.get("name") or "",
        supplier_contact=supplier.get("contact") or "",
        buyer_name=buyer.get("name") or "",
        buyer_company=buyer.get("company") or "",
        supplier_zone=supplier.get("time_zone") or zone,
    )


def _order(told: dict[str, Any]) -> OpenOrder:
    number = str(told["number"])
    return OpenOrder(
        number=number,
        currency=told.get("currency") or "",
        lines=tuple(_line(number, line) for line in told.get("lines") or ()),
        order_date=_day(told.get("order_date")),
    )


def _line(order: str, told: dict[str, Any]) -> OpenLine:
    price = told.get("price")
    return OpenLine(
        order=order,
        line=told["line"],
        item=str(told.get("item") or ""),
        supplier_part=str(told.get("supplier_part") or ""),
        description=told.get("description") or "",
        quantity=Decimal(str(told["quantity"])),
        unit=told.get("unit") or "",
        price=None if price is None else Decimal(str(price)),
        per=Decimal(str(told.get("per") or 1)),
        requested_date=_day(told.get("requested_date")),
    )


def _day(told: str | None) -> date | None:
    return date.fromisoformat(told[:10]) if told else None
