"""Very many invoices matched: one for each order, all its lines claimed as they were ordered.

`python -m tests.bench.matching <lines>`: in a process of its own on the database of the environment.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from tests.bench import servers
from tests.bench.company import Size
from tests.bench.servers import Machine

# As they stand once they were sent: nothing of the sending itself is measured here.
INVOICES = """
    INSERT INTO procurement_invoice (key, supplier_id, company_id, kind, state, version, document, issue,
        corrects_number, reason, number, number_key, invoiced_on, currency, buyer_reference, supplier_tax_id,
        company_tax_id, withholding_note, note, line_total, allowance_total, charge_total, tax_total, total,
        discount_amount, drafted_at, updated_at, state_at, written_by, on_behalf, sent_at, sent_by, channel, held_for,
        acts, approved_by, approval_reason, rejected_reason, end_reason, payment_reference)
    SELECT gen_random_uuid(), o.supplier_id, o.company_id, 'invoice', 'sent', 1, gen_random_uuid(), 1,
        '', '', 'BENCH-' || o.id, 'bench-' || o.id, current_date, o.currency, '', '', '', '', '',
        l.total, 0, 0, 0, l.total, 0, now(), now(), now(), 'Bench', false,
        now() - interval '1 day' + o.id * interval '1 millisecond', 'Bench', 'api', '{}', '', '', '', '', '', ''
    FROM procurement_purchaseorder o
    JOIN (SELECT order_id, sum(round(quantity * price / price_per, 2)) AS total
          FROM procurement_purchaseorderline WHERE NOT cancelled GROUP BY order_id) l ON l.order_id = o.id
    JOIN suppliers_supplier s ON s.id = o.supplier_id
    WHERE o.state <> 'cancelled' AND s.state = 'active'
    ORDER BY o.id
"""
LINES = """
    INSERT INTO procurement_invoiceline (supplier_id, invoice_id, order_id, line_id, position, description,
        supplier_item, quantity, unit, unit_decimals, unit_price, price_quantity, amount, price_only, category,
        tax_rate, jurisdiction)
    SELECT l.supplier_id, i.id, l.order_id, l.id, l.number, l.description, '', l.quantity, l.unit, 0, l.price,
        l.price_per, round(l.quantity * l.price / l.price_per, 2), false, '', 0, ''
    FROM procurement_purchaseorderline l JOIN procurement_invoice i ON i.number_key = 'bench-' || l.order_id
    WHERE NOT l.cancelled
"""
POLICY = """
    INSERT INTO procurement_matchpolicy (key, company_id, name, state, version, level, segment, supplier_number,
        item_group, item_number, order_number, line_number, way, approves_alone, duplicate_days, note, written_at,
        written_by, approved_at, approved_by, retired_by)
    SELECT gen_random_uuid(), id, 'Bench', 'active', 1, 'global', '', '', '', '', '', '', 'two_way', true, 7, '',
        now(), 'Bench', now(), 'Bench', '' FROM procurement_company
"""
AT_ONCE = 500


def measure(machine: Machine, size: Size, lines: int) -> dict[str, Any]:
    """Lines a second, of so many lines at least, matched and approved by rule alone."""
    database, _loaded = servers.fresh_database(machine, size)
    with machine.superuser(database) as server:
        for statement in (POLICY, INVOICES, LINES):
            server.execute(statement)
        server.commit()
        server.execute("ANALYZE")
        server.commit()
    printed = machine.run("-m", "tests.bench.matching", str(lines), env=machine.environment(database))
    found: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    return found


# --- in the process -----------------------------------------------------------------------------------------


def run(wanted: int) -> dict[str, Any]:
    """Match the invoices in the order in which they were sent, so many at once, until so many lines are done."""
    from django.utils import timezone

    from portal.kernel.scope import acting
    from procurement.invoices.models import Invoice, InvoiceLine
    from procurement.matching.models import Match
    from procurement.matching.queries import MATCHER
    from procurement.matching.services import match_invoices
    from procurement.matching.states import Trigger

    with acting(MATCHER):
        ids = list(
            Invoice.objects.filter(state="sent").order_by("sent_at", "id").values_list("pk", flat=True)
        )
    done = approved = lines = 0
    took = 0.0
    while done < len(ids) and lines < wanted:
        part = ids[done : done + AT_ONCE]
        began = time.perf_counter()
        with acting(MATCHER):
            approved += match_invoices(part, trigger=Trigger.SENT, at=timezone.now())
        took += time.perf_counter() - began
        done += len(part)
        with acting(MATCHER):
            lines += InvoiceLine.objects.filter(invoice__in=part).count()
    with acting(MATCHER):
        kept = Match.objects.count()
    return {
        "invoices": done,
        "lines": lines,
        "approved": approved,
        "kept": kept,
        "seconds": took,
        "per_second": lines / took,
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(run(int(sys.argv[1]))))
