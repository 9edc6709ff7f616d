"""The exception inbox with very many cases: its pages, reviews of orders, and ranking all of it anew.

`python -m tests.bench.inbox <review|fill|rank> <cases>`: in processes of their own on the database of the environment.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

from tests.bench import servers
from tests.bench.client import Browser, sign_in
from tests.bench.company import Size
from tests.bench.servers import HOST, Machine

ROUNDS = 40


def measure(machine: Machine, size: Size, cases: int, rounds: int = ROUNDS) -> dict[str, Any]:
    """Milliseconds of each page with so many open cases, and how fast they are reviewed and ranked."""
    database, _loaded = servers.fresh_database(machine, size)
    env = machine.environment(database)
    reviewed = told_by(machine.run("-m", "tests.bench.inbox", "review", str(cases), env=env))
    machine.run("-m", "tests.bench.inbox", "fill", str(cases), env=env)
    web = servers.start_web(machine, database)
    try:
        pages = ask_pages(machine, database, web.port, rounds)
    finally:
        servers.stop_web(machine, web)
    ranked = told_by(machine.run("-m", "tests.bench.inbox", "rank", str(cases), env=env))
    return {"cases": cases, "pages": pages, **reviewed, **ranked}


def told_by(printed: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    return found


def ask_pages(machine: Machine, database: str, port: int, rounds: int) -> dict[str, dict[str, float]]:
    bea = sign_in(port, HOST, "bea1@northmoor.example", machine.password)
    with machine.superuser(database) as server:
        row = server.execute(
            "SELECT key FROM procurement_exceptioncase ORDER BY score DESC, id LIMIT 1"
        ).fetchone()
        server.execute("ANALYZE procurement_exceptioncase")  # as the server does by itself within a minute
        server.commit()
    assert row is not None
    wanted = {
        "my cases": "/inbox/?view=mine",
        "the team’s cases": "/inbox/?view=team",
        "one kind, one supplier": "/inbox/?view=team&kind=price_differs&supplier=S00003",
        "a case": f"/inbox/{row[0]}/",
    }
    found = {name: timed(lambda path=path: bea.get(path), rounds) for name, path in wanted.items()}  # type: ignore[misc]  # bound now
    found["what has changed"] = timed(lambda: poll(bea), rounds)
    return found


def poll(bea: Browser) -> Any:
    since = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    return bea.post("/inbox/poll/?view=mine", {"since": since, "loaded": since}, page="/inbox/")


def timed(ask: Any, rounds: int) -> dict[str, float]:
    took = []
    for number in range(rounds + 2):
        began = time.perf_counter()
        answer = ask()
        if number >= 2:  # the first two find nothing warm
            took.append(1000 * (time.perf_counter() - began))
        if answer.status != 200:
            raise RuntimeError(f"the inbox answered {answer.status}")
    took.sort()
    return {"p50": statistics.median(took), "p95": took[min(len(took) - 1, round(0.95 * (len(took) - 1)))]}


# --- in the processes ---------------------------------------------------------------------------------------


def review(_cases: int) -> dict[str, Any]:
    """Review open orders as reactions do, 500 at a time."""
    from django.utils import timezone

    from portal.kernel.scope import acting
    from procurement.inbox.services.review import INBOX, Reviewed, review_cases
    from procurement.orders.models import PurchaseOrder

    with acting(INBOX):
        orders = list(
            PurchaseOrder.objects.filter(state="issued").order_by("-id").values_list("pk", flat=True)[:5_000]
        )
    done, began = Reviewed(), time.perf_counter()
    for start in range(0, len(orders), 500):
        with acting(INBOX):
            done.add(review_cases(orders[start : start + 500], actor=INBOX, at=timezone.now()))
    return {
        "reviewed": len(orders),
        "opened": done.opened,
        "reviewed_per_second": len(orders) / (time.perf_counter() - began),
    }


FILL = """
INSERT INTO procurement_exceptioncase (
    key, kind, cause, subject, subject_stream, state, version, company_id, supplier_id, order_id, line_id,
    site_id, item_number, item_group, facts, signature, occurrences, opened_at, updated_at, closed_because,
    closed_by, closed_note, settled, kept_open, reviewed_at, owner_id, holder_id, owned_by, score, parts, inputs,
    scored_on, runs_out)
SELECT gen_random_uuid(), (ARRAY['promise_late', 'price_differs', 'line_refused', 'shortage'])[1 + n %% 4], 'answer',
    'bench:' || n, 'order:' || o.key, 'open', 1, o.company_id, l.supplier_id, o.id, l.id,
    coalesce(l.ship_to_id, o.ship_to_id), l.item_number, 'group-' || n %% 20,
    jsonb_build_object(
        'order', o.number, 'line', l.number, 'item', l.item_number, 'description', l.description, 'unit', l.unit,
        'quantity', l.quantity::text, 'value', l.amount::text, 'currency', o.currency, 'revision', 1, 'short', '10',
        'asked_on', l.delivery_on, 'promised_on', l.delivery_on + 8, 'also', '[]'::jsonb,
        'asked', jsonb_build_object('quantity', l.quantity::text, 'price', l.price::text,
            'price_per', l.price_per::text,
            'deliveries', jsonb_build_array(jsonb_build_array(l.quantity::text, l.delivery_on))),
        'pieces', jsonb_build_array(jsonb_build_object('kind', 'accept', 'quantity', l.quantity::text, 'delivery_on',
            l.delivery_on + 8, 'price', l.price::text, 'price_per', l.price_per::text, 'item_number', '',
            'agreed', false))),
    md5(n::text), 1, now() - n * interval '1 second', now() - interval '1 hour', '', '', '', false, false, now(),
    me.id, CASE WHEN n %% 10 = 0 THEN me.id ELSE other.id END, 'buyer', (n * 7919) %% 101,
    '[{"name": "Days late", "points": 16}, {"name": "Value", "points": 7}]'::jsonb,
    jsonb_build_object('days_late', '8', 'value', l.amount::text, 'days_to_need', (n %% 90)::text),
    current_date, n %% 20 = 0
FROM generate_series(1, %(cases)s) n
JOIN LATERAL (SELECT lines[1 + n %% array_length(lines, 1)] AS id FROM known) chosen ON true
JOIN procurement_purchaseorderline l ON l.id = chosen.id
JOIN procurement_purchaseorder o ON o.id = l.order_id
CROSS JOIN (SELECT id FROM suppliers_user WHERE email = 'bea1@northmoor.example') me
CROSS JOIN (SELECT id FROM suppliers_user WHERE email = 'bea2@northmoor.example') other
"""


def fill(cases: int) -> dict[str, Any]:
    """So many open cases on the lines there are."""
    from django.db import connection

    from portal.kernel.scope import acting
    from procurement.inbox.services.review import INBOX

    known = "WITH known AS (SELECT array_agg(id ORDER BY id) AS lines FROM procurement_purchaseorderline)"
    with acting(INBOX), connection.cursor() as cursor:
        cursor.execute(f"{known} {FILL}", {"cases": cases})
        return {"filled": cursor.rowcount}


def rank(_cases: int) -> dict[str, Any]:
    """Try a formula on all cases, let it count, and let the clock go round."""
    from django.utils import timezone

    from portal.kernel.scope import acting
    from procurement.inbox.policies.scoring import default_formula
    from procurement.inbox.services.formulas import try_formula
    from procurement.inbox.services.ranking import rank_all_by
    from procurement.inbox.services.review import INBOX
    from procurement.inbox.services.sweeping import sweep

    formula, began = default_formula(), time.perf_counter()
    with acting(INBOX):
        tried = try_formula(formula)
    dry_run = time.perf_counter() - began
    began = time.perf_counter()
    with acting(INBOX):
        ranked = rank_all_by(formula, at=timezone.now())
    took = time.perf_counter() - began
    began = time.perf_counter()
    sweep(timezone.now())
    return {
        "tried": tried.cases,
        "dry_run_seconds": dry_run,
        "ranked_per_second": ranked / took,
        "sweep_seconds": time.perf_counter() - began,
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"review": review, "fill": fill, "rank": rank}[sys.argv[1]](int(sys.argv[2]))))
