"""To which bank accounts Tryton pays its sellers (module `bank`), each seller whole.

Note [Day by day]: the accounts are read when a seller, an account, a number or an owner moved, and once a day: what
somebody refused is told again for as long as Tryton pays to it. Where the module is not activated nothing is told.

Note [Which accounts]: those of the party, in its order, that are active; of each its IBAN, else its first other number.
Tryton keeps no code of the bank beside a number: where a country needs one the account cannot be read, and is reported.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from procurement.erp.connectors.tryton.master import SIZE, marks_of, marks_to_read_with, sellers_of
from procurement.erp.connectors.tryton.records import _of
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.content import content_hash
from procurement.erp.ports import Cursor, Feed, Page, Sighting
from suppliers.banking.messages import AccountsPaper, AccountTyped, PaidTo

MODULE = "bank"
# Who owns an account moves the stamp of the party or of the account, whichever it was changed on.
STAMPS = ("party.party", "bank", "bank.account", "bank.account.number")
FIELDS = (
    "code",
    "name",
    "supplier_currency.code",
    "addresses.country.code",
    "bank_accounts.active",
    "bank_accounts.currency.code",
    "bank_accounts.bank.bic",
    "bank_accounts.bank.party.addresses.country.code",
    "bank_accounts.numbers.active",
    "bank_accounts.numbers.type",
    "bank_accounts.numbers.number",
    "bank_accounts.numbers.number_compact",
    "bank_accounts.numbers.create_date",
)


def read_accounts(rpc: Rpc, since: Cursor | None, *, now: datetime, size: int = SIZE) -> Iterator[Page]:
    """All accounts of all sellers if anything of them moved, or a day began, since the cursor; in pages."""
    if not _is_there(rpc):
        return
    before: dict[str, Any] = dict(since.position) if since else {}

    def look() -> dict[str, Any]:
        day = now.date().isoformat()
        return {"marks": [*marks_of(rpc, STAMPS), day]} | sellers_of(rpc, before)

    marks = marks_to_read_with(before, look)
    if marks is None:
        return
    after = int(before.get("after", 0))
    usual = _usual_currency(rpc)
    while True:
        wanted = [
            ["code", "!=", None],
            ["active", "in", [True, False]],
            ["id", "in", marks["sellers"]],
            ["id", ">", after],
        ]
        rows = rpc.read("party.party.search_read", wanted, 0, size, [["id", "ASC"]], list(FIELDS))
        papers = [_paper(row, usual) for row in rows]
        is_last = len(rows) < size
        after = 0 if is_last else rows[-1]["id"]
        yield Page(
            Feed.BANK_ACCOUNTS,
            tuple(Sighting(paper, content_hash(paper), "bank.account") for paper in papers),
            Cursor(Feed.BANK_ACCOUNTS, marks | {"after": after}),
            source="bank.account",
        )
        if is_last:
            return


def _is_there(rpc: Rpc) -> bool:
    wanted = [["name", "=", MODULE], ["state", "=", "activated"]]
    return bool(rpc.read("ir.module.search_count", wanted))


def _usual_currency(rpc: Rpc) -> str:
    (found,) = rpc.read("company.company.read", [rpc.context["company"]], ["currency.code"])
    return _of(found, "currency", "code")


def _paper(party: Mapping[str, Any], usual: str) -> AccountsPaper:
    found = (_paid_to(party, one, usual) for one in party["bank_accounts."] or () if one["active"])
    return AccountsPaper(party["code"], tuple(one for one in found if one is not None))


def _paid_to(party: Mapping[str, Any], account: Mapping[str, Any], usual: str) -> PaidTo | None:
    numbers = [one for one in account["numbers."] or () if one["active"]]
    chosen = next((one for one in numbers if one["type"] == "iban"), None) or next(iter(numbers), None)
    if chosen is None:
        return None
    bic = _of(account, "bank", "bic")
    number = chosen["number_compact"] or chosen["number"]
    typed = AccountTyped(
        currency=_of(account, "currency", "code") or _of(party, "supplier_currency", "code") or usual,
        country=number[:2] if chosen["type"] == "iban" else _country_of(party, account, bic),
        holder=party["name"] or party["code"],
        number=number,
        bic=bic,
    )
    return PaidTo(typed, _day_of(chosen["create_date"]))


def _country_of(party: Mapping[str, Any], account: Mapping[str, Any], bic: str) -> str:
    """The country of a national number: that of the BIC, of the bank, at worst of the seller."""
    bank = (account.get("bank.") or {}).get("party.") or {}
    places = [*(bank.get("addresses.") or ()), *(party["addresses."] or ())]
    return bic[4:6] or next((found for one in places if (found := _of(one, "country", "code"))), "")


def _day_of(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
