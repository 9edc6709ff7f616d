"""Log lines are objects, belong to a story, and keep secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from portal.kernel import correlation
from portal.logging import JsonFormatter, TextFormatter, without_links, without_secrets


def line(message: str, *args: object, exc_info: object = None, **extra: object) -> dict[str, object]:
    record = logging.LogRecord("trade", logging.INFO, __file__, 1, message, args, exc_info)  # type: ignore[arg-type]  # as logging does
    vars(record).update(extra)
    return dict(json.loads(JsonFormatter().format(record)))


def test_a_line_has_time_level_logger_message_and_story():
    with correlation.bind("story-0001"):
        written = line("order %s received", 4711)

    assert written["message"] == "order 4711 received"
    assert (written["level"], written["logger"], written["correlation"]) == ("INFO", "trade", "story-0001")
    assert str(written["time"]).endswith("+00:00")


def test_what_the_caller_added_is_there():
    assert line("request", status=200, route="order")["status"] == 200


def test_named_secrets_are_hidden_at_any_depth():
    written = line(
        "sign-in", password="hunter2", facts={"api_key": "k", "user": "mei", "more": [{"token": "t"}]}
    )

    assert written["password"] == "[hidden]"
    assert written["facts"] == {"api_key": "[hidden]", "user": "mei", "more": [{"token": "[hidden]"}]}


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("cannot reach postgresql://app:hunter2@db/q", "cannot reach postgresql://app:[hidden]@db/q"),
        ("Authorization: Bearer abcdefghij.klmno", "Authorization: Bearer [hidden]"),
        ("password=hunter2&next=/", "password=[hidden]&next=/"),
        ("{'secret': 'hunter2', 'a': 1}", "{'secret': '[hidden]', 'a': 1}"),
        ("order 4711 of https://acme.example/orders", "order 4711 of https://acme.example/orders"),
    ],
)
def test_secrets_in_sentences_are_hidden(said, written):
    assert without_secrets(said) == written


def test_an_exception_keeps_its_trace_and_loses_its_secret():
    try:
        raise ValueError("redis://:hunter2@host refused")
    except ValueError:
        written = line("failed", exc_info=sys.exc_info())

    assert "Traceback" in str(written["exception"])
    assert "hunter2" not in str(written["exception"])


def test_a_line_stays_one_line():
    record = logging.LogRecord("trade", logging.INFO, __file__, 1, "first\nsecond", (), None)

    assert "\n" not in JsonFormatter().format(record)


def test_the_terminal_style_names_the_story_too():
    record = logging.LogRecord("trade", logging.INFO, __file__, 1, "hello", (), None)
    formatter = TextFormatter("[%(correlation)s] %(message)s")

    with correlation.bind("story-0002"):
        assert formatter.format(record) == "[story-0002] hello"


@pytest.mark.parametrize(
    "text",
    [
        "GET /l/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ/answer/",
        "http://portal.example/notices/stop/eyJ1IjoxMSwiYSI6Im9sZ2FAc3VwcGxpZXI:1xXFhe:zc3G073qdevchn3/",
        "POST /asked/IjBkZjQ3ZTA2LWFhYWEtNGE1Ny1hMGZl:1xXFhe:zc3G073qdevchn3KkQx/",
        "mail for reply+aaaaaaaaalkhablzztyflkgoyx4ozxlklu@mail.example",
    ],
)
def test_what_opens_a_link_or_names_a_reply_is_hidden(text):
    shown = without_secrets(text)

    assert "[hidden]" in shown
    assert "AAECAwQF" not in shown
    assert "eyJ1Ijox" not in shown
    assert "IjBkZjQ3" not in shown
    assert "zc3G073q" not in shown
    assert "alkhablz" not in shown


SEALED = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ"
SIGNED = "WzExLCIyMDI2LTExLTI5VDA4OjAwOjAwKzAwOjAwIl0:1xXFhe:zc3G073qdevchn3KkQx-zc3G073qdevchn3KkQx12345"


def routes(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    for one in patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, here)
        else:
            yield here


def test_what_opens_any_address_of_ours_that_carries_a_token_is_blacked_out():
    with_token = [one for one in routes(get_resolver().url_patterns) if "token>" in one]

    assert {one.split("<")[0] for one in with_token} >= {
        "/join/",
        "/register/",
        "/wake/",
        "/address/old/",
        "/address/new/",
        "/signin/confirm/",
        "/signin/stop/",
        "/bank/not-me/",
        "/approve/",
        "/l/",
    }
    for route in with_token:
        before, _token, after = route.partition("<str:token>")
        after = re.sub("<[^>]+>", "x", after)
        for token in (SEALED, SIGNED):
            hidden = f"> https://portal.example{before}[hidden]{after} <"
            said = f"> https://portal.example{before}{token}{after} <"
            assert without_links(said) == hidden
            assert without_secrets(said) == hidden


def test_a_link_is_blacked_out_inside_another_address_and_so_is_one_for_a_new_password():
    wrapped = f"https://guard.example/?url=https%3A%2F%2Fp.example%2Fsignin%2Fstop%2F{SIGNED}%2F&x=1".replace(
        ":1xX", "%3A1xX"
    ).replace(":zc3", "%3Azc3")

    assert without_links(wrapped) == (
        "https://guard.example/?url=https%3A%2F%2Fp.example%2Fsignin%2Fstop%2F[hidden]%2F&x=1"
    )
    reset = "https://p.example/accounts/password/reset/key/2f-d1abcd-0123456789abcdef0123456789abcdef/"
    assert without_links(reset) == "https://p.example/accounts/password/reset/key/[hidden]/"
    assert without_links("/accounts/password/reset/key/2f-set-password/").endswith("2f-set-password/")
    assert (
        without_links("see https://p.example/suppliers/join/us") == "see https://p.example/suppliers/join/us"
    )
