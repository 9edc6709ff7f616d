"""Is the process alive, is it ready for people, how is it doing: for load balancers and Prometheus."""

from __future__ import annotations

import hmac
import ipaddress
import logging
from functools import cache

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from prometheus_client import CONTENT_TYPE_LATEST

from portal import measures
from portal.celery import app as celery
from portal.kernel.access import public
from portal.kernel.actors import Actor
from portal.kernel.outbox.queries import depth_by_topic, oldest_waiting_age
from portal.kernel.scope import acting

log = logging.getLogger(__name__)
WATCHER = Actor.system("Health")


@public
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Restart it when it does not; never because a database is away."""
    return JsonResponse({"status": "ok"})


@public
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """People may be sent here: the database is there.

    A late outbox or a broker that is away is told and keeps nobody out: what people do is in the database and is
    delivered later, while a portal that sent everybody away would take nothing at all.
    """
    checks = {"database": database_state(), "broker": broker_state()}
    serves = checks["database"] == "ok"
    checks["outbox"] = outbox_state() if serves else "unknown"
    well = "late" if checks["outbox"] != "ok" else "ok" if checks["broker"] == "ok" else "degraded"
    status = well if serves else "unavailable"
    return JsonResponse({"status": status, "checks": checks}, status=200 if serves else 503)


@public
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers for Prometheus: with METRICS_TOKEN as bearer token; without one, from this machine only."""
    if not may_read_metrics(request):
        return HttpResponseForbidden("metrics are read with METRICS_TOKEN, or from this machine\n")
    with acting(WATCHER):
        facts = measures.Facts(oldest_waiting_age(timezone.now()).total_seconds(), depth_by_topic())
    return HttpResponse(measures.exposition(facts), content_type=CONTENT_TYPE_LATEST)


def may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False  # it came through a proxy: the address we see is the proxy's
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def database_state() -> str:
    """ok, not migrated, or away. The reason goes to the log, not to strangers."""
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseError as problem:
        log.warning("database is away", extra={"problem": str(problem)})
        return "away"
    return "ok" if known_migrations() <= applied.keys() else "not migrated"


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """What this process was started with: files of a next version beside it must not take it out of service."""
    return frozenset(MigrationLoader(None).disk_migrations or ())


def broker_state() -> str:
    """ok or away, within three seconds."""
    try:
        with celery.connection_for_write(transport_options={"socket_connect_timeout": 2}) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=2)
    except (OSError, OperationalError) as problem:
        log.warning("broker is away", extra={"problem": str(problem)})
        return "away"
    return "ok"


def outbox_state() -> str:
    with acting(WATCHER):
        age = oldest_waiting_age(timezone.now())
    return "ok" if age <= settings.OUTBOX_LATE_AFTER else f"late: {int(age.total_seconds())} s"
