"""One invoice of very many lines: begun from its orders, typed in, sent and matched; and one of fewer, to compare.

`python -m tests.bench.invoice <begin|send> <lines> [<lines to pass over>]`: in processes of their own on the database
of the environment.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lxml import html

from tests.bench import servers
from tests.bench.client import Browser, sign_in
from tests.bench.company import Size
from tests.bench.inbox import told_by
from tests.bench.servers import HOST, Machine

CLERK = "asha1@supplier.example"


def measure(machine: Machine, size: Size, few: int, many: int) -> dict[str, Any]:
    """Seconds of each step, by how many lines the invoice has."""
    database, _loaded = servers.fresh_database(machine, size)
    env = machine.environment(database)

    def run(*what: object) -> dict[str, Any]:
        return told_by(machine.run("-m", "tests.bench.invoice", *map(str, what), env=env))

    sizes: dict[str, dict[str, float]] = {}
    web = servers.start_web(machine, database)
    try:
        asha = sign_in(web.port, HOST, CLERK, machine.password)
        asha.get("/invoices/")  # nothing is warm before
        for lines, passed in ((few, 0), (many, few)):
            begun = run("begin", lines, passed)
            if begun["lines"] != lines:
                raise RuntimeError(f"the company has {begun['lines']} lines for an invoice of {lines}")
            typed = type_and_save(asha, begun["invoice"], f"LONG-{lines}")
            sent = run("send", lines)
            sizes[str(lines)] = {**begun["seconds"], **typed, **sent["seconds"]}
    finally:
        servers.stop_web(machine, web)
    return {"sizes": sizes}


def type_and_save(asha: Browser, invoice: str, number: str) -> dict[str, float]:
    """The editor opened, and one price typed in it: the whole form goes, and what moves comes back."""
    path = f"/invoices/{invoice}/"
    asha.besides = {}
    began = time.perf_counter()
    page = asha.get(path)
    opened = time.perf_counter() - began
    form = html.fromstring(decoded(page)).get_element_by_id("editor")
    fields = dict(form.form_values())
    prices = [name for name in fields if name.startswith("unit_price")]
    fields[prices[0]] = "1.23"
    fields["number"] = number
    fields.pop("csrfmiddlewaretoken")
    asha.besides = {"HX-Request": "true", "HX-Trigger": "editor"}
    began = time.perf_counter()
    saved = asha.post(form.action, fields, page=path)
    took = time.perf_counter() - began
    if saved.status != 200:
        raise RuntimeError(f"the editor answered {saved.status}")
    return {"editor opened": opened, "one price typed and saved": took}


def decoded(answer: Any) -> str:
    """The page's text; the server packs what is long."""
    import gzip

    body: bytes = answer.body
    if answer.headers.get("content-encoding", "").startswith("gzip"):
        body = gzip.decompress(body)
    return body.decode()


# --- in the processes ---------------------------------------------------------------------------------------


def clerk() -> Any:
    from suppliers.models import User

    return User.objects.get(email=CLERK)


def begin(lines: int, passed: int) -> dict[str, Any]:
    """A draft of so many order lines of one supplier, behind so many others."""
    from django.utils import timezone

    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from procurement.invoices.messages import LineChoice
    from procurement.invoices.services import start_from_orders
    from procurement.orders.models import PurchaseOrderLine
    from suppliers.queries import actor_of

    with acting(Actor.system("Bench")):
        asha = actor_of(clerk())
        supplier = clerk().memberships.get().supplier_id
        found = PurchaseOrderLine.objects.filter(supplier=supplier, cancelled=False)
        found = found.exclude(order__state="cancelled").select_related("order").order_by("order_id", "number")
        choices = [LineChoice(one.order.key, one.key, one.quantity) for one in found[passed : passed + lines]]
    assert asha is not None
    began = time.perf_counter()
    with acting(asha):
        (invoice, *_others) = start_from_orders(choices=choices, actor=asha, at=timezone.now())
    took = time.perf_counter() - began
    return {"invoice": str(invoice.key), "lines": len(choices), "seconds": {"begun from its orders": took}}


def send(lines: int, _passed: int) -> dict[str, Any]:
    """The long invoice put right, sent and matched."""
    from django.utils import timezone

    from portal.kernel.scope import acting
    from procurement.invoices.messages import InvoiceNamed, SaveDraft
    from procurement.invoices.models import Invoice
    from procurement.invoices.services import entries_of, header_of, save_draft, send_invoice
    from procurement.matching.queries import MATCHER
    from procurement.matching.services import match_invoices
    from procurement.matching.states import Trigger
    from suppliers.queries import actor_of

    with acting(MATCHER):
        asha = actor_of(clerk())
        invoice = Invoice.objects.get(number=f"LONG-{lines}")
        entries = [
            replace(one, category=one.category or "Z", tax_rate=one.tax_rate or Decimal(0))
            for one in entries_of(invoice)
        ]
        header = header_of(invoice)
    assert asha is not None
    assert len(entries) == lines, len(entries)
    took: dict[str, float] = {}
    with acting(asha):
        began = time.perf_counter()
        invoice = save_draft(
            SaveDraft(invoice.key, invoice.version, header, tuple(entries)), actor=asha, at=timezone.now()
        )
        took["every line taxed and saved"] = time.perf_counter() - began
        began = time.perf_counter()
        send_invoice(InvoiceNamed(invoice.key, invoice.version), actor=asha, at=timezone.now())
        took["checked and sent"] = time.perf_counter() - began
    began = time.perf_counter()
    with acting(MATCHER):
        match_invoices([invoice.pk], trigger=Trigger.SENT, at=timezone.now())
    took["matched"] = time.perf_counter() - began
    return {"seconds": took}


if __name__ == "__main__":
    import django

    django.setup()
    verb, *counts = sys.argv[1:]
    lines, passed = (*map(int, counts), 0)[:2]
    print(json.dumps({"begin": begin, "send": send}[verb](lines, passed)))
