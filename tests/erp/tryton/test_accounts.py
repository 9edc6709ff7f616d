"""What Tryton alone does with accounts: an owner on either side, numbers of two kinds, a module that may be missing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from procurement.demo.tryton.founding import PORTAL, make, one
from procurement.demo.tryton.serving import DATABASE
from procurement.erp.connectors.tryton import TrytonConnector
from procurement.erp.connectors.tryton.wire import Rpc
from procurement.erp.ports import Cursor, Feed, PermissionRefused
from suppliers.banking.messages import AccountsPaper, AccountTyped
from tests.erp.tryton.harness import TrytonHarness, tryton_harness
from tests.thoroughly import EVERYTHING

pytestmark = pytest.mark.slow  # a server of its own

FIRST, SECOND = "DE89370400440532013000", "DE12500105170648489890"


@pytest.fixture(params=["8.0", "8.2"] if EVERYTHING else ["8.2"])
def erp(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TrytonHarness]:
    with tryton_harness(request.param, tmp_path) as harness:
        yield harness


class Watch:
    """A caller that keeps its cursor, and looks whenever it is asked to."""

    def __init__(self, erp: TrytonHarness) -> None:
        self.erp = erp
        self.cursor: Cursor | None = None

    def told(self, at: Callable[[], datetime] = lambda: datetime.now(UTC)) -> dict[str, list[AccountTyped]]:
        """The accounts that one look tells, by supplier; nothing where nothing moved."""
        found: dict[str, list[AccountTyped]] = {}
        with TrytonConnector(self.erp.server.address, DATABASE, *PORTAL, clock=at) as connector:
            for page in connector.read(Feed.BANK_ACCOUNTS, self.cursor):
                self.cursor = page.next
                for sighting in page.sightings:
                    assert isinstance(sighting.paper, AccountsPaper)
                    found[sighting.paper.supplier] = [one.typed for one in sighting.paper.accounts]
        return found

    def numbers(self) -> dict[str, list[str]]:
        return {supplier: [typed.number for typed in some] for supplier, some in self.told().items()}


@pytest.fixture
def watch(erp: TrytonHarness) -> Watch:
    return Watch(erp)


def acme(erp: TrytonHarness) -> int:
    return one(erp.people, "party.party", ["code", "=", "70012"])


def write(erp: TrytonHarness, model: str, record: int, **values: Any) -> None:
    erp.people.write(f"{model}.write", [record], values)


def test_whatever_is_changed_of_an_account_and_on_whichever_side_the_next_look_tells_it(
    erp: TrytonHarness, watch: Watch
) -> None:
    account = erp.open_account([acme(erp)], FIRST)
    assert watch.numbers() == {"70012": [FIRST], "70013": []}
    assert watch.numbers() == {}
    (number,) = erp.accounts()[0]["numbers"]
    globex = one(erp.people, "party.party", ["code", "=", "70013"])

    write(erp, "bank.account.number", number, number=SECOND)  # written over, as a mail asks a clerk to
    assert watch.numbers() == {"70012": [SECOND], "70013": []}
    write(erp, "party.party", globex, bank_accounts=[["add", [account]]])
    assert watch.numbers() == {"70012": [SECOND], "70013": [SECOND]}
    write(erp, "bank.account", account, owners=[["remove", [acme(erp)]]])
    assert watch.numbers() == {"70012": [], "70013": [SECOND]}
    write(erp, "bank.account.number", number, active=False)
    assert watch.numbers() == {"70012": [], "70013": []}
    write(erp, "bank.account.number", number, active=True)
    assert watch.numbers() == {"70012": [], "70013": [SECOND]}
    erp.people.write("bank.account.delete", [account])
    assert watch.numbers() == {"70012": [], "70013": []}
    assert watch.numbers() == {}


def test_an_iban_goes_before_another_number_and_a_bank_says_the_country_of_one(
    erp: TrytonHarness, watch: Watch
) -> None:
    party = make(erp.people, "party.party", name="Wenzhou Bank")
    bank = make(erp.people, "bank", party=party, bic="ICBKCNBJZJP")
    both = erp.open_account([acme(erp)], "1203282009200123456", "other", bank=bank)
    assert watch.told()["70012"] == [
        AccountTyped("EUR", "CN", "Acme", "1203282009200123456", "", "ICBKCNBJZJP")
    ]

    make(erp.people, "bank.account.number", account=both, type="iban", number=FIRST)
    assert watch.told()["70012"] == [AccountTyped("EUR", "DE", "Acme", FIRST, "", "ICBKCNBJZJP")]
    write(erp, "bank", bank, bic="PCBCCNBJZJW")
    assert watch.told()["70012"] == [AccountTyped("EUR", "DE", "Acme", FIRST, "", "PCBCCNBJZJW")]


def test_accounts_are_told_again_when_a_day_begins(erp: TrytonHarness, watch: Watch) -> None:
    erp.open_account([acme(erp)], FIRST)
    assert [typed.number for typed in watch.told()["70012"]] == [FIRST]
    assert watch.told() == {}

    tomorrow = watch.told(lambda: datetime.now(UTC) + timedelta(days=1))

    assert [typed.number for typed in tomorrow["70012"]] == [FIRST]


def test_where_the_module_is_not_activated_nothing_is_told_and_nothing_else_is_missed(
    erp: TrytonHarness, watch: Watch
) -> None:
    erp.open_account([acme(erp)], FIRST)
    erp.deactivate("bank")

    assert watch.told() == {}
    with erp.connector() as connector:
        assert connector.discover().warnings == ()


def test_the_portals_user_may_write_none_and_say_of_none_whose_it_is(
    erp: TrytonHarness, watch: Watch
) -> None:
    account = erp.open_account([acme(erp)], FIRST)
    globex = one(erp.people, "party.party", ["code", "=", "70013"])
    rpc = Rpc(erp.server.address, DATABASE, *PORTAL, patience=30)
    iban = {"type": "iban", "number": SECOND}
    attempts: list[tuple[str, Any]] = [
        ("bank.account.create", [[{"owners": [["add", [globex]]], "numbers": [["create", [iban]]]}]]),
        ("bank.account.write", [[account], {"active": False}]),
        ("bank.account.number.write", [erp.accounts()[0]["numbers"], {"number": SECOND}]),
        ("bank.account.number.create", [[{**iban, "account": account}]]),
        ("party.party.write", [[globex], {"bank_accounts": [["add", [account]]]}]),
        ("party.party.write", [[acme(erp)], {"bank_accounts": [["remove", [account]]]}]),
        ("bank.account-party.party.create", [[{"account": account, "owner": globex}]]),
    ]

    for method, asked in attempts:
        with pytest.raises(PermissionRefused):
            rpc.write(method, *asked)
    rpc.close()

    assert watch.numbers() == {"70012": [FIRST], "70013": []}
