"""Real orders, all the way: 4,012 through the files connector, 20 answered in the browser, and back to the ERP."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django.utils.dateformat import format as dateformat

from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.erp import delivery
from procurement.erp.connectors.files import FilesConnector
from procurement.erp.connectors.files.formats import ORDERS
from procurement.erp.connectors.files.papers import papers_of as read_papers
from procurement.erp.connectors.files.rows import open_table
from procurement.erp.connectors.files.writing import feed_csv
from procurement.erp.inbound import read_feeds
from procurement.erp.models import ErpCommand
from procurement.erp.ports import Feed
from procurement.erp.pretend import PretendErp
from procurement.orders.messages import OrderPaper
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import Membership, Supplier, User
from suppliers.roles import SupplierRole
from tests.erp.real_input import AdventureWorks, shared_data
from tests.people import FEED, PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SAMPLE = 20
EVERY_FIFTH = 5


def test_twenty_real_orders_are_answered_in_the_browser_and_stand_in_the_erp(
    page: Any, db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = FilesConnector(tmp_path, quiet=timedelta(0))
    erp = PretendErp(tmp_path)
    monkeypatch.setattr(delivery, "connect", lambda: connector)
    bring_in(tmp_path, connector, erp)

    sample = a_sample()
    later = answer_in_the_browser(page, sample)

    with acting(FEED):
        lines = PurchaseOrderLine.objects.filter(order__in=sample)
        answered = Counter(line.agreement for line in lines if line.is_open)
    assert answered["awaiting"] == 0
    assert answered["answered"] == len(later) == SAMPLE // EVERY_FIFTH
    assert answered["agreed"] == sum(answered.values()) - len(later)

    deliver_due(worker=1, clock=timezone.now)
    done = erp.work()
    read_feeds(connector, clock=timezone.now)

    with acting(FEED):
        states = Counter(ErpCommand.objects.values_list("state", flat=True))
        numbers = set(ErpCommand.objects.values_list("order__number", flat=True))
    # An order whose only open line goes to the buyer has nothing to tell the ERP yet.
    told = {order.number for order in sample if has_agreed_line(order)}
    assert (states, numbers) == (Counter(confirmed=len(told)), told)
    assert (done.refused, done.conflicts, done.repeated) == ((), (), ())
    assert all(erp.order("AW", number).extra["x_supplier_reference"] == f"SO-{number}" for number in told)


def bring_in(root: Path, connector: FilesConnector, erp: PretendErp) -> None:
    """All of it through the drop folder, as an ERP would hand it over; the pretend ERP keeps the books."""
    works = AdventureWorks(shared_data("adventureworks_purchasing"))
    (root / "in").mkdir(parents=True)
    for feed, papers in works.master_data().items():
        (root / "in" / f"{feed}.csv").write_text(feed_csv(feed, papers), encoding="utf-8")
    (root / "in" / "orders.csv").write_text(works.orders_csv(), encoding="utf-8")
    runs = {run.feed: run for run in read_feeds(connector, clock=timezone.now)}
    assert (runs["orders"].papers, runs["orders"].taken, runs["orders"].refused) == (4012, 4012, 0)
    with acting(FEED):
        numbers = set(open_orders().values_list("number", flat=True))
    erp.put_orders(paper for paper in papers_of(root) if paper.number in numbers)


def papers_of(root: Path) -> list[OrderPaper]:
    """The orders as they lie in the archive."""
    (archived,) = root.glob("archive/*/*/orders.csv")
    found = [one.sighting for one in read_papers(open_table(archived, ORDERS), Feed.ORDERS) if one.sighting]
    return [one.paper for one in found if isinstance(one.paper, OrderPaper)]


def open_orders() -> Any:
    return PurchaseOrder.objects.filter(lines_for_supplier__gt=0)


def a_sample() -> list[PurchaseOrder]:
    """Ten open orders of each of the two suppliers that have most, and somebody who sells for both."""
    with acting(FEED):
        by_supplier = Counter(open_orders().values_list("supplier_id", flat=True))
        chosen = sorted(by_supplier, key=lambda pk: (-by_supplier[pk], pk))[:2]
        seller = User.objects.create_user("sales@supplier.example", PASSWORD, name="Sam Seller")
        for pk in chosen:
            supplier = Supplier.objects.get(pk=pk)
            Membership.objects.create(user=seller, supplier=supplier, role=SupplierRole.ORDERS)
        return [
            order
            for pk in chosen
            for order in open_orders()
            .filter(supplier_id=pk)
            .select_related("supplier")
            .order_by("id")[: SAMPLE // 2]
        ]


def answer_in_the_browser(page: Any, sample: list[PurchaseOrder]) -> list[int]:
    """Confirm each order in one press; in every fifth the first open line comes later. Returns those lines."""
    page.goto("/accounts/login/")
    page.fill("#id_login", "sales@supplier.example")
    page.fill("#id_password", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/")
    later: list[int] = []
    acting_for = None
    day = dateformat((timezone.now() + timedelta(days=60)).date(), "j M Y")
    for position, order in enumerate(sample):
        if acting_for != order.supplier_id:
            act_for(page, order.supplier)
            acting_for = order.supplier_id
        page.goto(f"/orders/{order.key}/")
        if position % EVERY_FIFTH == 0:
            with acting(FEED):
                first = next(line for line in order.lines.order_by("number") if line.is_open)
            with page.expect_response("**/answer/line/"):
                page.fill(f"[name='delivery_on.{first.key}.0']", day)
            page.locator(f"tbody[data-line='{first.key}'] .q-verdict b").first.wait_for()
            later.append(first.pk)
        page.fill("#supplier_reference", f"SO-{order.number}")
        page.click("#answer-bar button[name=send]")
        page.wait_for_selector(".q-toast")
    return later


def act_for(page: Any, supplier: Supplier) -> None:
    """Change to another of one's suppliers, as the menu does, where one is not there yet."""
    menu = page.locator(
        f"form:has(input[name='supplier'][value='{supplier.key}']) button, button[value='{supplier.key}']"
    )
    page.goto("/")
    if menu.count():
        with page.expect_navigation():
            menu.first.evaluate("button => button.form.requestSubmit(button)")


def has_agreed_line(order: PurchaseOrder) -> bool:
    with acting(FEED):
        return order.lines.filter(agreement="agreed").exists()
