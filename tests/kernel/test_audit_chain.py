"""The audit trail is a chain: whatever is done to it behind our back is found, and named."""

import hashlib
import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from portal.kernel.audit.chain import START, Fault, keys, seal, verify
from portal.kernel.audit.lines import FileCheck, as_line, heading
from portal.kernel.audit.models import AuditEvent, AuditLink, AuditSeal
from portal.kernel.audit.services import Fact, record, record_all
from portal.kernel.audit.tasks import seal_trail
from portal.kernel.scope import acting
from portal.kernel.security.models import SecurityEvent
from tests.database import as_owner
from tests.people import FEED

AT = datetime(2026, 4, 6, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def record_some(count, *, at=AT):
    with acting(FEED):
        facts = [Fact("order.seen", f"order:{n}", None, {"n": n, "text": "naïve “é”"}) for n in range(count)]
        return [event.pk for event in record_all(facts, actor=FEED, at=at)]


def sealed(**more):
    with acting(FEED):
        return seal(at=AT, **more)


def found(**more):
    with acting(FEED):
        return verify(at=LATER, **more)


def tamper(*statements):
    """As somebody who has the owner's password, and knows the word of maintenance."""
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL quayside.maintenance = 'audit'")
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.django_db
def test_events_get_a_place_each_and_their_hash_is_worked_out_by_hand_too():
    first, second = record_some(2)

    assert sealed() == 2
    assert sealed() == 0

    with acting(FEED):
        links = list(AuditLink.objects.order_by("position"))
        assert [(one.position, one.event_id) for one in links] == [(1, first), (2, second)]
        until = AT + timedelta(days=1)
        lines = [json.loads(line) for line in as_line(AT, until)]
        (made,) = AuditSeal.objects.all()
    content = (
        f'[{first}, "order.seen", "order:0", "2026-04-06T09:00:00.000000Z", null, "system", null, "erp", "", '
        f'false, {{"n": 0, "text": "naïve “é”"}}, "{bytes(links[0].label_hash).hex()}"]'
    )
    assert lines[0]["content"] == content
    by_hand = hashlib.sha256(START + hashlib.sha256(content.encode()).digest())
    assert lines[0]["hash"] == by_hand.hexdigest() == bytes(links[0].hash).hex()
    then = hashlib.sha256(by_hand.digest() + hashlib.sha256(lines[1]["content"].encode()).digest())
    assert bytes(made.head) == then.digest()
    verdict = found(noted_head=then.hexdigest())
    assert (verdict.links, verdict.faults, verdict.head) == (2, (), then.hexdigest())


@pytest.mark.django_db
def test_batches_go_on_where_the_last_one_ended():
    record_some(5)

    assert [sealed(batch=2), sealed(batch=2), sealed(batch=2), sealed(batch=2)] == [2, 2, 1, 0]

    assert found().links == 5
    assert found().faults == ()
    with acting(FEED):
        spans = list(AuditSeal.objects.order_by("id").values_list("first_position", "last_position"))
    assert spans == [(1, 2), (3, 4), (5, 5)]


@pytest.mark.django_db
def test_an_event_that_nobody_seals_is_told_of_once_it_is_old():
    (event,) = record_some(1)

    assert found().faults == (Fault("unsealed", None, event),)
    with acting(FEED):
        assert verify(at=AT + timedelta(minutes=9)).faults == ()


@pytest.mark.django_db(transaction=True)
def test_whatever_the_owner_does_to_it_is_found_and_named(settings):
    one, two, three, four = record_some(4)
    assert sealed(batch=2) == sealed(batch=2) == 2

    def event(column, value, which=two):
        return f"UPDATE kernel_auditevent SET {column} = {value} WHERE id = {which}"

    link = "UPDATE kernel_auditlink SET {} WHERE position = {}"
    seal_of = "UPDATE kernel_auditseal SET {} WHERE first_position = {}"
    gone = "DELETE FROM {} WHERE {} = {}"
    for done, faults in (
        (event("facts", "'{\"n\": 9}'"), {("changed", 2, two)}),
        (event("at", "at - interval '1 second'"), {("changed", 2, two)}),
        (event("actor_user_id", "7"), {("changed", 2, two)}),
        (event("actor_label", "'Somebody Else'"), {("label_changed", 2, two)}),
        (link.format("label_nonce = NULL", 2), {("label_changed", 2, two)}),
        (event("id", "999999", three), {("deleted", 3, three), ("unsealed", None, 999999)}),
        (link.format(f"event_id = 0 - {two}", 2), {("deleted", 2, -two), ("unsealed", None, two)}),
        (link.format("hash = sha256('x')", 1), {("changed", 1, one), ("changed", 2, two)}),
        (seal_of.format("head = sha256('x')", 1), {("head", 2, None), ("signature", 2, None)}),
        (seal_of.format("sealed_at = now()", 3), {("signature", 4, None)}),
        (
            gone.format("kernel_auditlink", "position", 3),
            {("link_missing", 4, four), ("unsealed", None, three)},
        ),
        (
            gone.format("kernel_auditseal", "first_position", 3),
            {("seal_missing", 3, three), ("seal_missing", 4, four)},
        ),
        (gone.format("kernel_auditevent", "id", two), {("deleted", 2, two)}),
    ):
        before = copy_of_the_trail()
        tamper(done)
        told = {(fault.what, fault.position, fault.event_id) for fault in found().faults}
        assert told == faults, done
        put_back(before)
        assert found().faults == (), done

    # Two events that change places.
    tamper(
        link.format("event_id = -1", 1),
        link.format(f"event_id = {one}", 2),
        link.format(f"event_id = {two}", 1),
    )
    assert {(fault.what, fault.position) for fault in found().faults} == {("changed", 1), ("changed", 2)}
    tamper(
        link.format("event_id = -1", 1),
        link.format(f"event_id = {two}", 2),
        link.format(f"event_id = {one}", 1),
    )
    assert found().faults == ()

    # Who works out the whole chain anew has no key to sign it with.
    settings.AUDIT_SEAL_KEY, head = "a key that the thief does not have, nor the database", found().head
    tamper(
        "DELETE FROM kernel_auditseal",
        "DELETE FROM kernel_auditlink",
        f"DELETE FROM kernel_auditevent WHERE id = {two}",
    )
    settings.AUDIT_SEAL_KEY = "the thief's own"
    assert sealed() == 3
    settings.AUDIT_SEAL_KEY = "a key that the thief does not have, nor the database"
    settings.SECRET_KEY_FALLBACKS = []
    assert {fault.what for fault in found(noted_head=head).faults} == {"signature", "head_unknown"}


TABLES = ("kernel_auditevent", "kernel_auditlink", "kernel_auditseal")


def copy_of_the_trail():
    with acting(FEED), connection.cursor() as cursor:
        kept = {}
        for table in TABLES:
            cursor.execute(f"SELECT to_jsonb(kept)::text FROM {table} kept")
            kept[table] = [row for (row,) in cursor.fetchall()]
        return kept


def put_back(kept):
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL quayside.maintenance = 'audit'")
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}")
            for row in kept[table]:
                cursor.execute(
                    f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s)", [row]
                )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", TABLES)
def test_not_even_the_owner_rewrites_facts_by_mistake(table):
    record_some(2)
    sealed()

    column = "hash" if table == "kernel_auditlink" else "id"
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with as_owner(), pytest.raises(DatabaseError, match="are kept as they are"), transaction.atomic():
            connection.cursor().execute(statement)
        # Only the owner's word counts.
        said = f"SET LOCAL quayside.maintenance = 'audit'; {statement}"
        with pytest.raises(DatabaseError, match="permission denied"), acting(FEED):
            connection.cursor().execute(said)
    with acting(FEED):
        assert AuditEvent.objects.count() == AuditLink.objects.count() == 2


def others_write() -> bool:
    """Whether somebody writes in another database of this server: tests that run beside these."""
    with connection.cursor() as cursor:
        elsewhere = "backend_xid IS NOT NULL AND datname <> current_database()"
        cursor.execute(f"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {elsewhere})")
        return bool(cursor.fetchone()[0])


def settled_below() -> int:
    with acting(FEED):
        return AuditSeal.objects.latest("id").settled_below


@pytest.mark.django_db(transaction=True)
def test_a_lower_number_that_commits_late_is_sealed_in_the_next_batch():
    written, go_on = threading.Event(), threading.Event()
    late = []

    def slow():
        try:
            with acting(FEED):
                late.append(record("order.seen", "order:late", actor=FEED, at=AT, supplier_id=None).pk)
                written.set()
                assert go_on.wait(20)
        finally:
            connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    assert written.wait(20)
    (quick,) = record_some(1)
    assert late[0] < quick
    assert sealed() == 1  # no writer is waited for
    assert sealed() == 0
    go_on.set()
    writer.join(20)

    assert sealed() == 1
    with acting(FEED):
        order = list(AuditLink.objects.order_by("position").values_list("event_id", flat=True))
    # How far nobody can write any more is known only while no transaction is under way in the whole server. One that
    # was when it was sealed may be over when we ask: then it is sealed once more.
    for _time in range(50):
        record_some(1)
        assert sealed() == 1
        knows = settled_below() >= quick or others_write()
        if knows:
            break
    assert knows
    assert order[:2] == [quick, late[0]]
    assert found().faults == ()


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_make_one_chain():
    record_some(50)
    totals = []

    def run():
        try:
            totals.append(seal_trail())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sum(totals) == 50
    assert (found().links, found().faults) == (50, ())


@pytest.mark.django_db(transaction=True)
def test_what_is_sealed_while_one_looks_is_no_fault():
    record_some(2)
    sealed()
    more = []

    def record_and_seal():
        try:
            record_some(3)
            more.append(sealed())
        finally:
            connection.close()

    def meanwhile(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if "SELECT count(*), (SELECT hash" in sql and not more:
            writer = threading.Thread(target=record_and_seal)
            writer.start()
            writer.join(20)
        return answer

    with connection.execute_wrapper(meanwhile):
        verdict = found()

    assert (more, verdict.links, verdict.faults) == ([3], 2, ())
    assert (found().links, found().faults) == (5, ())
    # A seal that is taken away meanwhile is missed, as ever.
    tamper("DELETE FROM kernel_auditseal WHERE first_position = 3")
    assert {fault.what for fault in found().faults} == {"seal_missing"}


@pytest.mark.django_db
def test_each_head_is_said_where_the_database_cannot_change_it(caplog):
    record_some(3)
    with caplog.at_level(logging.INFO, logger="portal.audit"):
        assert seal_trail() == 3

    (line,) = caplog.records
    assert (line.position, line.events) == (3, 3)
    assert line.head == found().head


@pytest.mark.django_db
def test_the_command_says_what_is_wrong_and_raises_an_alarm():
    (event,) = record_some(1)
    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_audit", stdout=StringIO())
    with acting(FEED):
        (noted,) = SecurityEvent.objects.filter(kind="audit.broken")
    assert noted.facts == {"faults": 1, "what": "unsealed", "event": event}

    call_command("seal_audit", "--everything", stdout=StringIO())
    told = StringIO()
    call_command("verify_audit", stdout=told)
    assert "1 events are as they were sealed" in told.getvalue()


@pytest.mark.django_db
def test_an_export_is_checked_without_a_database(tmp_path, settings):
    record_some(2)
    sealed()
    events = record_some(3)
    record_some(1, at=AT - timedelta(days=3))  # sealed with them, of another day
    sealed()
    record_some(2, at=AT + timedelta(days=1))
    sealed()
    record_some(1)
    file = tmp_path / "audit.jsonl"
    call_command("export_audit", file, "--since", "2026-04-06", "--until", "2026-04-06", stdout=StringIO())
    lines = file.read_bytes().splitlines(keepends=True)

    assert [json.loads(line).get("position") for line in lines] == [None, 1, 2, 3, 4, 5, 6, None]
    assert [number for number, line in enumerate(lines) if b'"seal": ' in line] == [2, 6]
    assert faults_of(lines) == []
    told = StringIO()
    call_command("verify_audit", "--file", file, stdout=told)
    assert "1 events at its end were not sealed yet" in told.getvalue()
    with acting(FEED):
        recorded = AuditEvent.objects.get(kind="audit.exported")
    assert recorded.facts["events"] == 7
    assert json.loads(heading(AT, LATER, "ab"))["head"] == "ab"

    unplaced = again(changed_text(lines[4]), position=None)
    for doctored, faults in (
        (
            [*lines[:4], changed_text(lines[4]), *lines[5:]],
            [f"Line 5: event {events[1]} is not as it was sealed."],
        ),
        # A place taken away, and what was written changed.
        (
            [*lines[:4], unplaced, *lines[5:]],
            [
                f"Line 6: event {events[2]} has a place in the chain, and stands after events that have none.",
                f"Line 6: position 5 (event {events[2]}) does not follow position 3: lines are gone.",
                f"Line 7: event {events[2] + 1} has a place in the chain, and stands after events that have none.",
            ],
        ),
        # A line that is gone: in the middle, at the beginning, at the end.
        (
            [*lines[:4], *lines[5:]],
            [f"Line 5: position 5 (event {events[2]}) does not follow position 3: lines are gone."],
        ),
        (
            [lines[0], *lines[2:]],
            ["Line 2: the seal that ends at position 2 is not that of the lines before it."],
        ),
        (lines[:6], ["The end: positions from 3 on have no seal."]),
        ([lines[0], changed_text(lines[1], b'"n": 0'), *lines[2:]], ["Line 2: event"]),
        (
            [lines[0], again(lines[1], actor_label="Nobody"), *lines[2:]],
            ["Line 2: the name on event"],
        ),
        (
            [lines[0], again(lines[1], actor_label="Nobody", label_nonce=None), *lines[2:]],
            ["Line 2: the name on event"],
        ),
        (
            lines[1:],
            ["Line 1: this is no heading of an export in the format quayside-audit-2.", "Line 2: the seal"],
        ),
        ([*lines[:7], b"{}\n"], ["Line 8: this is no line of an export."]),
    ):
        found = faults_of(doctored)
        assert len(found) == len(faults), found
        assert all(one.startswith(said) for one, said in zip(found, faults, strict=True)), found

    # Who works out all hashes anew has no key to sign the heads with; without the key nobody sees it.
    settings.AUDIT_SEAL_KEY, settings.SECRET_KEY_FALLBACKS = "the auditor's own", []
    settings.SECRET_KEY = "the auditor's other"
    assert [fault.split(" is ")[1] for fault in faults_of(lines)] == ["not signed with a key of ours."] * 2
    told = StringIO()
    call_command("verify_audit", "--file", file, "--without-key", stdout=told)
    assert "Signatures were not looked at" in told.getvalue()


def faults_of(lines):
    return list(FileCheck(keys()).faults(lines))


def again(line, **changed):
    return json.dumps(json.loads(line) | changed, ensure_ascii=False).encode() + b"\n"


def changed_text(line, text=b'"n": 1'):
    content = json.loads(line)["content"]
    return again(line, content=content.replace(text.decode(), '"n": 7'))


@pytest.mark.django_db(transaction=True)
def test_names_of_erased_people_go_and_the_chain_holds():
    old = AT - timedelta(days=4000)
    with acting(FEED):
        kept = {"kind": "order.seen", "stream": "order:1", "actor_side": "company", "channel": "portal"}
        kept |= {"actor_label": "Bea", "actor_user_id": 7}
        first = AuditEvent.objects.create(at=old, **kept)
        young = AuditEvent.objects.create(at=AT, **kept)
        record("person.erased", "person:7", actor=FEED, at=AT, supplier_id=None, internal=True)
    sealed()

    with as_owner():
        call_command("erase_audit_names", stdout=StringIO())

    with acting(FEED):
        assert AuditEvent.objects.get(pk=first.pk).actor_label == "Former user 7"
        assert AuditEvent.objects.get(pk=young.pk).actor_label == "Bea"
    assert found().faults == ()
    tamper(f"UPDATE kernel_auditevent SET actor_label = 'Asha' WHERE id = {first.pk}")
    assert [fault.what for fault in found().faults] == ["label_changed"]
