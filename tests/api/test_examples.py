"""The examples of docs/api.md, run from top to bottom as one program would run them."""

import json
import re
import shlex
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders.world import MONDAY, an_order

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
ANYTHING = "…"


@dataclass
class Message:
    """A request or an answer as the page shows it."""

    first: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


def blocks():
    found = re.findall(r"^```(http|bash)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [read_curl(text) if kind == "bash" else read_http(text) for kind, text in found]


def read_http(text):
    head, _blank, body = text.partition("\n\n")
    first, *lines = head.strip().splitlines()
    return Message(first, dict(line.split(": ", 1) for line in lines), body.strip())


def read_curl(text):
    words = shlex.split(text.replace("$TOKEN", "\\$TOKEN").replace("$QUAYSIDE", ""))
    assert words[:2] == ["curl", "-H"], "teach this test the new option"
    return Message(f"GET {words[3]} HTTP/1.1", dict([words[2].replace("\\", "").split(": ", 1)]))


def pairs():
    messages = blocks()
    assert len(messages) % 2 == 0, "each request of the page is followed by its answer"
    return list(zip(messages[::2], messages[1::2], strict=True))


def differs(wanted: Any, got: Any, way: str = "") -> str:
    """Where what was answered is not what the page says; '' when it is."""
    if wanted == ANYTHING:
        return ""
    if isinstance(wanted, dict) and isinstance(got, dict):
        names = set(wanted) - {ANYTHING}
        if missing := names - set(got):
            return f"{way}: {sorted(missing)} is not answered"
        if ANYTHING not in wanted and (more := set(got) - names):
            return f"{way}: {sorted(more)} is answered too"
        return next(filter(None, (differs(wanted[name], got[name], f"{way}.{name}") for name in names)), "")
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        inner = (
            differs(one, other, f"{way}.{n}") for n, (one, other) in enumerate(zip(wanted, got, strict=True))
        )
        return next(filter(None, inner), "")
    return "" if wanted == got else f"{way}: {wanted!r} is {got!r}"


def test_a_difference_is_seen():
    assert differs({"a": 1}, {"a": 1, "b": 2}) == ": ['b'] is answered too"
    assert differs({"a": 1, ANYTHING: ANYTHING}, {"a": 2, "b": 2}) == ".a: 1 is 2"
    assert differs([{"a": 1}], []) == ": [{'a': 1}] is []"
    assert differs({"a": ANYTHING}, {}) == ": ['a'] is not answered"


def test_every_example_is_true(tokens, monkeypatch):
    monkeypatch.setattr("portal.kernel.rest.doors.timezone.now", lambda: MONDAY + timedelta(hours=1))
    program = tokens("ACME")
    known = {
        "$TOKEN": program.secret,
        "$COMPANY": tokens().secret,
        "$ORDER": str(an_order("4500012345", lines=2).key),
    }

    def filled(text):
        for name, value in known.items():
            text = text.replace(name, value)
        return text

    for request, wanted in pairs():
        method, path, _version = filled(request.first).split(" ")
        answer = program.client.generic(
            method,
            path,
            filled(request.body),
            content_type=request.headers.pop("Content-Type", "application/json"),
            headers={name: filled(value) for name, value in request.headers.items()},
        )
        story = f"{request.first}\n{request.body}\n{answer.content.decode()}"
        assert f"HTTP/1.1 {answer.status_code} " in f"{wanted.first} ", story
        if "Location" in answer:
            known["$ACKNOWLEDGMENT"] = answer["Location"].rpartition("/")[2]
        assert {name: answer[name] for name in wanted.headers} == {
            name: filled(value) for name, value in wanted.headers.items()
        }, story
        told = json.loads(answer.content) if answer.content else None
        assert differs(json.loads(filled(wanted.body)) if wanted.body else None, told) == "", story


def test_there_are_examples():
    assert len(pairs()) >= 9


def test_the_table_names_every_address():
    from portal.api.views import described

    told = set(re.findall(r"^\| `([A-Z]+ /api/v1/[^`]*)`", PAGE.read_text(), re.MULTILINE))
    paths = described()["paths"]
    assert told == {f"{method.upper()} {path}" for path in paths for method in paths[path]} | {
        "GET /api/v1/schema"
    }


def test_every_code_is_told():
    from portal.kernel.rest.problems import TITLES

    assert [code for code in TITLES if f"`{code}`" not in PAGE.read_text()] == ["refused"]
