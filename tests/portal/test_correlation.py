"""One identifier follows a story from the click to the ERP."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from portal import celery
from portal.kernel import correlation


def test_outside_a_story_there_is_none():
    assert correlation.current() == ""


def test_inside_there_is_and_afterwards_the_outer_one_is_back():
    with correlation.bind("outer-story"), correlation.bind("inner-story"):
        assert correlation.current() == "inner-story"

    with correlation.bind("outer-story"):
        with correlation.bind("inner-story"):
            pass
        assert correlation.current() == "outer-story"


@pytest.mark.parametrize(
    "proposal", [None, "", "short", "x" * 65, "has space in it", "line\nbreak-here", "späße-123"]
)
def test_a_strange_identifier_is_replaced(proposal):
    with correlation.bind(proposal) as story:
        assert story != proposal
        assert correlation.accepted(story) == story


def test_the_answer_names_the_callers_own_story(client):
    answer = client.get("/health/live", headers={"X-Request-ID": "callers-own-1"})

    assert answer.headers["X-Request-ID"] == "callers-own-1"


def test_the_answer_names_a_new_story_when_the_caller_has_none(client):
    first, second = client.get("/health/live"), client.get("/health/live")

    assert correlation.accepted(first.headers["X-Request-ID"])
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


def test_a_task_joins_the_story_of_its_sender_and_leaves_it():
    headers: dict[str, object] = {}
    with correlation.bind("sender-story"):
        celery.send_story_along(headers=headers)
    task = SimpleNamespace(name="test", request=SimpleNamespace(**headers))

    celery.join_story(task_id="1", task=task)
    inside = correlation.current()
    celery.leave_story(task_id="1", task=task, state="SUCCESS")

    assert inside == "sender-story"
    assert correlation.current() == ""


def test_a_task_sent_outside_any_story_begins_one():
    headers: dict[str, object] = {}
    celery.send_story_along(headers=headers)
    task = SimpleNamespace(name="test", request=SimpleNamespace(**headers))

    celery.join_story(task_id="2", task=task)
    inside = correlation.current()
    celery.leave_story(task_id="2", task=task)

    assert headers == {}
    assert correlation.accepted(inside)
