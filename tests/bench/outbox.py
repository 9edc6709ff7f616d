"""How many messages the outbox delivers in a second, to an ERP that takes everything at once.

`python -m tests.bench.outbox <prepare|deliver> <messages> <through>`: in processes of their own on the database of the
environment. `through` is the outbox alone (`nothing`) or all that happens to a promise on its way to an ERP (`erp`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

from tests.bench.servers import Machine

WORKERS = 2
TAKES_EVERYTHING = {"nothing": "tests.bench.outbox.take", "erp": "tests.bench.outbox.carry_for_free"}


def measure(machine: Machine, database: str, messages: int) -> dict[str, Any]:
    """Deliveries per second of two workers, the outbox alone and with a promise's whole way."""
    return {through: one_way(machine, database, messages, through) for through in TAKES_EVERYTHING}


def one_way(machine: Machine, database: str, messages: int, through: str) -> dict[str, float]:
    env = machine.environment(database)
    machine.run("-m", "tests.bench.outbox", "prepare", str(messages), through, env=env)
    command = [sys.executable, "-m", "tests.bench.outbox", "deliver", str(messages), through]
    cpu = machine.database_cpu()
    workers = [
        subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()  # ready
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    told = [json.loads(worker.communicate()[0]) for worker in workers]
    seconds = max(one["seconds"] for one in told)
    delivered = sum(one["delivered"] for one in told)
    if delivered != messages:
        raise RuntimeError(f"{delivered} of {messages} messages were delivered")
    spent = sum(one["cpu"] for one in told) + machine.database_cpu() - cpu
    return {"messages": messages, "per_second": messages / seconds, "cpu_ms": 1000 * spent / messages}


# --- in the processes ---------------------------------------------------------------------------------------


def take(_message: Any) -> str:
    """The receiver that costs nothing."""
    return "delivered"


def carry_for_free(message: Any) -> str:
    """The whole way of a promise, to an ERP that says yes."""
    from django.utils import timezone

    from procurement.erp.delivery import carry

    return carry(message, FREE, timezone.now)


class FreeErp:
    """Holds whatever it is asked to hold, in no time."""

    @property
    def capabilities(self) -> Any:
        from procurement.erp.connectors.files.connector import CAPABILITIES

        return CAPABILITIES

    def write_promise(self, command: Any) -> Any:
        from procurement.erp.ports import Outcome, WriteResult

        return WriteResult(Outcome.CONFIRMED, command.key)


FREE: Any = FreeErp()


def prepare(messages: int, through: str) -> None:
    """As many promises as were told before, told anew, each on an order of its own."""
    from django.utils import timezone

    from portal.kernel.actors import Actor
    from portal.kernel.outbox.models import OutboxMessage
    from portal.kernel.outbox.services import Outgoing, enqueue_all
    from portal.kernel.scope import acting

    actor = Actor.system("Bench")
    with acting(actor):
        told = OutboxMessage.objects.filter(
            state="delivered", kind="order.promise_agreed", actor_label="Asha"
        )
        chosen = told.order_by("-id" if through == "erp" else "id")[:messages]
        enqueue_all(
            [Outgoing("erp", one.stream, one.kind, one.payload, one.supplier_id) for one in chosen],
            actor=actor,
            at=timezone.now(),
        )


def deliver(through: str) -> None:
    """One worker: says when it is ready, waits for the word, and tells what it did."""
    from django.conf import settings
    from django.db import connection
    from django.utils import timezone

    from portal.kernel.outbox.services import deliver_due

    settings.OUTBOX_HANDLERS = {"erp": TAKES_EVERYTHING[through]}
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu = time.perf_counter(), time.process_time()
    delivered = deliver_due(worker=os.getpid(), clock=timezone.now)
    told = {"delivered": delivered, "seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    print(json.dumps(told))


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "prepare":
        prepare(int(sys.argv[2]), sys.argv[3])
    else:
        deliver(sys.argv[3])
