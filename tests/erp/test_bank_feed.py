"""Bank accounts out of the drop folder: read, held against what is on record, and kept nowhere."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from portal.kernel.scope import acting
from procurement.erp.connectors.files.writing import feed_csv
from procurement.erp.models import FeedProblem
from procurement.erp.ports import Feed, Unsupported
from suppliers.banking.messages import AccountsPaper, PaidTo
from suppliers.banking.models import BankTold
from suppliers.banking.queries import OFFICE
from tests.builders.bank import NEW_IBAN, OLD_IBAN, typed
from tests.erp.test_inbound import Folder, figures, problems_of
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "supplier,number,holder,country,currency,paid_since\n"


@pytest.fixture
def folder(world: object, tmp_path: Path) -> Folder:
    return Folder(tmp_path / "erp")


def accounts(*told: tuple[str, Sequence[str]]) -> str:
    papers = [AccountsPaper(who, tuple(PaidTo(typed(one)) for one in numbers)) for who, numbers in told]
    return feed_csv(Feed.BANK_ACCOUNTS, papers)


def standing() -> list[tuple[str, str]]:
    with acting(OFFICE):
        rows = BankTold.objects.filter(gone_at=None).order_by("supplier__number", "id")
        return [(one.supplier.number, one.masked) for one in rows.select_related("supplier")]


def everything_kept(root: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in root.rglob("*") if path.is_file())


def test_a_file_is_read_and_then_is_no_more(folder: Folder) -> None:
    folder.put("bank_accounts.csv", accounts(("ACME", [OLD_IBAN, NEW_IBAN]), ("GLOBEX", [])))
    assert figures(folder.read()["bank_accounts"]) == (2, 1, 1, 0, 0)
    assert standing() == [("ACME", "DE •••• 3000"), ("ACME", "DE •••• 9890")]

    folder.put("bank_accounts.csv", accounts(("ACME", [NEW_IBAN]), ("GLOBEX", [OLD_IBAN])))
    assert figures(folder.read()["bank_accounts"]) == (2, 2, 0, 0, 0)
    assert standing() == [("ACME", "DE •••• 9890"), ("GLOBEX", "DE •••• 3000")]
    assert not list(folder.root.rglob("*bank_accounts.csv"))
    assert OLD_IBAN not in everything_kept(folder.root)


def test_what_cannot_be_read_is_reported_and_never_quoted(folder: Folder) -> None:
    wrong = OLD_IBAN[:-1] + "1"
    rows = [
        f"ACME,{wrong},Acme,DE,EUR,",
        f"GLOBEX,{OLD_IBAN},Globex,DE,EUR,01.04.2025",
        f'NOBODY,{OLD_IBAN},"Nobody,DE,EUR,',
        f"ELSE,{OLD_IBAN * 3},Else,DE,EUR,",
    ]
    folder.put("bank_accounts.csv", HEAD + "\n".join(rows) + "\n")
    run = folder.read()["bank_accounts"]
    found = problems_of(run)
    assert {(rule, row, column) for rule, _source, row, column, _value in found} >= {
        ("not_iso_date", 3, "paid_since"),
        ("accounts_refused", 3, ""),
        ("broken_quotes", 4, ""),
        ("too_long", 5, "number"),
    }
    assert ("refused_by_portal", "number") in {
        (rule, column) for rule, _source, _row, column, _value in found
    }
    with acting(FEED):
        kept = str(list(FeedProblem.objects.values_list("value", "record", "facts", "column")))
    for text in (kept, everything_kept(folder.root)):
        assert "0532013000" not in text
        assert "053201300" not in text
    assert not list(folder.root.rglob("*-refused.csv"))
    assert list(folder.root.rglob("bank_accounts.csv.report.txt"))
    assert standing() == []


def test_they_are_not_compared_at_night_nor_kept_for_another_reading(folder: Folder) -> None:
    with folder.connector as connector:
        for ask in (connector.sweep, lambda feed: connector.look_up(feed, [("ACME",)])):
            with pytest.raises(Unsupported, match="held against what is on record"):
                list(ask(Feed.BANK_ACCOUNTS))
    assert Feed.ORDERS not in Feed.BANK_ACCOUNTS.upstream
    assert all(Feed.BANK_ACCOUNTS not in feed.upstream for feed in Feed)
