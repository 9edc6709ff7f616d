"""A notice of very many cartons: uploaded, looked at, written, numbered, checked and labelled.

`python -m tests.bench.shipments <cartons>`: in a process of its own on the database of the environment.
"""

from __future__ import annotations

import io
import json
import sys
import time
from typing import Any

from tests.bench import servers
from tests.bench.company import Size
from tests.bench.servers import Machine


def measure(machine: Machine, size: Size, cartons: int) -> dict[str, Any]:
    """Seconds of each step for so many cartons."""
    database, _loaded = servers.fresh_database(machine, size)
    printed = machine.run("-m", "tests.bench.shipments", str(cartons), env=machine.environment(database))
    found: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    return found


# --- in the process -----------------------------------------------------------------------------------------


def steps(cartons: int) -> dict[str, Any]:
    """One file with a carton in each row, from its bytes to its labels."""
    from django.utils import timezone

    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from procurement.labels.printing import labels_pdf
    from procurement.labels.stock import A6
    from procurement.shipments.files.papers import labels_of
    from procurement.shipments.files.reading import read_file, read_rows
    from procurement.shipments.messages import ApplySheet
    from procurement.shipments.policies import check_notice
    from procurement.shipments.queries import checked, find_notice, shippable_lines, written
    from procurement.shipments.services import KeepSheet, apply_upload, keep_upload, look_at_upload

    actor = Actor.system("Bench")
    took: dict[str, float] = {}

    def timed(name: str, work: Any) -> Any:
        began = time.perf_counter()
        done = work()
        took[name] = time.perf_counter() - began
        return done

    with acting(actor):
        line = shippable_lines(actor).order_by("-quantity", "id")[:1].get()
    rows = [
        f"{line.order.number},{line.key},{line.quantity / cartons:.6f},BENCH-1,{n}" for n in range(cartons)
    ]
    content = "\n".join(["order,line,quantity,asn,package", *rows]).encode()
    at = timezone.now()

    def read() -> KeepSheet:
        table = read_file(io.BytesIO(content), len(content))
        said = read_rows(table.table, table.head, table.columns, "en")
        return KeepSheet("bench.csv", "0" * 64, table.table, table.head, table.columns, said)

    def in_scope(verb: Any, *given: Any) -> Any:
        with acting(actor):
            return verb(*given, actor=actor, at=at)

    sheet = timed("file read", read)
    kept, _is_new = in_scope(keep_upload, sheet)
    timed("preview", lambda: in_scope(look_at_upload, kept.key))
    done = timed("draft written and numbered", lambda: in_scope(apply_upload, ApplySheet(kept.key)))
    with acting(actor):
        notice = find_notice(done.result["notices"][0]["key"], actor=actor)
        draft = timed("read and checked", lambda: _checked(notice, at, written, checked, check_notice))
        labels = labels_of(draft)
    made = timed("labels, A6", lambda: labels_pdf(labels, A6))
    return {"cartons": len(labels), "bytes": len(made), "seconds": took}


def _checked(notice: Any, at: Any, written: Any, checked: Any, check_notice: Any) -> Any:
    draft = written(notice)
    check_notice(checked(draft, at=at))
    return draft


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(steps(int(sys.argv[1]))))
