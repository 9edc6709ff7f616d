"""A question to somebody outside purchasing: asked on a case, answered on a page of its own, with or without account.

Note [Sealed]: who has no account gets an address that holds the task's key, signed, by mail (the notice of the kind
"question"). It opens that one question and nothing else, for thirty days, until it is answered or taken back. Opening
shows; only pressing answers.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.inbox.models import CaseTask, ExceptionCase
from procurement.inbox.queries.cases import find_case, find_task
from procurement.inbox.queries.people import colleagues
from procurement.inbox.services.owning import today_of_group
from procurement.inbox.services.working import LONGEST_NOTE, record_on, require_worker
from procurement.inbox.states import TASK_LIFECYCLE, TaskState
from procurement.links.queries import asked_key, asked_token
from suppliers.roles import Permission

MOST_MAILED = 2_000  # characters of a question that go into its mail; its page shows all of them


@dataclass(frozen=True, slots=True)
class AskTask:
    """A question on a case: to a colleague (`person`), or to a mail address, written to in `language`."""

    case: uuid.UUID
    question: str
    person: int | None = None
    email: str = ""
    due_on: date | None = None
    language: str = ""


@requires_scope
def ask_task(command: AskTask, *, actor: Actor, at: datetime) -> CaseTask:
    """Ask somebody outside purchasing. Raises `Invalid` with everything that is missing."""
    require_worker(actor)
    case = find_case(command.case, actor=actor)
    question, email = command.question.strip(), command.email.strip().lower()
    problems = list(_problems(command, question, email, at))
    if problems:
        raise Invalid(problems[0].message, problems)
    task = CaseTask.objects.create(
        case=case,
        asked_of_id=command.person,
        email="" if command.person else email,
        language="" if command.person else command.language or settings.LANGUAGE_CODE,
        question=question,
        due_on=command.due_on,
        asked_at=at,
        asked_by=actor.label,
        asked_by_user_id=actor.user_id,
    )
    ExceptionCase.objects.filter(pk=case.pk).update(updated_at=at)
    record_on(case, "case.task_asked", question_facts(task), actor=actor, at=at)
    return task


def question_facts(task: CaseTask) -> dict[str, object]:
    """What a fact says of a question: to whom, what, by when. Never its address."""
    return {
        "number": task.case.number,
        "task": str(task.key),
        "person": task.asked_of_id,
        "email": task.email,
        "question": task.question[:MOST_MAILED],
        "by": task.asked_by,
        "language": task.language,
        "due_on": task.due_on.isoformat() if task.due_on else "",
    }


def _problems(command: AskTask, question: str, email: str, at: datetime) -> Iterator[Problem]:
    if not question:
        yield Problem("question", _("Say what you need to know."), "", "required")
    elif len(question) > LONGEST_NOTE:
        message = _("At most %(most)d characters fit here.") % {"most": LONGEST_NOTE}
        yield Problem("question", message, question[:40], "too_long")
    if command.person is not None:
        if not colleagues().filter(pk=command.person).exists():
            yield Problem("person", _("Choose a colleague of the list."), str(command.person), "unknown")
    elif not email:
        message = _("Choose a colleague, or give a mail address.")
        yield Problem("email", message, "", "required")
    else:
        try:
            validate_email(email)
        except ValidationError:
            message = _("“%(value)s” is no mail address. Write it like name@company.com.")
            yield Problem("email", message % {"value": email[:80]}, email[:80])
    if command.language and command.language not in dict(settings.LANGUAGES):
        yield Problem("language", _("Choose a language of the list."), command.language[:20], "unknown")
    if command.due_on is not None and command.due_on < today_of_group(at):
        yield Problem("due_on", _("This day has passed."), command.due_on.isoformat())


@requires_scope
def answer_task(key: uuid.UUID, answer: str, *, actor: Actor, at: datetime) -> CaseTask:
    """Answer a question: who was asked, or a colleague who works on the case."""
    task = find_task(key, hold=True)
    if not may_answer(task, actor):
        raise NotAllowed(_("This question was put to somebody else."))
    if task.state != TaskState.ASKED:
        raise StaleDocument(is_over(task))
    answer = answer.strip()
    if not answer:
        message = _("Write an answer first.")
        raise Invalid(message, [Problem("answer", message, "", "required")])
    if len(answer) > LONGEST_NOTE:
        message = _("At most %(most)d characters fit here.") % {"most": LONGEST_NOTE}
        raise Invalid(message, [Problem("answer", message, answer[:40], "too_long")])
    fields = {"answer": answer, "answered_at": at, "answered_by": actor.label}
    _move(task, "answer", {"words": answer[:200]}, fields, actor=actor, at=at)
    return task


@requires_scope
def withdraw_task(key: uuid.UUID, *, actor: Actor, at: datetime) -> CaseTask:
    """Take a question back: its address opens nothing any more."""
    require_worker(actor)
    task = find_task(key, hold=True)
    if task.state != TaskState.ASKED:
        raise StaleDocument(is_over(task))
    _move(task, "withdraw", {}, {}, actor=actor, at=at)
    return task


def _move(
    task: CaseTask, verb: str, facts: dict[str, str], fields: dict[str, object], *, actor: Actor, at: datetime
) -> None:
    told = {"number": task.case.number, "task": str(task.key), **facts}
    task.supplier_id = task.case.supplier_id  # type: ignore[assignment]  # whose fact it is
    TASK_LIFECYCLE.move(task, verb, actor=actor, at=at, facts=told, fields=fields)
    ExceptionCase.objects.filter(pk=task.case_id).update(updated_at=at)


def is_over(task: CaseTask) -> str:
    """Why a question takes no answer any more."""
    if task.state == TaskState.ANSWERED:
        return _("%(by)s has answered this question already. The answer stands.") % {"by": task.answered_by}
    return _("This question was taken back: nothing is left to answer.")


def may_answer(task: CaseTask, actor: Actor) -> bool:
    """Whether this actor may answer it: who was asked, by whatever door, or who works on cases."""
    if actor.channel == Channel.LINK:
        return bool(task.email) and actor.label == task.email
    is_asked = task.asked_of_id is not None and task.asked_of_id == actor.user_id
    return not actor.is_supplier and (is_asked or actor.may(Permission.CASE_WORK))


# --- without an account: see Note [Sealed] ------------------------------------------------------------------


def token_of(task: CaseTask) -> str:
    """What the address of a task holds. Never to be logged."""
    return asked_token(task.key)


def key_in(token: str) -> uuid.UUID:
    """The task that an address opens. Raises `NotFound` for one that is none, or too old."""
    key = asked_key(token)
    if key is None:
        raise NotFound(_("This address is not valid any more. Ask who sent it to you."))
    return key


def asked_person(task: CaseTask) -> Actor:
    """Who opens a task by its address: the person behind the mail address, who may answer it and nothing else."""
    return Actor(
        label=task.email, channel=Channel.LINK, side=Side.SYSTEM, role="task", permissions=frozenset()
    )
