"""The door of the mail reader: what it answers, and that no text can hurt it."""

import json
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given
from hypothesis import strategies as st

from procurement.reading.answer import Certainty, Kind
from procurement.reading.context import MailContext, OpenLine, OpenOrder
from procurement.reading.newtext import split_new_text
from procurement.reading.reader import read_mail
from tests.reading.labels import load_mails
from tests.reading.score import read_labelled


def line(number=10, quantity="500", **more):
    told = {"order": "4500001", "item": "", "supplier_part": "", "description": "Ball valve", "unit": "EA"}
    return OpenLine(
        **{**told, **more},
        line=number,
        quantity=Decimal(quantity),
        price=Decimal(2),
        per=Decimal(1),
        requested_date=None,
    )


CONTEXT = MailContext(
    orders=(OpenOrder("4500001", "EUR", (line(), line(20, description="Steel flange"))),),
    mail_date=datetime(2026, 3, 2, 9, tzinfo=UTC),
    sender_locale="en-GB",
)


def mail(text, subject="4500001", kind="text/plain"):
    head = f"From: a@supplier.example\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: {kind}; charset=utf-8\n\n"
    return head.encode() + (text if isinstance(text, bytes) else text.encode())


def test_evidence_is_an_exact_part_of_the_new_text():
    for one in load_mails():
        reading, _context = read_labelled(one)
        for commitment in reading.commitments:
            assert commitment.evidence
            assert commitment.evidence in reading.new_text, one.name
            assert commitment.rule


def test_nothing_quoted_is_in_the_new_text():
    reading = read_mail(mail("Line 10: 12 March\n\nOn Monday Bea wrote:\n> Line 20 on 15 March?\n"), CONTEXT)

    assert reading.new_text == "Line 10: 12 March"


def test_an_answer_has_the_shape_of_the_contract():
    told = read_mail(
        mail("We can ship 40 of line 10 on 12 March, the rest two weeks later"), CONTEXT
    ).as_json()

    assert set(told) == {"commitments", "flags", "new_text"}
    assert told["commitments"] == [
        {
            "order": "4500001",
            "line": 10,
            "kind": "split",
            "certainty": "firm",
            "evidence": "We can ship 40 of line 10 on 12 March, the rest two weeks later",
            "pieces": [
                {"quantity": 40, "unit": "EA", "date": "2026-03-12", "date_precision": "day"}
                | {"price": None, "per": None, "substitute_part": None},
                {"quantity": 460, "unit": "EA", "date": "2026-03-26", "date_precision": "day"}
                | {"price": None, "per": None, "substitute_part": None},
            ],
            "rule": "split",
        }
    ]
    assert told["flags"] == {
        "auto_reply": False,
        "bounce": False,
        "whole_order_confirmed": False,
        "nothing_actionable": False,
        "contradicts_itself": False,
    }


def test_part_of_a_month_has_its_span():
    (one,) = read_mail(mail("Line 10 will come mid April."), CONTEXT).commitments

    assert one.as_json()["date_range"] == ["2026-04-10", "2026-04-20"]


def test_what_cannot_be_told_is_not_drafted():
    assert read_mail(mail("Line 10 or 20, 12 or 15 March, respectively."), CONTEXT).commitments == ()


def test_a_contradiction_drafts_nothing_firm():
    reading = read_mail(mail("Line 10 ships on 12 March. Line 10 ships on 20 March."), CONTEXT)

    assert reading.flags.contradicts_itself
    assert not [one for one in reading.commitments if one.certainty is Certainty.FIRM]


def test_a_correction_is_no_contradiction():
    reading = read_mail(mail("Line 10 ships on 12 March. Correction: line 10 ships on 20 March."), CONTEXT)

    assert [str(one.pieces[0].day) for one in reading.commitments] == ["2026-03-20"]


def test_the_same_line_number_in_two_orders_needs_an_order():
    two = MailContext(
        orders=(*CONTEXT.orders, OpenOrder("4500002", "EUR", (line(order="4500002"),))),
        mail_date=CONTEXT.mail_date,
    )

    assert read_mail(mail("Line 10 ships 20 March.", subject="update"), two).commitments == ()
    (one,) = read_mail(mail("4500002 line 10 ships 20 March.", subject="update"), two).commitments
    assert (one.order, one.kind) == ("4500002", Kind.DATE)


def test_an_order_that_is_not_open_is_nobodys():
    assert read_mail(mail("PO 4500009 line 10 ships 20 March.", subject="x"), CONTEXT).commitments == ()


HOSTILE = {
    "digits": b"1" * 100_000,
    "spaced digits": b"1 2 3 4 5 " * 10_000,
    "quotes in quotes": b"".join(b">" * depth + b" x\n" for depth in range(1, 450)),
    "dots": b"." * 100_000,
    "spaces": b" " * 100_000 + b"x",
    "tables": b"1\t2\t3\t12.03.2026\n" * 5_000,
    "bars": b"| a " * 25_000,
    "dates": b"12.03.2026 " * 9_000,
    "lines": b"Line 10: 40 pcs 12 March\n" * 4_000,
    "attributions": b"On a b c d e f g h i\n" * 5_000,
    "addresses": b"a@" * 50_000,
    "parts": b"A1B2-" * 20_000,
    "brackets": b"(" * 100_000,
    "questions": b"?" * 100_000,
}
HOSTILE_HTML = {
    "open tables": b"<table><tr><td>" * 7_000,
    "open quotes": b"<blockquote>" * 8_000,
    "open tags": b"<a" * 50_000 + b">",
    "open comments": b"<!--" * 25_000,
    "instructions": b"<?" * 50_000 + b">",
    "lists": b"<li>a" * 20_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_within_a_second(name):
    assert _seconds(mail(HOSTILE[name])) < 1


@pytest.mark.parametrize("name", HOSTILE_HTML)
def test_hostile_html_is_read_within_a_second(name):
    assert _seconds(mail(HOSTILE_HTML[name], kind="text/html")) < 1


def _seconds(raw):
    read_mail(mail("warm up: line 10 on 12 March"), CONTEXT)
    began = time.process_time()
    read_mail(raw, CONTEXT)
    return time.process_time() - began


@given(st.binary(max_size=2_000))
def test_no_bytes_make_it_raise(raw):
    read_mail(raw, CONTEXT)


WORDS = [
    "line",
    "10",
    "20",
    "pos.",
    "500",
    "pcs",
    "12",
    "march",
    "12.03.",
    "kw",
    "14",
    "the",
    "rest",
    "not",
    "if",
    "?",
    ",",
    ".",
    ";",
    "-",
    "ok",
    "confirmed",
    "will",
    "ship",
    "on",
    "and",
    "\n",
    ">",
    "on",
    "monday",
    "wrote:",
    "half",
    "3/4",
    "€",
    "2.10",
    "4500001",
    "po",
]


@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_no_sentence_makes_it_raise_and_evidence_is_always_said(words):
    reading = read_mail(mail(" ".join(words)), CONTEXT)

    assert all(one.evidence in reading.new_text for one in reading.commitments)


@given(st.text(max_size=500))
def test_new_text_is_made_of_what_was_written(text):
    written = split_new_text(text).text

    assert set(written.split()) <= set(text.split())


class TestTheCommand:
    def test_one_mail(self, tmp_path, capsys):
        one = load_mails()[0]
        (tmp_path / "a.eml").write_bytes(one.raw)
        (tmp_path / "a.json").write_text(json.dumps(one.context))

        call_command("read_mail", str(tmp_path / "a.eml"), context=tmp_path / "a.json")

        assert set(json.loads(capsys.readouterr().out)) == {"commitments", "flags", "new_text"}

    def test_many_mails(self, tmp_path):
        for number, one in enumerate(load_mails()[:3]):
            (tmp_path / f"{number:03}.eml").write_bytes(one.raw)
            (tmp_path / f"{number:03}.json").write_text(json.dumps(one.context))

        call_command("read_mail", mail_dir=tmp_path, context_dir=tmp_path, out=tmp_path / "out", verbosity=0)

        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
            "000.json",
            "001.json",
            "002.json",
        ]

    def test_it_says_what_is_missing(self, tmp_path):
        (tmp_path / "a.eml").write_bytes(b"")
        (tmp_path / "a.json").write_text("{}")

        with pytest.raises(CommandError, match="lacks 'mail_date'"):
            call_command("read_mail", str(tmp_path / "a.eml"), context=tmp_path / "a.json")
        with pytest.raises(CommandError, match="Give one mail"):
            call_command("read_mail")
