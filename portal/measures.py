"""What is counted while the portal runs, for Prometheus to collect. Works with several gunicorn workers."""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

requests_total = Counter("quayside_requests_total", "Requests answered.", ["method", "route", "status"])
request_seconds = Histogram(
    "quayside_request_seconds",
    "Time to answer a request.",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def note_request(method: str, route: str, status: int, seconds: float) -> None:
    """Counts one answered request."""
    requests_total.labels(method if method in METHODS else "other", route, str(status)).inc()
    request_seconds.labels(route).observe(seconds)


class Facts(Collector):
    """Numbers taken at the moment of asking: name, help, and values by topic and state."""

    def __init__(self, oldest_seconds: float, depth: list[dict[str, object]]) -> None:
        self.oldest_seconds = oldest_seconds
        self.depth = depth

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "quayside_outbox_oldest_seconds",
            "Age of the oldest message that is due.",
            value=self.oldest_seconds,
        )
        waiting = GaugeMetricFamily(
            "quayside_outbox_messages", "Messages by topic and state.", labels=["topic", "state"]
        )
        for row in self.depth:
            waiting.add_metric([str(row["topic"]), str(row["state"])], float(str(row["count"])))
        yield waiting


def exposition(facts: Facts) -> bytes:
    """Everything counted by all processes of this web server, and the facts, in Prometheus' text format."""
    now = CollectorRegistry()
    now.register(facts)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        multiprocess.MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # the library's own
    else:
        counted = REGISTRY
    return generate_latest(counted) + generate_latest(now)
