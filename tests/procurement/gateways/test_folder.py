"""A carrier puts files into its folder: each is taken once, put away, and holds up no other."""

import os
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from procurement.gateways.tasks import forget_messages, poll_gateways
from tests.builders.changes import an_agreed_order
from tests.builders.gateways import a_carrier, an_event, events, messages
from tests.builders.shipments import a_sent_notice

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


@pytest.fixture
def carrier(people):
    a_sent_notice(an_agreed_order(people["asha"]), people["asha"])
    return a_carrier(people["ines"])


@pytest.fixture
def folder(settings, tmp_path, carrier):
    settings.GATEWAY_FILES_ROOT = tmp_path
    inbox = tmp_path / str(carrier.gateway.key) / "in"
    inbox.mkdir(parents=True)
    return inbox


def rows(*kinds):
    moment = timezone.now().replace(microsecond=0).isoformat()
    return "kind,happened_at,notice,supplier\n" + "".join(f"{kind},{moment},DN-1,ACME\n" for kind in kinds)


def put(folder, name, text, *, age=60):
    path = folder / name
    path.write_text(text)
    moment = timezone.now().timestamp() - age
    os.utime(path, (moment, moment))
    return path


def names(folder):
    return sorted(path.name.split("-", 1)[-1] for path in folder.iterdir())


def test_a_file_is_taken_and_put_away(folder):
    put(folder, "status.csv", rows("departed", "arrived"))

    assert poll_gateways() == 1

    assert [one.state for one in events()] == ["taken", "taken"]
    assert [(one.way, one.file_name) for one in messages()] == [("folder", "status.csv")]
    assert names(folder.parent / "done") == ["status.csv"]
    assert names(folder) == []


def test_a_name_that_is_no_text_is_no_obstacle(folder):
    put(folder, os.fsdecode(b"stat\xff.csv"), rows("departed"))

    poll_gateways()

    assert [(one.state, one.file_name) for one in messages()] == [("done", "stat?.csv")]


def test_the_same_file_under_another_name_counts_once(folder):
    text = rows("departed")
    put(folder, "one.csv", text)
    poll_gateways()
    put(folder, "two.csv", text)
    poll_gateways()

    assert (len(messages()), len(events())) == (1, 1)
    assert names(folder.parent / "done") == ["one.csv", "two.csv"]


def test_what_cannot_be_read_is_put_aside_and_holds_up_no_other(folder):
    put(folder, "a.csv", "colour\nred\n")
    put(folder, "b.csv", rows("departed"))

    poll_gateways()

    assert [one.state for one in messages()] == ["refused", "done"]
    assert names(folder.parent / "rejected") == ["a.csv"]
    assert names(folder.parent / "done") == ["b.csv"]


def test_what_is_being_written_and_what_is_no_file_of_ours_is_left_alone(folder, tmp_path):
    put(folder, "fresh.csv", rows("departed"), age=0)
    put(folder, "half.csv.part", rows("departed"))
    (folder / "link.csv").symlink_to(put(tmp_path, "elsewhere.csv", rows("departed")))
    (folder / "folder.csv").mkdir()

    assert poll_gateways() == 0
    assert messages() == []


def test_what_lies_there_for_long_and_is_not_ours_holds_up_no_file(folder, monkeypatch):
    monkeypatch.setattr("procurement.gateways.ways.folder.MOST_AT_ONCE", 1)
    put(folder, "half.csv.part", rows("departed"), age=600)
    put(folder, "status.csv", rows("departed"))

    assert poll_gateways() == 1
    assert [one.state for one in events()] == ["taken"]


def test_a_file_that_is_too_large_is_put_aside_unread(folder, settings):
    settings.GATEWAY_MAX_BYTES = 64
    put(folder, "large.csv", "happened_at\n" + "x" * 64)

    poll_gateways()

    assert names(folder.parent / "rejected") == ["large.csv"]
    assert messages() == []


def test_a_folder_of_no_gateway_is_nobodys(folder, tmp_path):
    strange = tmp_path / str(uuid.uuid4()) / "in"
    strange.mkdir(parents=True)
    put(strange, "status.csv", rows("departed"))

    assert poll_gateways() == 0
    assert names(strange) == ["status.csv"]


def test_without_a_folder_nothing_is_looked_into(settings):
    settings.GATEWAY_FILES_ROOT = None

    assert poll_gateways() == 0


def test_old_bytes_are_forgotten_and_what_came_of_them_stays(carrier, settings):
    event = an_event(happened_at=timezone.now().isoformat(), notice="DN-1", supplier="ACME")
    carrier.tell(event)
    assert forget_messages() == 0

    settings.GATEWAY_RAW_KEPT_FOR = timedelta(0)
    assert forget_messages() == 1

    (message,) = messages()
    assert (bytes(message.raw), message.forgotten_at is not None) == (b"", True)
    assert [one.state for one in events()] == ["taken"]
    assert carrier.tell(event).json()["message"] == str(message.key)  # known by its fingerprint
