"""The parts of `make demo` that decide something."""

from __future__ import annotations

import json
import socket
import stat

import pytest

from portal.embedded import demo
from portal.embedded.places import Places
from portal.embedded.preparing import Marker
from portal.embedded.supervisor import Failed

PEOPLE = [
    {"role": "supplier", "name": "Mei Lin", "email": "mei@lian-feng.example", "password": "first-word"},
    {"role": "accounts_payable", "name": "Ana", "email": "ana@northmoor.example", "password": "second-word"},
]


@pytest.fixture
def places(tmp_path):
    places = Places(tmp_path)
    places.run.mkdir()
    places.people.write_text(json.dumps(PEOPLE))
    return places


@pytest.fixture
def taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_the_usual_port_gives_way_when_it_is_taken_and_says_so(monkeypatch, taken_port, capsys):
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.setattr(demo, "USUAL_PORT", taken_port)

    with demo.chosen_port() as door:
        chosen = door.getsockname()[1]

    assert chosen != taken_port
    assert capsys.readouterr().out == f"Port {taken_port} is taken; using {chosen}. PORT=… chooses another.\n"


def test_a_port_that_was_asked_for_is_not_swapped(monkeypatch, taken_port):
    monkeypatch.setenv("PORT", str(taken_port))

    with pytest.raises(Failed, match=f"port {taken_port} is taken"):
        demo.chosen_port()


@pytest.mark.parametrize("word", ["http", "0", "70000", "-1"])
def test_a_port_must_be_one(monkeypatch, word):
    monkeypatch.setenv("PORT", word)

    with pytest.raises(Failed, match="must be a number from 1 to 65535"):
        demo.chosen_port()


def test_one_demo_per_folder(places, capsys, monkeypatch):
    demo.write_address_book("http://127.0.0.1:8123", places)
    monkeypatch.setenv("VAR_DIR", str(places.var))

    with (places.run / "demo.lock").open("a") as first:
        assert demo.taken(first)
        assert demo.run_demo() == 1

    assert capsys.readouterr().err == (
        "A demo is already running here at http://127.0.0.1:8123. Stop it first.\n"
    )


def test_the_address_book_names_the_address_and_everybody(places):
    demo.write_address_book("http://127.0.0.1:8123", places)

    assert json.loads(places.address_book.read_text()) == {
        "address": "http://127.0.0.1:8123",
        "people": PEOPLE,
    }


def test_the_address_book_holds_passwords_and_is_private(places):
    places.address_book.with_suffix(".new").touch(mode=0o644)

    demo.write_address_book("http://127.0.0.1:8123", places)

    assert stat.S_IMODE(places.address_book.stat().st_mode) == 0o600


def test_the_sign_ins_are_a_table(places, capsys):
    demo.tell("http://127.0.0.1:8123", places)

    lines = capsys.readouterr().out.splitlines()
    assert "  Quayside is at http://127.0.0.1:8123" in lines
    assert "  supplier          Mei Lin  mei@lian-feng.example  first-word" in lines
    assert "  accounts payable  Ana      ana@northmoor.example  second-word" in lines


def test_the_key_is_kept_and_private(places):
    file = places.run / "secret"

    assert demo.kept_secret(file) == demo.kept_secret(file)
    assert len(demo.kept_secret(file)) >= 50
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_process_but_migrate_hears_of_the_owner(places, monkeypatch):
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://quayside_owner:x@127.0.0.1/quayside")
    monkeypatch.setenv("DEBUG", "1")

    env = demo.portal_environment(places, "http://127.0.0.1:8123")

    assert "DATABASE_OWNER_URL" not in env
    assert "DEBUG" not in env
    assert env["QUAYSIDE_EMBEDDED"] == "1"


def test_a_step_is_done_again_when_its_files_have_changed(tmp_path):
    file = tmp_path / "a.css"
    file.write_text("p {}")
    marker = tmp_path / "marker"

    assert not Marker(marker, [file]).is_current()
    Marker(marker, [file]).set()
    assert Marker(marker, [file]).is_current()

    file.write_text("p { }")
    assert not Marker(marker, [file]).is_current()
