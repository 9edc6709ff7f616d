"""The contract of `procurement.erp.ports`: to which accounts suppliers are paid."""

from collections.abc import Callable, Sequence

import pytest

from procurement.erp.ports import (
    Feed,
    Sighting,
    Unsupported,
)
from suppliers.banking.messages import AccountsPaper
from tests.erp.contract.caller import Reader
from tests.erp.contract.harness import ConnectorHarness
from tests.erp.papers import MASTER_DATA

FIRST, SECOND, THIRD = "DE89370400440532013000", "DE12500105170648489890", "GB29NWBK60161331926819"


def paid_to(seen: Sequence[Sighting]) -> dict[str, list[str]]:
    """To which accounts each supplier was said to be paid, by what was said last."""
    papers = [one.paper for one in seen if isinstance(one.paper, AccountsPaper)]
    return {one.supplier: sorted(account.typed.number for account in one.accounts) for one in papers}


@pytest.fixture
def payees(erp: ConnectorHarness, reader: Reader) -> Callable[[], dict[str, list[str]]]:
    """Acme (70012) and Globex (70013) are suppliers; to whom all that was told until now says that they are paid."""
    erp.put_master_data({Feed.SUPPLIERS: MASTER_DATA[Feed.SUPPLIERS]})
    reader.read(Feed.SUPPLIERS)
    told: dict[str, list[str]] = {}

    def look() -> dict[str, list[str]]:
        told.update(paid_to(reader.read(Feed.BANK_ACCOUNTS)))
        return {supplier: told.get(supplier, []) for supplier in ("70012", "70013")}

    return look


Payees = Callable[[], dict[str, list[str]]]


@pytest.mark.usefixtures("payees")
def test_accounts_are_told_supplier_by_supplier_and_never_in_part(
    erp: ConnectorHarness, reader: Reader
) -> None:
    erp.pay_to("70012", FIRST, SECOND)

    with erp.connector() as dies:
        pages = dies.read(Feed.BANK_ACCOUNTS, None)
        lost = paid_to(next(pages).sightings)
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies here
    seen = reader.read(Feed.BANK_ACCOUNTS)

    told = paid_to(seen)
    assert (told["70012"], lost.items() <= told.items()) == (sorted([FIRST, SECOND]), True)
    (paper,) = (one.paper for one in seen if getattr(one.paper, "supplier", "") == "70012")
    assert isinstance(paper, AccountsPaper)
    assert {(one.typed.currency, one.typed.country) for one in paper.accounts} == {("EUR", "DE")}
    assert {one.typed.holder for one in paper.accounts} == {"Acme"}
    assert FIRST not in repr(seen)
    again = reader.read(Feed.BANK_ACCOUNTS)
    assert {one.content_hash for one in again} <= {one.content_hash for one in seen}


def test_an_account_that_is_changed_or_taken_away_is_told_and_nobody_elses_moves(
    erp: ConnectorHarness, payees: Payees
) -> None:
    erp.pay_to("70012", FIRST)
    erp.pay_to("70013", SECOND)
    assert payees() == {"70012": [FIRST], "70013": [SECOND]}

    erp.pay_to("70012", THIRD)
    assert payees() == {"70012": [THIRD], "70013": [SECOND]}
    erp.pay_to("70012", FIRST, THIRD)
    assert payees() == {"70012": sorted([FIRST, THIRD]), "70013": [SECOND]}
    erp.pay_to("70012")
    assert payees() == {"70012": [], "70013": [SECOND]}


def test_two_suppliers_with_one_account_are_each_told_with_it(erp: ConnectorHarness, payees: Payees) -> None:
    erp.pay_to("70012", FIRST, SECOND)
    assert payees() == {"70012": sorted([FIRST, SECOND]), "70013": []}

    erp.pay_to("70013", FIRST)
    assert payees() == {"70012": sorted([FIRST, SECOND]), "70013": [FIRST]}
    erp.pay_to("70012", SECOND)
    assert payees() == {"70012": [SECOND], "70013": [FIRST]}


def test_an_account_that_changes_while_a_reading_is_broken_off_is_told_by_the_next_looks(
    erp: ConnectorHarness, reader: Reader, payees: Payees
) -> None:
    erp.page_lists(2)
    erp.pay_to("70012", FIRST)
    erp.pay_to("70013", SECOND)
    with erp.connector() as dies:
        pages = dies.read(Feed.BANK_ACCOUNTS, None)
        reader.take(next(pages), dies)
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies between two pages

    erp.pay_to("70012", THIRD)  # whom the first page has told already

    payees()  # goes on where it broke off
    assert payees()["70012"] == [THIRD]


def test_accounts_are_read_only_and_not_compared(erp: ConnectorHarness) -> None:
    with erp.connector() as connector:
        assert Feed.BANK_ACCOUNTS in connector.capabilities.reads
        with pytest.raises(Unsupported):
            list(connector.sweep(Feed.BANK_ACCOUNTS))
        with pytest.raises(Unsupported):
            list(connector.look_up(Feed.BANK_ACCOUNTS, [("70012",)]))
