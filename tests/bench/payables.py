"""Accounts payable with very many open invoices, and invoices as PDFs with data inside.

`python -m tests.bench.payables <fill|papers> <count>`: in processes of their own on the database of the environment.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from tests.bench import servers
from tests.bench.client import sign_in
from tests.bench.company import Size
from tests.bench.inbox import timed, told_by
from tests.bench.servers import HOST, Machine

ROUNDS = 40
PAYER = "otto1@northmoor.example"
# Of them all, so many are really matched; the others are held for the same reason as the first of these.
MATCHED = 50


def measure(machine: Machine, size: Size, invoices: int, papers: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of the desk's pages with so many open, and PDFs a second."""
    database, _loaded = servers.fresh_database(machine, size)
    env = machine.environment(database)

    def run(what: str, count: int) -> dict[str, Any]:
        return told_by(machine.run("-m", "tests.bench.payables", what, str(count), env=env))

    filled = run("fill", invoices)
    with machine.superuser(database) as server:
        server.execute("ANALYZE")
        server.commit()
    web = servers.start_web(machine, database)
    try:
        pages = ask_pages(machine, web.port, filled["first"], rounds)
    finally:
        servers.stop_web(machine, web)
    return {"invoices": invoices, "pages": pages, **run("papers", papers)}


def ask_pages(machine: Machine, port: int, first: str, rounds: int) -> dict[str, dict[str, float]]:
    otto = sign_in(port, HOST, PAYER, machine.password)
    wanted = {
        "what needs us": "/payables/",
        "all that is open": "/payables/?view=all",
        "one supplier": "/payables/?view=all&supplier=S00003",
        "one number": "/payables/?view=all&q=DESK-77",
        "a case": f"/payables/{first}/",
        "what is due when": "/payables/due/",
    }
    return {name: timed(lambda path=path: otto.get(path), rounds) for name, path in wanted.items()}  # type: ignore[misc]  # bound now


# --- in the processes ---------------------------------------------------------------------------------------

INVOICES = """
INSERT INTO procurement_invoice (key, supplier_id, company_id, kind, state, version, document, issue, corrects_number,
    reason, number, number_key, invoiced_on, due_on, payment_days, discount_percent, discount_days, currency,
    buyer_reference, supplier_tax_id, company_tax_id, withholding_note, note, line_total, allowance_total, charge_total,
    tax_total, total, discount_amount, drafted_at, updated_at, state_at, written_by, on_behalf, sent_at, sent_by,
    channel, held_for, acts, approved_by, approval_reason, rejected_reason, end_reason, payment_reference)
SELECT gen_random_uuid(), o.supplier_id, o.company_id, 'invoice', 'sent', 1, gen_random_uuid(), 1, '', '',
    'DESK-' || n, 'desk-' || n, current_date - n %% 30, current_date - n %% 30 + 30, 30,
    CASE WHEN n %% 3 = 0 THEN 2 END,
    CASE WHEN n %% 3 = 0 THEN 10 END, o.currency, '', '', '', '', '', l.worth, 0, 0, 0, l.worth,
    CASE WHEN n %% 3 = 0 THEN round(l.worth * 0.02, 2) ELSE 0 END, now(), now(), now(),
    'Bench', false, now() - interval '1 day' + n * interval '1 millisecond', 'Bench', 'api', '{}', '', '', '', '', '',
    ''
FROM generate_series(1, %(invoices)s) n
JOIN LATERAL (SELECT lines[1 + n %% array_length(lines, 1)] AS id FROM known) chosen ON true
JOIN LATERAL (
    SELECT order_id, round(quantity * (price * 1.03) / price_per, 2) AS worth
    FROM procurement_purchaseorderline WHERE id = chosen.id) l ON true
JOIN procurement_purchaseorder o ON o.id = l.order_id
"""
LINES = """
INSERT INTO procurement_invoiceline (supplier_id, invoice_id, order_id, line_id, position, description, supplier_item,
    quantity, unit, unit_decimals, unit_price, price_quantity, amount, price_only, category, tax_rate, jurisdiction)
SELECT l.supplier_id, i.id, l.order_id, l.id, 1, l.description, '', l.quantity, l.unit, 0, l.price * 1.03, l.price_per,
    i.total, false, 'Z', 0, ''
FROM procurement_invoice i
JOIN LATERAL (SELECT lines[1 + substr(i.number, 6)::int %% array_length(lines, 1)] AS id FROM known) chosen ON true
JOIN procurement_purchaseorderline l ON l.id = chosen.id
WHERE i.number LIKE 'DESK-%%'
"""
TAXES = """
INSERT INTO procurement_invoicetax (supplier_id, invoice_id, category, tax_rate, jurisdiction, base, amount,
    exemption_reason)
SELECT supplier_id, id, 'Z', 0, '', total, 0, '' FROM procurement_invoice WHERE number LIKE 'DESK-%%'
"""
KNOWN = """
WITH known AS (
    SELECT array_agg(l.id ORDER BY l.id) AS lines
    FROM procurement_purchaseorderline l JOIN procurement_purchaseorder o ON o.id = l.order_id
    JOIN suppliers_supplier s ON s.id = l.supplier_id
    WHERE NOT l.cancelled AND o.state <> 'cancelled' AND s.state = 'active')
"""
HOLD = """
UPDATE procurement_invoice SET state = 'held', held_for = %(why)s, held_at = now(),
    acts = (ARRAY['payables', 'supplier', 'buyer', 'receiver'])[1 + id %% 4]
WHERE state = 'sent' AND number LIKE 'DESK-%%'
"""
MATCHES = """
INSERT INTO procurement_match (key, supplier_id, invoice_id, made_at, trigger, outcome, is_current, tolerances, policy,
    approves_alone, checks)
SELECT gen_random_uuid(), i.supplier_id, i.id, m.made_at, m.trigger, m.outcome, true, m.tolerances, m.policy,
    m.approves_alone, m.checks
FROM procurement_invoice i
JOIN procurement_match m ON m.id = %(like)s
WHERE i.number LIKE 'DESK-%%' AND NOT EXISTS (SELECT FROM procurement_match WHERE invoice_id = i.id)
"""
APART = """
INSERT INTO procurement_matchcheck (supplier_id, match_id, kind, result, message, acts, position)
SELECT m.supplier_id, m.id, c.kind, c.result, c.message, c.acts, c.position
FROM procurement_match m JOIN procurement_matchcheck c ON c.match_id = %(like)s
WHERE NOT EXISTS (SELECT FROM procurement_matchcheck WHERE match_id = m.id)
"""


def fill(invoices: int) -> dict[str, Any]:
    """So many invoices, each 3 % dearer than agreed. The first are matched; what came of the first of all is put to the
    others too."""
    from django.db import connection
    from django.utils import timezone

    from portal.kernel.scope import acting
    from procurement.invoices.models import Invoice
    from procurement.matching.models import Match
    from procurement.matching.queries import MATCHER
    from procurement.matching.services import match_invoices
    from procurement.matching.states import Trigger
    from suppliers.models import User
    from suppliers.roles import CompanyRole

    with acting(MATCHER):
        bea = User.objects.get(email="bea1@northmoor.example")
        otto = User.objects.create(
            email=PAYER, name="Otto 1", password=bea.password, company_role=CompanyRole.ACCOUNTS_PAYABLE
        )
        User.objects.prove_addresses([otto])
        with connection.cursor() as cursor:
            cursor.execute(KNOWN + INVOICES, {"invoices": invoices})
            cursor.execute(KNOWN + LINES, {})
            cursor.execute(TAXES, {})
        first = list(Invoice.objects.filter(number__startswith="DESK-").order_by("id")[:MATCHED])
        match_invoices([one.pk for one in first], trigger=Trigger.SENT, at=timezone.now())
        like = Match.objects.filter(invoice__state="held").order_by("id").select_related("invoice")[:1].get()
        with connection.cursor() as cursor:
            cursor.execute(HOLD, {"why": json.dumps(like.invoice.held_for)})
            held = cursor.rowcount
            cursor.execute(MATCHES, {"like": like.pk})
            cursor.execute(APART, {"like": like.pk})
        return {"held": held, "first": str(like.invoice.key)}


def papers(count: int) -> dict[str, Any]:
    """Invoices of one line as PDF, as Factur-X, and Factur-X read again, so many a second by one process."""
    from portal.kernel.scope import acting
    from procurement.invoices.files.einvoice import read_einvoice
    from procurement.invoices.files.paper import invoice_paper
    from procurement.invoices.models import Invoice
    from procurement.invoices.queries import written
    from procurement.matching.queries import MATCHER

    with acting(MATCHER):
        found = Invoice.objects.filter(number__startswith="DESK-").order_by("id")
        drafts = [written(one) for one in found.select_related("supplier", "company")[:count]]
        plain = [invoice_paper(one) for one in drafts]
        electronic = [invoice_paper(one, is_electronic=True) for one in drafts]
    rates: dict[str, float] = {}
    electronic[0]()  # the typesetter's fonts are looked up once
    for name, makers in (("as PDF", plain), ("as Factur-X", electronic)):
        began = time.perf_counter()
        made = [make() for make in makers]
        rates[name] = len(makers) / (time.perf_counter() - began)
    began = time.perf_counter()
    for one in made:
        told = read_einvoice(one)
        assert told["invoice"]["number"].startswith("DESK-"), told
    rates["Factur-X read and checked"] = len(made) / (time.perf_counter() - began)
    return {"papers": count, "per_second": rates}


if __name__ == "__main__":
    import django

    django.setup()
    verbs = {"fill": fill, "papers": papers}
    print(json.dumps(verbs[sys.argv[1]](int(sys.argv[2]))))
