"""The queue: tasks of all packages, and the story's identifier carried from sender to worker."""

from __future__ import annotations

import logging
import os
import time
from contextlib import ExitStack
from logging.config import dictConfig
from typing import Any

from celery import Celery, Task
from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun, worker_init
from django.conf import settings

from portal.kernel import correlation

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

HEADER = "quayside_correlation"

app = Celery("quayside")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

log = logging.getLogger("portal.tasks")
_stories: dict[str, tuple[ExitStack, float]] = {}


@setup_logging.connect
def use_our_logging(**kwargs: Any) -> None:
    """Workers log like the web does; Celery would otherwise bring its own format."""
    dictConfig(settings.LOGGING)


@worker_init.connect
def refuse_to_lose_locks(**kwargs: Any) -> None:
    """A worker whose locks would be lost does not start. See Note [Pooler] in portal/backing.py."""
    if settings.DATABASE_POOLER == "transaction":
        raise SystemExit(
            "DATABASE_POOLER=transaction is for web processes: a worker needs its session's locks."
        )


@before_task_publish.connect
def send_story_along(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    if headers is not None and correlation.current():
        headers.setdefault(HEADER, correlation.current())


@task_prerun.connect
def join_story(task_id: str, task: Task[..., Any], **kwargs: Any) -> None:
    stack = ExitStack()
    stack.enter_context(correlation.bind(getattr(task.request, HEADER, None)))
    _stories[task_id] = (stack, time.monotonic())


@task_postrun.connect
def leave_story(task_id: str, task: Task[..., Any], state: str | None = None, **kwargs: Any) -> None:
    stack, began = _stories.pop(task_id, (ExitStack(), time.monotonic()))
    with stack:
        milliseconds = round((time.monotonic() - began) * 1000)
        log.info("task", extra={"task": task.name, "task_id": task_id, "state": state, "ms": milliseconds})
