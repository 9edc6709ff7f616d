"""A setting is what it says it is, or the portal does not start."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import env


@pytest.mark.parametrize(
    ("word", "meant"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("", False)]
)
def test_flag_reads_yes_and_no(monkeypatch, word, meant):
    monkeypatch.setenv("THING", word)

    assert env.flag("THING", default=not meant) is meant


def test_flag_does_not_guess(monkeypatch):
    monkeypatch.setenv("THING", "nope")

    with pytest.raises(ImproperlyConfigured, match="THING is 'nope'"):
        env.flag("THING")


def test_integer_refuses_words_and_too_little(monkeypatch):
    monkeypatch.setenv("THING", "many")
    with pytest.raises(ImproperlyConfigured, match="whole number"):
        env.integer("THING", 3)

    monkeypatch.setenv("THING", "0")
    with pytest.raises(ImproperlyConfigured, match="must be 1 or more"):
        env.integer("THING", 3, at_least=1)

    monkeypatch.delenv("THING")
    assert env.integer("THING", 3, at_least=1) == 3


def test_a_day_is_read_and_nothing_else(monkeypatch):
    monkeypatch.setenv("THING", "31.03.2026")
    with pytest.raises(ImproperlyConfigured, match="must be a day as YYYY-MM-DD"):
        env.day("THING")

    monkeypatch.setenv("THING", "2026-03-31")
    assert env.day("THING") == date(2026, 3, 31)

    monkeypatch.delenv("THING")
    assert env.day("THING") is None


def test_secret_may_come_from_a_file(monkeypatch, tmp_path):
    file = tmp_path / "key"
    file.write_text("from the file\n")
    monkeypatch.setenv("THING", "from the variable")
    assert env.secret("THING") == "from the variable"

    monkeypatch.setenv("THING_FILE", str(file))
    assert env.secret("THING") == "from the file"

    monkeypatch.setenv("THING_FILE", str(tmp_path / "gone"))
    with pytest.raises(ImproperlyConfigured, match="THING_FILE cannot be read"):
        env.secret("THING")


def test_choice_names_what_is_allowed(monkeypatch):
    monkeypatch.setenv("THING", "sometimes")

    with pytest.raises(ImproperlyConfigured, match="must be one of never, always"):
        env.choice("THING", ("never", "always"), "never")


def test_words_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("THING", " a.example , ,b.example")

    assert env.words("THING") == ["a.example", "b.example"]


def test_path_is_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THING", "var/here")

    assert env.path("THING", Path("/elsewhere")) == tmp_path / "var/here"


def test_url_wants_one_of_the_known_schemes_and_keeps_the_password_to_itself(monkeypatch):
    monkeypatch.setenv("THING", "mysql://me:hunter2@host/db")

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.url("THING", ("postgresql",))

    assert str(refusal.value) == "THING starts with mysql; it must be one of postgresql."


def test_url_with_an_impossible_port_is_refused(monkeypatch):
    monkeypatch.setenv("THING", "postgresql://host:99999999/db")

    with pytest.raises(ImproperlyConfigured, match="THING is not an address"):
        env.url("THING", ("postgresql",))


def test_url_list(monkeypatch):
    monkeypatch.setenv("THING", "https://a.example, https://b.example")

    assert env.url_list("THING", ("https",)) == ["https://a.example", "https://b.example"]


def test_amounts_are_told_apart_by_currency_and_nothing_else_passes_for_one(monkeypatch):
    monkeypatch.setenv("THING", "EUR=10000, USD=9000.50")
    assert env.amounts("THING") == {"EUR": Decimal(10000), "USD": Decimal("9000.50")}
    monkeypatch.setenv("THING", "")
    assert env.amounts("THING", "GBP=1") == {}
    monkeypatch.delenv("THING")
    assert env.amounts("THING", "GBP=1") == {"GBP": Decimal(1)}

    for wrong in ("EUR", "eur=1", "EUR=-1", "EUR=1e9", "EUR=1,5"):
        monkeypatch.setenv("THING", wrong)
        with pytest.raises(ImproperlyConfigured, match="such as EUR=10000"):
            env.amounts("THING")


def test_weights_name_what_they_weigh_and_what_is_not_named_weighs_nothing(monkeypatch):
    names = ("kept", "answered")
    assert env.weights("UNSET", names, "kept=60") == {"kept": 60, "answered": 0}
    monkeypatch.setenv("THING", "answered=100, kept=0")
    assert env.weights("THING", names, "kept=60") == {"kept": 0, "answered": 100}

    for wrong in ("kept", "kept=", "kept=-1", "kept=101", "kept=1.5", "late=5"):
        monkeypatch.setenv("THING", wrong)
        with pytest.raises(ImproperlyConfigured, match="one of kept, answered and a weight, such as kept=60"):
            env.weights("THING", names, "")
    monkeypatch.setenv("THING", "kept=0")
    with pytest.raises(ImproperlyConfigured, match="THING weighs nothing"):
        env.weights("THING", names, "")
