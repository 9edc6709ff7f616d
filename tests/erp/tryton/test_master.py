"""Lists that are read whole, of which something moves while a reading of them is broken off."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from procurement.demo.tryton.founding import one
from procurement.erp.ports import Cursor, Feed
from suppliers.messages import SupplierPaper
from tests.erp.tryton.harness import TrytonHarness, tryton_harness
from tests.thoroughly import EVERYTHING

pytestmark = pytest.mark.slow  # a server of its own


@pytest.fixture(params=["8.0", "8.2"] if EVERYTHING else ["8.2"])
def erp(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TrytonHarness]:
    with tryton_harness(request.param, tmp_path) as harness:
        yield harness


def names(erp: TrytonHarness, since: Cursor | None) -> tuple[dict[str, str], Cursor | None]:
    """What one look tells of suppliers, and where the next one begins."""
    found: dict[str, str] = {}
    with erp.connector() as connector:
        for page in connector.read(Feed.SUPPLIERS, since):
            since = page.next
            for sighting in page.sightings:
                assert isinstance(sighting.paper, SupplierPaper)
                found[sighting.paper.number] = sighting.paper.name
    return found, since


def test_a_supplier_that_is_renamed_while_a_reading_is_broken_off_is_told_by_the_look_after(
    erp: TrytonHarness,
) -> None:
    erp.page_lists(2)
    with erp.connector() as dies:
        pages = dies.read(Feed.SUPPLIERS, None)
        first = next(pages)
        pages.close()  # type: ignore[attr-defined]  # a generator: the process dies between two pages
    assert len(first.sightings) == 2
    acme = one(erp.people, "party.party", ["code", "=", "70012"])
    erp.people.write("party.party.write", [acme], {"name": "Acme Valves"})

    went_on, cursor = names(erp, first.next)
    looked_again, cursor = names(erp, cursor)

    assert (went_on, looked_again) == ({}, {"70012": "Acme Valves", "70013": "Globex"})
    assert names(erp, cursor)[0] == {}
