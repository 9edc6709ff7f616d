"""Alive, ready, and how it is doing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from portal import health
from portal.kernel.actors import Actor
from portal.kernel.outbox.services import enqueue
from portal.kernel.scope import acting

pytestmark = pytest.mark.django_db


def promise(*, waiting_for: timedelta) -> None:
    """A message that has been due for a while."""
    system = Actor.system("test")
    with acting(system):
        at = timezone.now() - waiting_for
        enqueue("erp", "order:4711", "order.acknowledged", {}, actor=system, at=at, supplier_id=None)


def test_alive_says_nothing_about_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_looks_at_database_broker_and_outbox(client):
    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"database": "ok", "broker": "ok", "outbox": "ok"}}


def test_a_late_outbox_is_told_but_keeps_nobody_out(client, settings):
    settings.OUTBOX_LATE_AFTER = timedelta(minutes=5)
    promise(waiting_for=timedelta(minutes=6))

    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json()["status"] == "late"
    assert answer.json()["checks"]["outbox"] in ("late: 360 s", "late: 361 s", "late: 362 s")


def test_without_its_tables_it_is_not_ready(client):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path TO nowhere")

        answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "not migrated"


def test_a_next_version_on_the_disk_does_not_take_this_one_out_of_service(client, monkeypatch):
    client.get("/health/ready")
    with_more = {**MigrationLoader(None).disk_migrations, ("procurement", "9999_next_version"): object()}
    monkeypatch.setattr(
        MigrationLoader, "load_disk", lambda self: setattr(self, "disk_migrations", with_more)
    )

    assert client.get("/health/ready").json()["checks"]["database"] == "ok"


def test_a_missing_migration_is_noticed(client, monkeypatch):
    ahead = health.known_migrations() | {("procurement", "9999_next_version")}
    monkeypatch.setattr(health, "known_migrations", lambda: ahead)

    answer = client.get("/health/ready")

    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "not migrated")


def test_without_a_database_it_is_not_ready_and_says_no_more_than_that(client, monkeypatch):
    def away(*arguments):
        raise OperationalError("password authentication failed for user quayside_app")

    monkeypatch.setattr(health, "MigrationRecorder", away)

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "away", "broker": "ok", "outbox": "unknown"}
    assert b"quayside_app" not in answer.content


def test_a_broker_that_is_away_is_told_and_keeps_nobody_out(client, monkeypatch):
    closed = health.celery.connection_for_write("redis://127.0.0.1:1/0")
    monkeypatch.setattr(health.celery, "connection_for_write", lambda **options: closed)

    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded",
        "checks": {"database": "ok", "broker": "away", "outbox": "ok"},
    }


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_nothing_is_posted_here(client, path):
    assert client.post(path).status_code == 405


def test_metrics_count_requests_and_tell_the_age_of_the_outbox(client):
    promise(waiting_for=timedelta(minutes=2))
    client.get("/health/live")

    text = client.get("/metrics").content.decode()

    assert 'quayside_requests_total{method="GET",route="health-live",status="200"}' in text
    assert 'quayside_outbox_messages{state="waiting",topic="erp"} 1.0' in text
    (age,) = [
        line.split()[1] for line in text.splitlines() if line.startswith("quayside_outbox_oldest_seconds ")
    ]
    assert 120 <= float(age) < 140


def test_metrics_are_for_this_machine_when_there_is_no_token(client):
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200


def test_metrics_want_the_token_when_there_is_one(client, settings):
    settings.METRICS_TOKEN = "let-the-watcher-in"

    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer something-else"}).status_code == 403
    right = {"Authorization": "Bearer let-the-watcher-in"}
    assert client.get("/metrics", headers=right, REMOTE_ADDR="10.1.2.3").status_code == 200
