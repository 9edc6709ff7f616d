"""A worker that delivers what is due and kills itself, without a word, at one chosen moment.

Run as a program: `python -m tests.erp.tryton.mortal <moment> [<nth call>]`. Its end is SIGKILL, as the machine's own
would be: no `finally`, no rollback, no goodbye to the database or to Tryton.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

BEFORE_CALL, AFTER_CALL = "before-call", "after-call"
BEGINNING, BEGUN, ANSWERED, RECORDED = "beginning", "begun", "answered", "recorded"
TOLD = "told"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_at(moment: str, nth: int) -> None:
    """Put the moment into the code: the nth writing call to Tryton, or a step of the delivery."""
    from portal.kernel.outbox import services as outbox
    from procurement.erp import delivery, telling
    from procurement.erp.connectors.tryton import wire

    if moment in (BEFORE_CALL, AFTER_CALL):
        send = wire.Rpc._send
        count = [0]

        def counted(rpc: wire.Rpc, *sent: Any, writes: bool) -> dict[str, Any]:
            count[0] += writes
            if writes and count[0] == nth and moment == BEFORE_CALL:
                die()
            answer = send(rpc, *sent, writes=writes)
            if writes and count[0] == nth and moment == AFTER_CALL:
                die()
            return answer

        wire.Rpc._send = counted  # type: ignore[method-assign]  # this process ends here
    steps: dict[str, tuple[Any, str, bool]] = {
        BEGINNING: (delivery, "begin_call", False),  # taken up, nothing noted yet
        BEGUN: (delivery, "_call", False),  # noted that a call is under way, none made
        ANSWERED: (delivery, "record_result", False),  # all stands in Tryton, nothing of it here
        TOLD: (telling, "record_telling_result", False),  # a count stands in Tryton, nothing of it here
        RECORDED: (outbox, "_finish", False),  # written down here, the message still leased
    }
    if moment in steps:
        where, name, _ = steps[moment]
        setattr(where, name, _dead)


def _dead(*_args: Any, **_named: Any) -> Callable[[], None]:
    die()
    raise AssertionError("unreachable")


if __name__ == "__main__":
    import django

    django.setup()

    from django.utils import timezone

    from portal.kernel.outbox.services import deliver_due

    dying_at(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    deliver_due(worker=4711, clock=timezone.now, topics=["erp"])
