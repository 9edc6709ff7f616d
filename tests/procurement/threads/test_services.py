"""Talking about an order, as stories; and both walls around what is said among ourselves."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid, NotAllowed, NotFound
from portal.kernel.scope import acting
from procurement.threads import policies
from procurement.threads.messages import NewFile, NewMessage
from procurement.threads.models import Attachment, Message
from procurement.threads.queries import find_file, thread_of
from procurement.threads.services import add_files, send_message
from suppliers.roles import Permission
from tests.builders.world import MONDAY, an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db

LATER = MONDAY + timedelta(hours=1)
DRAWING = NewFile("drawing.pdf", b"%PDF-1.7 a valve")


def say(order, person, body="Can you ship earlier?", *, internal=False, files=()):
    with acting(person.actor):
        return send_message(NewMessage(order.key, body, internal, tuple(files)), actor=person.actor, at=LATER)


def read(order, person):
    with acting(person.actor):
        return [entry.message.body for entry in thread_of(order, person.actor).entries]


def facts():
    with acting(FEED):
        return list(
            AuditEvent.objects.filter(kind__startswith="thread.")
            .order_by("id")
            .values_list("kind", "internal")
        )


def test_both_sides_read_what_is_said_oldest_first(people):
    order = an_order()

    say(order, people["bea"], "Can you ship earlier?")
    say(order, people["asha"], "Yes, on Friday.")

    assert read(order, people["asha"]) == ["Can you ship earlier?", "Yes, on Friday."]
    assert read(order, people["bea"]) == ["Can you ship earlier?", "Yes, on Friday."]
    assert facts() == [("thread.message_sent", False), ("thread.message_sent", False)]


def test_an_internal_note_and_its_file_stay_on_the_buying_side(people):
    order = an_order()

    say(order, people["bea"], "They are always late.", internal=True, files=[DRAWING])

    assert read(order, people["bea"]) == ["They are always late."]
    assert read(order, people["otto"]) == ["They are always late."]
    assert read(order, people["asha"]) == []
    assert facts() == [("thread.note_written", True), ("thread.file_added", True)]
    with acting(FEED):
        key = Attachment.objects.get().key
    with acting(people["asha"].actor), pytest.raises(NotFound):
        find_file(key, actor=people["asha"].actor)


def test_row_level_security_hides_notes_from_raw_sql_of_the_supplier(people):
    order = an_order()
    say(order, people["bea"], "Open words.", files=[DRAWING])
    say(order, people["bea"], "They are always late.", internal=True, files=[NewFile("score.csv", b"a;b\n")])

    with acting(people["asha"].actor), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("quayside_supplier",)
        cursor.execute("SELECT body FROM procurement_message")
        assert cursor.fetchall() == [("Open words.",)]
        cursor.execute("SELECT name FROM procurement_attachment")
        assert cursor.fetchall() == [("drawing.pdf",)]
        cursor.execute("SELECT count(*) FROM procurement_message WHERE internal")
        assert cursor.fetchone() == (0,)
    with acting(people["gil"].actor), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM procurement_message), (SELECT count(*) FROM procurement_attachment)"
        )
        assert cursor.fetchone() == (0, 0)


def test_wall_two_holds_when_wall_one_forgets_the_notes(people):
    order = an_order()
    say(order, people["bea"], "They are always late.", internal=True)

    with acting(people["asha"].actor):
        assert list(Message.objects.all()) == []


def test_a_supplier_writes_no_internal_note(people):
    order = an_order()

    with pytest.raises(NotAllowed):
        say(order, people["asha"], internal=True)

    assert facts() == []


def test_who_may_only_note_does_not_write_to_the_supplier(people):
    order = an_order()
    otto = people["otto"]
    notes = replace(
        otto, actor=replace(otto.actor, permissions=otto.actor.permissions - {Permission.THREAD_WRITE})
    )

    say(order, notes, "Paid twice last year.", internal=True)
    with pytest.raises(NotAllowed):
        say(order, notes)
    say(order, otto, "Which of both is right?")  # accounts payable asks its suppliers

    assert facts() == [("thread.note_written", True), ("thread.message_sent", False)]


def test_a_clerk_reads_but_does_not_write(people):
    order = an_order()

    with pytest.raises(NotAllowed):
        say(order, people["arun"])


def test_stranger_cannot_even_find_it(people):
    order = an_order()

    with pytest.raises(NotFound):
        say(order, people["gil"])


def test_an_empty_message_is_refused_and_a_file_alone_is_not(people):
    order = an_order()

    with pytest.raises(Invalid, match="Write something"):
        say(order, people["asha"], "   ")
    say(order, people["asha"], "", files=[DRAWING])

    with acting(FEED):
        (stored,) = Attachment.objects.all()
    assert (stored.name, stored.content_type, stored.size) == ("drawing.pdf", "application/pdf", 16)
    assert bytes(stored.content) == b"%PDF-1.7 a valve"


def test_one_bad_file_stops_the_message_and_every_bad_one_is_named(people):
    order = an_order()

    with pytest.raises(Invalid) as refusal:
        say(order, people["asha"], files=[DRAWING, NewFile("a.zip", b"PK\x03\x04"), NewFile("b.pdf", b"MZ")])

    assert [problem.value for problem in refusal.value.problems] == ["a.zip", "b.pdf"]
    with acting(FEED):
        assert (Message.objects.count(), Attachment.objects.count()) == (0, 0)


def test_too_many_files_and_too_many_words_are_refused(people):
    order = an_order()

    with pytest.raises(Invalid, match="At most 5 files"):
        say(order, people["asha"], files=[DRAWING] * 6)
    with pytest.raises(Invalid, match="10001 characters"):
        say(order, people["asha"], "x" * 10_001)


def test_files_without_a_word_stand_by_themselves(people):
    order = an_order()

    with acting(people["asha"].actor):
        add_files(order.key, [DRAWING], actor=people["asha"].actor, at=LATER)
        thread = thread_of(order, people["asha"].actor)

    assert [file.name for file in thread.files] == ["drawing.pdf"]
    assert thread.entries == ()
    assert facts() == [("thread.file_added", False)]


def test_an_order_that_a_supplier_filled_up_still_takes_the_buyers_file(people, monkeypatch):
    monkeypatch.setattr(policies, "MOST_FILES_OF_ORDER", 5)
    order, other = an_order("1"), an_order("2")
    say(order, people["asha"], files=[DRAWING] * 5)

    with pytest.raises(Invalid, match="room for 5 files") as refusal:
        say(order, people["asha"], files=[DRAWING])
    say(order, people["bea"], files=[DRAWING])
    say(other, people["asha"], files=[DRAWING])

    assert [(problem.field, problem.code) for problem in refusal.value.problems] == [("files", "no_room")]
    with acting(FEED):
        assert Attachment.objects.count() == 7


def test_a_suppliers_day_has_room_for_so_many_files_on_all_its_orders_together(people, monkeypatch):
    monkeypatch.setattr(policies, "MOST_FILES_OF_DAY", 6)
    orders = [an_order("1"), an_order("2")]
    for order in orders:
        say(order, people["asha"], files=[DRAWING] * 3)

    with acting(people["asha"].actor), pytest.raises(Invalid, match="At most 6 files"):
        add_files(orders[0].key, [DRAWING], actor=people["asha"].actor, at=LATER + timedelta(hours=23))
    say(an_order("g1", supplier="GLOBEX"), people["gil"], files=[DRAWING])
    with acting(people["asha"].actor):
        add_files(orders[0].key, [DRAWING], actor=people["asha"].actor, at=LATER + timedelta(hours=24))

    with acting(FEED):
        assert Attachment.objects.count() == 8


def test_a_long_thread_costs_as_many_queries_as_a_short_one(people, django_assert_num_queries):
    order = an_order()
    say(order, people["bea"], "1", files=[DRAWING])
    with acting(people["bea"].actor), django_assert_num_queries(2):
        thread_of(order, people["bea"].actor)
    for number in range(2, 12):
        say(order, people["bea"], str(number), files=[DRAWING])

    with acting(people["bea"].actor), django_assert_num_queries(2):
        thread = thread_of(order, people["bea"].actor)

    assert [entry.message.body for entry in thread.entries] == [str(number) for number in range(1, 12)]
    assert [len(entry.files) for entry in thread.entries] == [1] * 11
