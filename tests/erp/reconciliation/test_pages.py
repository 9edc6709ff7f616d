"""The integration owner's pages on whether both sides say the same, and the worker's doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.erp import inbound
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.locks import Work, alone_at
from procurement.erp.ports import Feed
from procurement.erp.pretend import PretendErp
from procurement.erp.reconciliation import tasks
from procurement.erp.reconciliation.models import Drift, ReconciliationRun, Rehearsal
from procurement.erp.reconciliation.presenters import field_word, value_texts
from procurement.erp.reconciliation.running import COMPARER, carry_on
from procurement.erp.reconciliation.services import ask_comparison
from procurement.erp.reconciliation.states import DriftKind, Repair
from procurement.erp.tasks import read_feeds
from tests.builders.world import MONDAY, a_paper, fresh_line, receive
from tests.erp.reconciliation.erp import LiveErp, changed
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ines(people: Any) -> Client:
    return signed_in(people["ines"])


def compare(erp: LiveErp) -> None:
    with acting(FEED):
        run = ask_comparison(actor=FEED, at=MONDAY)
    carry_on(erp, run, clock=lambda: MONDAY + timedelta(minutes=1))


def page(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def the_drift(**wanted: Any) -> Drift:
    with acting(FEED):
        return Drift.objects.get(**wanted)


@pytest.fixture
def differing(people: Any) -> LiveErp:
    receive(a_paper("45-1"), a_paper("45-2"))
    erp = LiveErp(changed("45-1", quantity=Decimal(80)), a_paper("45-3"))
    compare(erp)
    return erp


def test_before_the_first_comparison_the_page_teaches(ines: Client) -> None:
    text = page(ines, "integration-comparison")

    assert "Not compared yet" in text
    assert "No comparison yet" in text
    assert "Compare now" in text


def test_what_differs_is_listed_by_kind_with_what_can_be_done(ines: Client, differing: LiveErp) -> None:
    text = page(ines, "integration-comparison")

    assert "<b>3 records</b> do not say the same" in text
    for word in ("45-1", "45-2", "45-3", "line 10: quantity, deliveries", "Cancel the order here, all"):
        assert word in text
    only = page(ines, "integration-comparison", kind="missing_here")
    assert "45-3" in only
    assert "45-1" not in only
    assert "Nothing here" in page(ines, "integration-comparison", state="ignored", kind="nonsense")


def test_one_drift_stands_in_two_columns_with_its_repairs(ines: Client, differing: LiveErp) -> None:
    text = page(ines, "integration-drift", the_drift(number="45-1").key)

    for word in (
        "Side by side",
        "100 on 1 Apr 2026",
        "80 on 1 Apr 2026",
        "Take the ERP’s values",
        "Found by the comparison",
    ):
        assert word in text
    assert "Send the promise again" not in text


def test_choosing_a_repair_and_having_it_carried_out(
    ines: Client, differing: LiveErp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "connect", lambda: differing)
    drift = the_drift(number="45-1")

    response = ines.post(reverse("integration-drift-repair", args=[drift.key]), {"repair": "take_erp"})
    assert response.status_code == 303
    assert "A repair was chosen." in page(ines, "integration-drift", drift.key)

    assert tasks.repair_drift() == 1
    assert fresh_line(order="45-1").quantity == 80
    text = page(ines, "integration-drift", drift.key)
    assert "Put right" in text
    assert "Repair chosen by Ines Integrator: Take the ERP’s values" in text
    assert tasks.repair_drift() == 0


def test_a_repair_that_there_is_not_is_refused(ines: Client, differing: LiveErp) -> None:
    address = reverse("integration-drift-repair", args=[the_drift(number="45-1").key])

    assert ines.post(address, {"repair": "cancel"}).status_code == 409
    assert ines.post(address).status_code == 409
    assert ines.get(address).status_code == 405


def test_ignoring_takes_a_reason_and_can_be_taken_back(ines: Client, differing: LiveErp) -> None:
    drift = the_drift(number="45-2")
    address = reverse("integration-drift-ignore", args=[drift.key])

    assert ines.get(address).status_code == 200
    assert ines.post(address, {"reason": " "}).status_code == 422
    assert ines.post(address, {"reason": "An old test order."}).status_code == 303
    assert "An old test order." in page(ines, "integration-drift", drift.key)

    assert ines.post(reverse("integration-drift-reopen", args=[drift.key])).status_code == 303
    assert the_drift(number="45-2").state == "open"


def test_all_of_a_kind_is_asked_for_once_more_before_it_is_done(ines: Client, differing: LiveErp) -> None:
    address = reverse("integration-drift-repair-all", args=["missing_there", "cancel"])

    assert "Repair all" in page(ines, "integration-drift-repair-all", "missing_there", "cancel")
    assert ines.post(address).status_code == 303
    assert the_drift(number="45-2").state == "asked"
    nonsense = reverse("integration-drift-repair-all", args=["nonsense", "cancel"])
    assert ines.post(nonsense).status_code == 404


def test_an_auditor_looks_and_does_nothing(people: Any, differing: LiveErp) -> None:
    ada, drift = signed_in(people["ada"]), the_drift(number="45-1")

    assert "Compare now" not in page(ada, "integration-comparison")
    assert "What can be done" not in page(ada, "integration-drift", drift.key)
    assert ada.post(reverse("integration-comparison-now")).status_code == 403
    assert ada.post(reverse("integration-drift-repair", args=[drift.key])).status_code == 403


def test_a_supplier_sees_nothing_of_it(people: Any, differing: LiveErp) -> None:
    assert signed_in(people["asha"]).get(reverse("integration-comparison")).status_code == 403


def test_asking_twice_is_refused_and_the_worker_does_it_once(
    ines: Client, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(a_paper())
    monkeypatch.setattr(tasks, "connect", lambda: LiveErp(a_paper()))

    assert ines.post(reverse("integration-comparison-now")).status_code == 303
    assert ines.post(reverse("integration-comparison-now")).status_code == 409
    assert "Compare now" not in page(ines, "integration-comparison")

    assert tasks.compare() is True
    with acting(FEED):
        run = ReconciliationRun.objects.get()
    assert (run.state, run.asked_by, run.counts["orders"]["equal"]) == ("done", "Ines Integrator", 1)
    text = page(ines, "integration-comparison-run", run.key)
    assert "Not compared:" in text
    assert "The ERP has no such feed." in text


def test_a_page_that_waits_for_a_comparison_is_told_when_it_has_ended(ines: Client, world: Any) -> None:
    address = reverse("integration-comparison")
    with acting(FEED):
        run = ask_comparison(actor=FEED, at=MONDAY)
    assert 'hx-get="?wait=1"' in page(ines, "integration-comparison")
    assert "HX-Refresh" not in ines.get(address, {"wait": "1"})

    carry_on(LiveErp(), run, clock=lambda: MONDAY)
    assert ines.get(address, {"wait": "1"})["HX-Refresh"] == "true"
    assert 'hx-get="?wait=1"' not in page(ines, "integration-comparison")


def test_where_nothing_could_be_compared_nobody_is_told_that_all_is_the_same(
    ines: Client, world: Any, tmp_path: Path
) -> None:
    with acting(COMPARER):
        run = ask_comparison(actor=COMPARER, at=MONDAY)
    carry_on(FilesConnector(PretendErp(tmp_path).root), run, clock=lambda: MONDAY)

    text = page(ines, "integration-comparison")
    assert "All the same" not in text
    assert "There was nothing to compare with. There is no complete export" in text
    assert ", by itself" in text


def test_where_a_comparison_broke_off_nobody_is_told_that_all_is_the_same(ines: Client, world: Any) -> None:
    with acting(FEED):
        ReconciliationRun.objects.create(
            state="failed", asked_by="Ines", started_at=MONDAY, finished_at=MONDAY, reason="It is away."
        )

    text = page(ines, "integration-comparison")
    assert "All the same" not in text
    assert "Nobody can say" in text


def test_a_dry_run_of_nothing_says_so(ines: Client, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("procurement.erp.reconciliation.rehearsing.connect", LiveErp)
    ines.post(reverse("integration-rehearsal-now"))
    tasks.rehearse_first_sync()

    text = page(ines, "integration-rehearsal")
    assert "a first sync would do nothing" in text
    assert "Begin a dry run" in text


def test_at_night_the_clock_asks_once(world: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ERP_COMPARE_AT = 2
    night = MONDAY.replace(hour=1, minute=30)  # half past two in Berlin
    monkeypatch.setattr(tasks, "connect", LiveErp)
    monkeypatch.setattr(tasks, "zone_of_the_company", lambda: "Europe/Berlin")
    monkeypatch.setattr(tasks, "timezone", SimpleNamespace(now=lambda: night))

    assert tasks.compare() is True
    assert tasks.compare() is False
    with acting(FEED):
        ReconciliationRun.objects.update(started_at=night - timedelta(days=1))
    settings.ERP_COMPARE_AT = tasks.NEVER
    assert tasks.compare() is False
    settings.ERP_COMPARE_AT = 2
    assert tasks.compare() is True


def test_two_workers_do_not_compare_at_once(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with acting(FEED):
        ask_comparison(actor=FEED, at=MONDAY)
    monkeypatch.setattr(tasks, "connect", LiveErp)

    with another_worker_at(Work.COMPARE):
        assert tasks.compare() is False
    assert tasks.compare() is True


@contextmanager
def another_worker_at(which: Work) -> Iterator[None]:
    """Another process, with a connection of its own, is at it."""
    begun, done = Event(), Event()

    def work() -> None:
        with alone_at(which) as is_ours:
            assert is_ours
            begun.set()
            done.wait(timeout=30)
        connection.close()

    worker = Thread(target=work)
    worker.start()
    assert begun.wait(timeout=30)
    yield
    done.set()
    worker.join()


def test_two_workers_do_not_read_at_once(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[LiveErp] = []

    def connect() -> LiveErp:
        asked.append(LiveErp())
        return asked[-1]

    monkeypatch.setattr(inbound, "connect", connect)

    with another_worker_at(Work.READ):
        read_feeds()
        assert asked == []
    read_feeds()
    assert len(asked) == 1


def test_a_dry_run_is_asked_for_and_read(ines: Client, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = LiveErp(a_paper("45-1"), a_paper("45-2", supplier="NOBODY"))
    monkeypatch.setattr("procurement.erp.reconciliation.rehearsing.connect", lambda: erp)
    assert "No dry run yet" in page(ines, "integration-rehearsal")

    assert ines.post(reverse("integration-rehearsal-now")).status_code == 303
    assert ines.post(reverse("integration-rehearsal-now")).status_code == 409
    assert "as soon as a worker is free" in page(ines, "integration-rehearsal")

    assert tasks.rehearse_first_sync() is True
    assert tasks.rehearse_first_sync() is False
    text = page(ines, "integration-rehearsal")
    assert "NOBODY is not known here." in text
    assert "NM / 45-1" in text
    with acting(FEED):
        assert Rehearsal.objects.get().state == "done"


def test_the_monitor_leads_there(ines: Client, world: Any) -> None:
    assert reverse("integration-comparison") in page(ines, "integration")


def test_rows_cost_no_queries(ines: Client, people: Any) -> None:
    receive(a_paper("45-1"), a_paper("45-2"), a_paper("45-3"))
    counts = []
    for wrong in (["45-1"], ["45-1", "45-2", "45-3"]):
        erp = LiveErp(*(changed(n, note="x") if n in wrong else a_paper(n) for n in ("45-1", "45-2", "45-3")))
        compare(erp)
        page(ines, "integration-comparison")
        with CaptureQueriesContext(connection) as captured:
            page(ines, "integration-comparison")
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_every_word_is_there() -> None:
    from procurement.erp.reconciliation.policies import HEAD, LINE
    from procurement.erp.reconciliation.presenters import explain, repair_says

    assert all(explain(kind) for kind in DriftKind)
    assert all(repair_says(repair) for repair in Repair)
    same = {"GTIN", "note"}
    words = {name: field_word(name) for name in (*HEAD, *LINE)}
    assert {name for name, word in words.items() if "_" in word and word not in same} == set()


def test_values_are_shown_as_people_write_them() -> None:
    assert value_texts("quantity", "1200") == ["1,200"]
    assert value_texts("deliveries", {"2026-04-01": "80", "2026-04-08": "20"}) == [
        "80 on 1 Apr 2026",
        "20 on 8 Apr 2026",
    ]
    assert value_texts("blocked", True) == ["yes"]
    assert value_texts("ordered_on", "2026-03-02") == ["2 Mar 2026"]
    assert value_texts("note", "") == []
    assert Feed.ORDERS == "orders"
