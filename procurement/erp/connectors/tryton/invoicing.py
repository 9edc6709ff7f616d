"""An approved invoice, booked in Tryton as a draft that holds exactly what was approved; posting is its people's.

Note [Whose draft]: an order that is invoiced by order or by fulfillment has its drafts made by Tryton itself, with
journal, accounts, taxes and stock moves; on a manual order Tryton makes one when it is told to (`manual_invoice`). So
nothing is invented here: a draft is completed. One write gives it the supplier's number and day, the lines that are
claimed and no others, and our key in its description; what it held besides is drafted anew by Tryton. A credit note
completes the draft below zero that Tryton makes where more was invoiced than came; else it gives back lines of the
invoice that it corrects, as Tryton's own wizard does. Where only a price is corrected, Tryton is told so
(`correction`), since the cost of the goods follows.

Note [One draft]: the key in the description marks it as ours, in the write that completes it. Called again after a
crash, at any step, the draft is found by it and what is missing is done: lines of other drafts that are billed now are
taken out of those, what is left is drafted, the picture is attached, a note (`Quayside <invoice> booked`) says that all
is done. Somebody may have entered the invoice by hand, which shows by the supplier's number, however they wrote it: a
draft is completed, what is validated or posted is taken for it where it says the same, and else a person looks. What
bears the key of another invoice of ours is never written on: its draft is left alone, and what was entered of it under
the same number is for a person.

Note [To the cent]: Tryton keeps quantity and price, the latter with four decimals, rounds half to even, and works taxes
out by itself. What the price cannot say stands on a line of its own; a tax that differs by the rounding of its lines is
set to the supplier's figure. If the total is another one all the same, a person looks.

Note [Forgotten by an amendment]: an amendment deletes the lines of all drafts of its order, ours too. So an invoice
that nobody has posted yet is told once more when its order moves (`procurement.erp.invoicing`); here that is one more
call.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.utils.translation import gettext_noop

from portal.kernel.values import minor_units
from procurement.erp.connectors.tryton.changes import ids_in
from procurement.erp.connectors.tryton.facts import INVOICE_LINE_ORIGIN
from procurement.erp.connectors.tryton.records import LINE_ORIGIN, _of, exact
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.messages import InvoiceCommand, InvoiceCommandLine, Picture
from procurement.erp.ports import Outcome, ValidationRefused, WriteResult
from procurement.invoices.policies.numbers import number_key

INVOICE, LINE = "account.invoice", "account.invoice.line"
PRICE_DIGITS = 4
# Within these, Tryton itself takes two invoices with one number for one.
NEAR = timedelta(days=60)
BOOKED = "booked"
RECREATE = "purchase.handle.invoice.exception"
KEY_OF = "Quayside "
ENTERED = frozenset({"validated", "posted", "paid"})

NO_ORDER = gettext_noop("There is no such order in Tryton.")
NO_LINE = gettext_noop("A line of the invoice is not in the order in Tryton any more.")
NOTHING_DRAFTED = gettext_noop(
    "Nothing is left to be invoiced on a line in Tryton. Receive the goods there first, or book the invoice by hand."
)
NO_ORIGINAL = gettext_noop(
    "Tryton has no posted invoice with the number that this corrects. Book it there first, then have this told again."
)
OTHERWISE = gettext_noop(
    "Tryton has an invoice of this supplier with this number already, and not as it was approved here. Compare the two."
)
CANCELLED = gettext_noop("The invoice was cancelled in Tryton. Look there why.")
STAYS = gettext_noop(
    "The invoice is validated or posted in Tryton already. Cancel or credit it there, then have this told again."
)
OTHER_CURRENCY = gettext_noop("The order is in another currency in Tryton than the invoice.")
NO_UNIT = gettext_noop("Tryton does not know the unit of a line.")
NO_TAX = gettext_noop(
    "Tryton has not exactly one purchase tax of a rate on this invoice. Add it there, then have this told again."
)
OTHER_TOTAL = gettext_noop(
    "Tryton comes to another total than the invoice. The draft is there: put its taxes right and validate it."
)
ROUNDING = "Rounding"

HEAD_FIELDS = (
    "state",
    "reference",
    "description",
    "comment",
    "invoice_date",
    "total_amount",
    "currency.code",
    "lines",
    "_timestamp",
)
LINE_FIELDS = (
    "invoice",
    "type",
    "origin",
    "quantity",
    "unit",
    "unit.symbol",
    "unit.category",
    "unit_price",
    "product",
    "account",
    "taxes",
    "taxes_deductible_rate",
    "description",
    "stock_moves",
    "correction",
)
# What a line that is made has of the one that it is made after.
KEPT = ("product", "unit", "account", "description", "taxes_deductible_rate")

Record = Mapping[str, Any]
Name = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line as it is to stand: of an order's line, or of none."""

    key: str
    quantity: Decimal
    price: Decimal
    rate: Decimal
    unit: str = ""
    words: str = ""
    tax: str = ""
    price_only: bool = False

    @property
    def name(self) -> tuple[str, bool]:
        """What a line to make it after is found by."""
        return self.key, self.price_only


@dataclass(slots=True)
class Clerk:
    """One invoice on its way into one draft. `taxes` is what taxes come to, in percent, as far as it was asked."""

    rpc: Rpc
    command: InvoiceCommand
    picture: Picture | None = None
    purchases: list[Record] = field(default_factory=list)
    dead: list[int] = field(default_factory=list)
    taxes: dict[int, Decimal] = field(default_factory=dict)

    def carry(self) -> WriteResult:
        """Do what is missing, and say how it stands."""
        found = self._find()
        ours = [one for one in found if self._is_ours(one)]
        if self.command.voided:
            return self._take_out(ours, [one for one in found if self._is_theirs(one)])
        self.dead = [one["id"] for one in ours if one["state"] == "cancelled"]
        ours = [one for one in ours if one["state"] != "cancelled"]
        if not ours and len(self.dead) > self.command.cancelled:
            raise ValidationRefused(CANCELLED)
        if not ours and any(one["state"] in ENTERED and self._is_anothers(one) for one in found):
            raise ValidationRefused(OTHERWISE)
        theirs = [one for one in found if self._is_theirs(one)]
        for one in (*ours, *theirs):
            if one["state"] in ENTERED:
                return self._as_entered(one)
        drafts = [one for one in (*ours, *theirs) if one["state"] == "draft"]
        draft = drafts[0] if drafts else None
        if draft is not None and self._is_done(draft):
            return self._result(draft["id"])
        number = self._complete(draft)
        self._settle_others(number)
        self._settle_taxes(number)
        self._attach(number)
        self._require_total(number)
        self._leave_note(number)
        return self._result(number)

    # --- looking

    @property
    def _sign(self) -> int:
        return -1 if self.command.is_credit else 1

    def _find(self) -> list[Record]:
        """The invoices of this supplier with our key; and with its number, however it is written, near that day."""
        day = self.command.invoiced_on
        wanted = [
            ["type", "=", "in"],
            ["company.party.code", "=", self.command.company],
            ["party.code", "=", self.command.supplier],
            [
                "OR",
                ["description", "like", f"%{self.command.invoice}%"],
                [
                    ["reference", "!=", None],
                    [
                        "OR",
                        ["invoice_date", "=", None],
                        [["invoice_date", ">=", day - NEAR], ["invoice_date", "<=", day + NEAR]],
                    ],
                ],
            ],
        ]
        order, few = [["id", "ASC"]], ["reference", "description"]
        rows = self.rpc.read(f"{INVOICE}.search_read", wanted, 0, None, order, few)
        number = number_key(self.command.number)
        same = [
            one["id"] for one in rows if self._is_ours(one) or number_key(one["reference"] or "") == number
        ]
        if not same:
            return []
        found: list[Record] = self.rpc.read(
            f"{INVOICE}.search_read", [["id", "in", same]], 0, None, order, HEAD_FIELDS
        )
        return found

    def _is_ours(self, record: Record) -> bool:
        return self.command.invoice in (record["description"] or "")

    def _is_theirs(self, record: Record) -> bool:
        """Whether it is this one, begun or entered by hand."""
        return KEY_OF not in (record["description"] or "") and self._is_near(record)

    def _is_anothers(self, record: Record) -> bool:
        """Whether it is another one of ours, under this one's number."""
        said = record["description"] or ""
        return KEY_OF in said and not self._is_ours(record) and self._is_near(record)

    def _is_near(self, record: Record) -> bool:
        """Whether an invoice with this number is this one: no credit note for an invoice, and not of another year."""
        day: date | None = record["invoice_date"]
        if day is not None and abs(day - self.command.invoiced_on) > NEAR:
            return False
        return bool(record["total_amount"] * self._sign >= 0)

    def _lines(self, invoices: Iterable[int]) -> list[Record]:
        wanted = [["invoice", "in", sorted(invoices)], ["type", "=", "line"]]
        found: list[Record] = self.rpc.read(
            f"{LINE}.search_read", wanted, 0, None, [["id", "ASC"]], LINE_FIELDS
        )
        return found

    def _key_of(self, line: Record) -> str:
        """The order's line that a line bills, also by way of the invoice that it corrects; empty for any other."""
        origin = line["origin"]
        for one in ids_in(origin, INVOICE_LINE_ORIGIN):
            (row,) = self.rpc.read(f"{LINE}.read", [one], ["origin"])
            origin = row["origin"]
        return next((str(one) for one in ids_in(origin, LINE_ORIGIN)), "")

    def _is_done(self, draft: Record) -> bool:
        """Whether all of it stands there, and is said to."""
        note = [["resource", "=", f"{INVOICE},{draft['id']}"], ["message", "=", self._note]]
        if not self.rpc.read("ir.note.search", note, 0, 1, None):
            return False
        return self._holds(draft) and draft["total_amount"] * self._sign == self.command.total

    def _holds(self, draft: Record) -> bool:
        wanted = sorted((one.key, one.quantity, one.price) for one in self._wanted())
        held = [
            (self._key_of(one), exact(one["quantity"]), one["unit_price"])
            for one in self._lines([draft["id"]])
        ]
        return sorted(held) == wanted

    def _as_entered(self, record: Record) -> WriteResult:
        """What was validated or posted is the invoice where it bills the same for the same; else a person compares."""
        billed: dict[str, Decimal] = {}
        for line in self._lines([record["id"]]):
            if key := self._key_of(line):
                billed[key] = billed.get(key, Decimal(0)) + exact(line["quantity"])
        claimed: dict[str, Decimal] = {}
        for one in self.command.lines:
            if one.key:
                claimed[one.key] = claimed.get(one.key, Decimal(0)) + one.quantity * self._sign
        same_total = record["total_amount"] * self._sign == self.command.total
        if not same_total or billed != claimed or _of(record, "currency", "code") != self.command.currency:
            raise ValidationRefused(OTHERWISE)
        self._attach(record["id"])
        return self._result(record["id"])

    # --- what is to stand there

    def _wanted(self) -> list[Wanted]:
        """The lines as they are to stand, those of orders first."""
        names = {one.tax_rate: one.name for one in self.command.taxes}
        billed: list[Wanted] = []
        beside: list[Wanted] = []
        for line in self.command.lines:
            price, missing = price_of_one(line, self.command.currency)
            tax = names.get(line.tax_rate, "")
            quantity = line.quantity * self._sign
            where = billed if line.key else beside
            what = (line.tax_rate, line.unit, line.description, tax, line.price_only)
            where.append(Wanted(line.key, quantity, price, *what))
            if missing:
                beside.append(Wanted("", Decimal(self._sign), missing, line.tax_rate, "", ROUNDING, tax))
        for charge in self.command.charges:
            words = charge.reason or charge.code
            tax = names.get(charge.tax_rate, "")
            beside.append(Wanted("", Decimal(self._sign), charge.amount, charge.tax_rate, "", words, tax))
        return billed + beside

    # --- the draft

    def _complete(self, draft: Record | None) -> int:
        """Let one draft hold what is claimed, in one write; see Note [Whose draft]."""
        wanted = self._wanted()
        self.purchases = self._purchases()
        names = {one.name for one in wanted if one.key}
        if not {key for key, _price_only in names} <= {
            str(line) for one in self.purchases for line in one["lines"]
        }:
            raise ValidationRefused(NO_LINE)
        self._have_recreated()
        at_hand = self._at_hand(draft, names)
        missing = {name for name in names - at_hand.keys() if not name[1]}
        if missing and not self.command.is_credit:
            self._have_drafted({key for key, _price_only in missing})
            at_hand = self._at_hand(draft, names)
            missing = {name for name in names - at_hand.keys() if not name[1]}
            if missing:
                raise ValidationRefused(NOTHING_DRAFTED)
        if names - at_hand.keys():
            at_hand |= self._of_the_original(names - at_hand.keys())
        draft = draft or self._best(at_hand)
        changes = self._changes(draft, wanted, at_hand)
        if draft is None:
            (number,) = self.rpc.write(f"{INVOICE}.create", [self._new_head(at_hand) | changes])
            return int(number)
        if _of(draft, "currency", "code") != self.command.currency:
            raise ValidationRefused(OTHER_CURRENCY)
        stamp = {f"{INVOICE},{draft['id']}": draft["_timestamp"]}
        self.rpc.write(f"{INVOICE}.write", [draft["id"]], changes, _timestamp=stamp)
        return int(draft["id"])

    def _purchases(self) -> list[Record]:
        numbers = self.command.orders
        wanted = [["number", "in", list(numbers)], ["company.party.code", "=", self.command.company]]
        fields = ["number", "invoice_method", "to_invoice", "lines", "invoices"]
        fields += ["invoices_recreated", "invoices_ignored"]
        found: list[Record] = self.rpc.read(
            "purchase.purchase.search_read", wanted, 0, None, [["id", "ASC"]], fields
        )
        if {one["number"] for one in found} != set(numbers):
            raise ValidationRefused(NO_ORDER)
        return found

    def _free_drafts(self) -> list[int]:
        """Drafts of these orders that nobody has put a number on, and that are no other invoice's of ours."""
        wanted = [
            ["type", "=", "in"],
            ["state", "=", "draft"],
            ["party.code", "=", self.command.supplier],
            ["purchases", "in", [one["id"] for one in self.purchases]],
            ["OR", ["reference", "=", None], ["reference", "=", ""]],
            ["OR", ["description", "=", None], ["description", "not like", f"%{KEY_OF}%"]],
        ]
        found: list[int] = self.rpc.read(f"{INVOICE}.search", wanted, 0, None, [["id", "ASC"]])
        return found

    def _at_hand(self, draft: Record | None, names: Iterable[Name]) -> dict[Name, list[Record]]:
        """The drafted lines of these lines of orders that go the same way as the claim: those in our draft first."""
        own = [] if draft is None else [draft["id"]]
        rows = self._lines(own) if own else []
        free = [one for one in self._free_drafts() if one not in own]
        rows += self._lines(free) if free else []
        found: dict[Name, list[Record]] = {}
        for row in rows:
            name = (self._key_of(row), bool(row["correction"]))
            if name in names and exact(row["quantity"]) * self._sign > 0:
                found.setdefault(name, []).append(row)
        return found

    def _have_recreated(self) -> None:
        """Tell Tryton that what was cancelled of this invoice is to be invoiced after all: until somebody says so it
        counts as invoiced (wizard *Handle Invoice Exception*). What its people chose to ignore stays ignored.
        """
        for purchase in self.purchases:
            handled = {*purchase["invoices_recreated"], *purchase["invoices_ignored"]}
            gone = sorted({*self.dead} & {*purchase["invoices"]} - handled)
            if gone:
                said = {"recreate_invoices": gone, "ignore_invoices": [], "domain_invoices": gone}
                where = {"active_model": "purchase.purchase", "active_id": purchase["id"]}
                where["active_ids"] = [purchase["id"]]
                self.rpc.wizard(RECREATE, {"ask": said}, "handle", **where)
                self.rpc.write("purchase.purchase.process", [purchase["id"]])

    def _have_drafted(self, keys: Collection[str]) -> None:
        """Tell Tryton to draft what is to be invoiced on these lines: on a manual order it waits to be told, and a
        crash may have left any other without. Whether anything is left, an order says anew once it is processed."""
        for purchase in self.purchases:
            if not {str(line) for line in purchase["lines"]} & set(keys):
                continue
            is_manual = purchase["invoice_method"] == "manual"
            is_left = purchase["to_invoice"]
            if not is_manual or not is_left:
                self.rpc.write("purchase.purchase.process", [purchase["id"]])
            if is_manual and not is_left:
                (row,) = self.rpc.read("purchase.purchase.read", [purchase["id"]], ["to_invoice"])
                is_left = row["to_invoice"]
            if is_manual and is_left:
                self.rpc.write("purchase.purchase.manual_invoice", [purchase["id"]])

    def _of_the_original(self, names: Collection[Name]) -> dict[Name, list[Record]]:
        """The lines of the invoice that is corrected, as lines to be made after them."""
        wanted = [
            ["type", "=", "in"],
            ["state", "in", ["posted", "paid"]],
            ["company.party.code", "=", self.command.company],
            ["party.code", "=", self.command.supplier],
            ["reference", "=", self.command.corrects],
        ]
        originals = self.rpc.read(f"{INVOICE}.search", wanted, 0, None, None) if self.command.corrects else []
        found: dict[Name, list[Record]] = {}
        for row in self._lines(originals) if originals else []:
            after = {**row, "corrects": f"{INVOICE_LINE_ORIGIN}{row['id']}"}
            for name in names:
                if name[0] == self._key_of(row) and exact(row["quantity"]) > 0:
                    found.setdefault(name, []).append(after)
        if not set(names) <= found.keys():
            raise ValidationRefused(NO_ORIGINAL)
        return found

    def _best(self, at_hand: Mapping[Name, Sequence[Record]]) -> Record | None:
        """The draft that has most of the lines; none where only an invoice that is corrected has them."""
        rows = [row for some in at_hand.values() for row in some if "corrects" not in row]
        if not rows:
            return None
        held: dict[int, int] = {}
        for row in rows:
            held[row["invoice"]] = held.get(row["invoice"], 0) + 1
        number = min(held, key=lambda one: (-held[one], one))
        (found,) = self.rpc.read(f"{INVOICE}.read", [number], HEAD_FIELDS)
        return found  # type: ignore[no-any-return]  # as the wire has it

    def _new_head(self, at_hand: Mapping[Name, Sequence[Record]]) -> dict[str, Any]:
        """As that of the invoice that is corrected."""
        (original,) = {row["invoice"] for some in at_hand.values() for row in some[:1]} or {None}
        fields = ["company", "party", "invoice_address", "currency", "account", "journal", "payment_term"]
        (head,) = self.rpc.read(f"{INVOICE}.read", [original], [*fields, "currency.code"])
        if _of(head, "currency", "code") != self.command.currency:
            raise ValidationRefused(OTHER_CURRENCY)
        return {"type": "in"} | {name: head[name] for name in fields}

    def _changes(
        self, draft: Record | None, wanted: Sequence[Wanted], at_hand: Mapping[Name, Sequence[Record]]
    ) -> dict[str, Any]:
        """What is written on the draft: its head, its lines, and our key."""
        own = self._lines([draft["id"]]) if draft is not None else []
        left = {row["id"]: row for row in own}
        steps: list[list[Any]] = []
        made: list[dict[str, Any]] = []
        any_row = next((row for some in at_hand.values() for row in some), None)
        for one in wanted:
            rows = at_hand.get(one.name, ())
            mine = next((row for row in rows if row["id"] in left), None)
            after = mine or next(iter(rows), None) or any_row
            if after is None:
                raise ValidationRefused(NOTHING_DRAFTED)
            values = self._values(one, after, rows, is_new=mine is None)
            if mine is not None:
                del left[mine["id"]]
                steps.append(["write", [mine["id"]], values])
            else:
                made.append(values)
        if left:
            steps.append(["delete", list(left)])
        if made:
            steps.append(["create", made])
        changes: dict[str, Any] = {
            "reference": self.command.number,
            "invoice_date": self.command.invoiced_on,
            "description": self._description(draft),
            "lines": steps,
        }
        words = self._words
        if words and not (draft or {}).get("comment"):
            changes["comment"] = words
        return changes

    def _description(self, draft: Record | None) -> str:
        said = ((draft or {}).get("description") or "").strip()
        ours = f"{KEY_OF}{self.command.invoice}"
        return said if self.command.invoice in said else f"{said} {ours}".strip()

    @property
    def _words(self) -> str:
        due = f"Due {self.command.due_on}." if self.command.due_on else ""
        about = f"Corrects {self.command.corrects}." if self.command.corrects else ""
        return "\n".join(filter(None, (due, about, self.command.note)))

    def _values(self, one: Wanted, after: Record, rows: Sequence[Record], *, is_new: bool) -> dict[str, Any]:
        """A line's values, made after another one where it is new."""
        values: dict[str, Any] = {"quantity": float(one.quantity), "unit_price": one.price}
        taxes = self._taxes_for(one, after)
        if is_new or sorted(taxes) != sorted(after["taxes"] or ()):
            values["taxes"] = [["add", taxes]] if is_new else _turned(after["taxes"] or (), taxes)
        if not one.key:
            return values | {"type": "line", "account": after["account"], "description": one.words}
        unit = self._unit_of(one, after)
        if is_new:
            values |= {"type": "line", **{name: after[name] for name in KEPT}}
            values["origin"] = after.get("corrects") or after["origin"]
            values["correction"] = one.price_only
        if unit != after["unit"]:
            values["unit"] = unit
        moves = sorted({move for row in rows for move in row["stock_moves"] or ()})
        missing = moves if is_new else [one for one in moves if one not in (after["stock_moves"] or ())]
        if missing:
            values["stock_moves"] = [["add", missing]]
        return values

    def _unit_of(self, one: Wanted, after: Record) -> Any:
        """The line's unit, or the one that the supplier bills in."""
        if not one.unit or one.unit == _of(after, "unit", "symbol"):
            return after["unit"]
        category = (after["unit."] or {}).get("category")
        wanted = [["symbol", "=", one.unit], ["category", "=", category]]
        found = self.rpc.read("product.uom.search", wanted, 0, 2, None)
        if len(found) != 1:
            raise ValidationRefused(NO_UNIT)
        return found[0]

    # --- taxes

    def _rate_of(self, taxes: Iterable[int]) -> Decimal:
        """What these taxes come to, in percent, with what they consist of."""
        unknown = sorted(set(taxes) - self.taxes.keys())
        if unknown:
            wanted = [["OR", ["id", "in", unknown], ["parent", "in", unknown]]]
            fields = ["type", "rate", "parent"]
            for row in self.rpc.read("account.tax.search_read", wanted, 0, None, None, fields):
                whole = row["parent"] or row["id"]
                rate = row["rate"] * 100 if row["type"] == "percentage" and row["rate"] else Decimal(0)
                self.taxes[whole] = self.taxes.get(whole, Decimal(0)) + rate
        return sum((self.taxes.get(one, Decimal(0)) for one in taxes), Decimal(0))

    def _taxes_for(self, one: Wanted, after: Record) -> list[int]:
        """Those that the line has already where they come to the rate; else the one tax of this name, or this rate."""
        standing = list(after["taxes"] or ())
        if self._rate_of(standing) == one.rate:
            return standing
        if not one.rate:
            return []
        wanted = [
            ["company.party.code", "=", self.command.company],
            ["parent", "=", None],
            ["type", "=", "percentage"],
            ["rate", "=", one.rate / 100],
            ["OR", ["group", "=", None], ["group.kind", "in", ["purchase", "both"]]],
        ]
        fields = ["name", "description"]
        found = self.rpc.read("account.tax.search_read", wanted, 0, None, [["id", "ASC"]], fields)
        named = [row for row in found if one.tax and one.tax in (row["name"], row["description"])]
        chosen = named or found
        if len(chosen) != 1:
            raise ValidationRefused(NO_TAX)
        return [int(chosen[0]["id"])]

    def _settle_taxes(self, number: int) -> None:
        """See Note [To the cent]."""
        allowed = Decimal(1).scaleb(-minor_units(self.command.currency)) * max(
            len(self.command.lines) + len(self.command.charges), 2
        )
        claimed: dict[Decimal, Decimal] = {}
        for one in self.command.taxes:
            claimed[one.tax_rate] = claimed.get(one.tax_rate, Decimal(0)) + one.amount * self._sign
        wanted = [["invoice", "=", number]]
        fields = ["amount", "tax.rate"]
        rows = self.rpc.read("account.invoice.tax.search_read", wanted, 0, None, [["id", "ASC"]], fields)
        for rate, amount in claimed.items():
            mine = [row for row in rows if ((row["tax."] or {}).get("rate") or 0) * 100 == rate]
            missing = amount - sum((row["amount"] for row in mine), Decimal(0))
            if mine and missing and abs(missing) <= allowed:
                changed = {"amount": mine[0]["amount"] + missing}
                self.rpc.write("account.invoice.tax.write", [mine[0]["id"]], changed)

    # --- what is left

    def _settle_others(self, number: int) -> None:
        """Lines of other drafts that are billed by ours now leave those; what is then left is drafted by Tryton."""
        keys = {one.key for one in self.command.lines if one.key}
        if not keys:
            return
        free = [one for one in self._free_drafts() if one != number]
        others = self._lines(free) if free else []
        spare = [row for row in others if self._key_of(row) in keys]
        left = self._left_of(keys)
        both_ways = {
            key
            for key in keys
            if len({exact(row["quantity"]) > 0 for row in spare if self._key_of(row) == key}) == 2
        }
        gone = [
            row for row in spare if left[self._key_of(row)] * self._sign < 0 or self._key_of(row) in both_ways
        ]
        if gone:
            self._drop([*gone, *self._beside(gone, others)])
            left = self._left_of(keys)
        undrafted = {key for key, some in left.items() if some * self._sign > 0}
        for purchase in self.purchases:
            if undrafted & {str(line) for line in purchase["lines"]}:
                self.rpc.write("purchase.purchase.process", [purchase["id"]])

    def _beside(self, gone: Sequence[Record], others: Sequence[Record]) -> list[Record]:
        """What was drafted with these lines because Tryton was told to: on a manual order nobody waits for it."""
        manual = {
            str(line) for one in self.purchases if one["invoice_method"] == "manual" for line in one["lines"]
        }
        touched, known = {row["invoice"] for row in gone}, {row["id"] for row in gone}
        rest = [row for row in others if row["invoice"] in touched and row["id"] not in known]
        return [row for row in rest if self._key_of(row) in manual]

    def _drop(self, gone: Sequence[Record]) -> None:
        """Take lines out of their drafts; a draft that has no other goes with them, in one step."""
        ids = {row["id"] for row in gone}
        wanted = [["id", "in", sorted({row["invoice"] for row in gone})]]
        rows = self.rpc.read(f"{INVOICE}.search_read", wanted, 0, None, [["id", "ASC"]], ["lines"])
        whole = [row["id"] for row in rows if set(row["lines"]) <= ids]
        if whole:
            self.rpc.write(f"{INVOICE}.delete", whole)
        if lines := [row["id"] for row in gone if row["invoice"] not in whole]:
            self.rpc.write(f"{LINE}.delete", lines)

    def _left_of(self, keys: Iterable[str]) -> dict[str, Decimal]:
        """How much of each line is to be invoiced and neither invoiced nor drafted; below zero where it is too much."""
        methods = {line: one["invoice_method"] for one in self.purchases for line in one["lines"]}
        fields = [
            "quantity",
            "product.template.type",
            "moves.quantity",
            "moves.state",
            "invoice_lines.quantity",
            "invoice_lines.invoice_state",
        ]
        found: dict[str, Decimal] = {}
        for row in self.rpc.read("purchase.line.read", sorted(int(key) for key in keys), fields):
            due = exact(row["quantity"])
            is_goods = _of(row, "product", "template", "type") in ("goods", "assets")
            if methods[row["id"]] not in ("manual", "order") and is_goods:
                moves = row["moves."] or ()
                due = sum((exact(one["quantity"]) for one in moves if one["state"] == "done"), Decimal(0))
            lines = row["invoice_lines."] or ()
            billed = sum((exact(one["quantity"]) for one in lines), Decimal(0))
            found[str(row["id"])] = due - billed
        return found

    def _attach(self, number: int) -> None:
        """The supplier's own document, once."""
        if self.picture is None:
            return
        resource = f"{INVOICE},{number}"
        there = [["resource", "=", resource], ["name", "=", self.picture.name]]
        if not self.rpc.read("ir.attachment.search", there, 0, 1, None):
            values = {"name": self.picture.name, "type": "data", "data": self.picture.content}
            self.rpc.write("ir.attachment.create", [values | {"resource": resource}])

    def _require_total(self, number: int) -> None:
        (record,) = self.rpc.read(f"{INVOICE}.read", [number], ["total_amount"])
        if record["total_amount"] * self._sign != self.command.total:
            raise ValidationRefused(OTHER_TOTAL)

    @property
    def _note(self) -> str:
        return f"{KEY_OF}{self.command.invoice} {BOOKED}"

    def _leave_note(self, number: int) -> None:
        resource = f"{INVOICE},{number}"
        there = [["resource", "=", resource], ["message", "=", self._note]]
        if not self.rpc.read("ir.note.search", there, 0, 1, None):
            self.rpc.write("ir.note.create", [{"resource": resource, "message": self._note}])

    def _result(self, number: int) -> WriteResult:
        return WriteResult(Outcome.CONFIRMED, reference=f"{INVOICE},{number}")

    # --- taken out

    def _take_out(self, ours: Sequence[Record], theirs: Sequence[Record]) -> WriteResult:
        """A draft is deleted, and Tryton drafts anew what is to be invoiced; what was entered is for a person, also
        what was entered by hand and may have been taken for it."""
        if any(one["state"] in ENTERED for one in (*ours, *theirs)):
            raise ValidationRefused(STAYS)
        if drafts := [one["id"] for one in ours if one["state"] == "draft"]:
            self.rpc.write(f"{INVOICE}.delete", drafts)
        return WriteResult(Outcome.CONFIRMED)


def _turned(now: Sequence[int], wanted: Sequence[int]) -> list[list[Any]]:
    """The steps from one set of records to another."""
    gone, new = [one for one in now if one not in wanted], [one for one in wanted if one not in now]
    return [[verb, some] for verb, some in (("remove", gone), ("add", new)) if some]


def rounded_here(amount: Decimal, currency: str) -> Decimal:
    """As Tryton rounds an amount: half to even."""
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), ROUND_HALF_EVEN)


def price_of_one(line: InvoiceCommandLine, currency: str) -> tuple[Decimal, Decimal]:
    """The price of one unit as Tryton can keep it, and what is then missing of the line's amount.

    The supplier's own price where it gives the amount, else the one that comes nearest to it.
    """
    step = Decimal(1).scaleb(-PRICE_DIGITS)
    own = (line.unit_price / line.price_per).quantize(step)
    spread = (line.amount / line.quantity).quantize(step) if line.quantity else own
    for price in (own, spread):
        if rounded_here(price * line.quantity, currency) == line.amount:
            return price, Decimal(0)
    return spread, line.amount - rounded_here(spread * line.quantity, currency)
