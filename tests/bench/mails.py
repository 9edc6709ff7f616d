"""How many mails a second one process reads: the labelled mails, each in its context, over and over."""

from __future__ import annotations

import time
from typing import Any

from procurement.reading.context import context_from_json
from procurement.reading.reader import read_mail
from tests.reading.labels import load_mails


def measure(rounds: int, most: int | None = None) -> dict[str, Any]:
    """Mails a second, after one round that fills the caches, and the slowest mail in milliseconds."""
    mails = [(mail.raw, context_from_json(mail.context)) for mail in load_mails()[:most]]
    for raw, context in mails:
        read_mail(raw, context)
    slowest = 0.0
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(rounds):
        for raw, context in mails:
            start = time.perf_counter()
            read_mail(raw, context)
            slowest = max(slowest, time.perf_counter() - start)
    count = rounds * len(mails)
    seconds = time.perf_counter() - began
    return {
        "mails": len(mails),
        "per_second": count / seconds,
        "cpu_ms": 1000 * (time.process_time() - cpu) / count,
        "slowest_ms": 1000 * slowest,
    }
