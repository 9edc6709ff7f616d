"""Workers that deliver what is due and kill themselves, without a word, each at one chosen moment.

Run as a program, `python -m tests.erp.tryton.mortal` reads lines `<moment> <nth call>`, lets a worker of its own die of
each, and answers how that one ended. A worker is a process: forked off before anything is connected, because loading
the portal takes longer than all that it does. Its end is SIGKILL, as the machine's own would be: no `finally`, no
rollback, no goodbye to the database or to Tryton.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

BEFORE_CALL, AFTER_CALL = "before-call", "after-call"
BEGINNING, BEGUN, ANSWERED, RECORDED = "beginning", "begun", "answered", "recorded"
TOLD = "told"
LONGEST = 120  # seconds


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


def let_one_die(moment: str, nth: int) -> int:
    """How a worker ended that was to die at this moment."""
    child = os.fork()
    if not child:
        try:
            signal.alarm(LONGEST)
            dying_at(moment, nth)
            deliver_due(worker=4711, clock=timezone.now, topics=["erp"])
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    import django

    django.setup()

    from django.db import connections
    from django.utils import timezone

    from portal.kernel.outbox.services import deliver_due
    from procurement.erp import delivery, telling  # noqa: F401  # loaded once for all of them

    for line in sys.stdin:
        chosen, number = line.split()
        # Each worker connects by itself.
        assert all(one.connection is None for one in connections.all(initialized_only=True))
        print(let_one_die(chosen, int(number)), flush=True)
