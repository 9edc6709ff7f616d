"""A question to somebody outside goes by mail, in their language; what becomes of the mail is told on the case."""

import re
from datetime import date

import pytest
from django.core import mail as outbox
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.audit.services import record
from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import day_text
from procurement.inbox.models import CaseTask, ExceptionCase
from procurement.inbox.services.clocks import KEEPER
from procurement.inbox.services.tasking import AskTask, ask_task, question_facts, withdraw_task
from procurement.notifications.services import note_bounce
from procurement.notifications.services.gathering import POSTMAN
from tests.builders.notices import html_of, mailed, mails, post, react
from tests.people import FEED, signed_in
from tests.procurement.inbox.test_pages import a_case, page

pytestmark = pytest.mark.django_db(transaction=True)

SITE = "site@kelso.example"


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


def ask(people, question="Can the site wait?", **to):
    case = a_case(people)
    mailed()  # what happened before
    with acting(people["bea"].actor):
        words = {"email": SITE} | to
        return ask_task(AskTask(case.key, question, **words), actor=people["bea"].actor, at=timezone.now())


def the_mail():
    (letter,) = [one for one in mailed() if SITE in one.to[0]]
    return letter


def address_in(letter):
    return re.search(r"http://[^/]+(/asked/\S+/)", letter.body)[1]


def test_it_goes_to_whom_is_asked_with_the_question_and_the_way_to_answer(people):
    ask(people, due_on=date(2099, 3, 4))

    letter = the_mail()

    assert letter.subject == "Bea Buyer asks you something"
    assert "Can the site wait?" in letter.body
    assert f"An answer is needed by {day_text(date(2099, 3, 4))}." in letter.body
    assert "opens this question and nothing else" in letter.body
    assert letter.reply_to == ["Bea Buyer <bea@northmoor.example>"]
    assert "List-Unsubscribe" not in letter.extra_headers
    for secret in ("4500000001", "Acme", "VALVE"):
        assert secret not in letter.body + html_of(letter)

    stranger = Client()
    assert "Can the site wait?" in stranger.get(address_in(letter)).text
    assert "Until Friday." in stranger.post(address_in(letter), {"answer": "Until Friday."}).text
    with acting(FEED):
        assert CaseTask.objects.get().answered_by == SITE


def test_in_the_language_that_was_chosen_and_so_is_its_page(people):
    ask(people, language="de")
    letter = the_mail()

    assert "No account needed" not in letter.body
    with acting(POSTMAN):
        assert mails(address=SITE)[0].language == "de"
    assert Client().get(address_in(letter)).text.count('lang="de"') >= 1


def test_two_questions_are_two_mails_each_with_its_own_address(people):
    first = ask(people)
    with acting(people["bea"].actor):
        again = AskTask(first.case.key, "And the truck?", email=SITE)
        ask_task(again, actor=people["bea"].actor, at=timezone.now())

    letters = [one for one in mailed() if SITE in one.to[0]]

    assert len({address_in(one) for one in letters}) == 2
    for letter in letters:
        said = "And the truck?" if "And the truck?" in letter.body else "Can the site wait?"
        assert said in Client().get(address_in(letter)).text


def test_one_that_was_taken_back_does_not_leave(people):
    task = ask(people)
    with acting(people["bea"].actor):
        withdraw_task(task.key, actor=people["bea"].actor, at=timezone.now())

    assert [one for one in mailed() if SITE in one.to[0]] == []
    assert [one.state for one in mails(address=SITE)] == ["dropped"]


def test_a_colleague_is_told_too_and_answers_signed_in(people):
    task = ask(people, email="", person=people["rex"].user.pk)

    (letter,) = [one for one in mailed() if "rex@northmoor.example" in one.to[0]]

    assert reverse("inbox-task", args=[task.key]) in letter.body
    assert "/asked/" not in letter.body


def test_a_mail_that_does_not_arrive_is_told_on_the_case_and_makes_no_other(people):
    task = ask(people)
    the_mail()
    with acting(POSTMAN):
        note_bounce(key=str(mails(address=SITE)[0].key), reason="5.1.1 no such user", at=timezone.now())
    react()

    shown = page(signed_in(people["bea"]), "inbox-case", task.case.key)

    assert "The mail to site@kelso.example did not arrive: 5.1.1 no such user." in shown
    with acting(FEED):
        assert ExceptionCase.objects.filter(kind="notice_failed").count() == 0


def test_a_reminder_says_so_with_the_same_question_and_comes_from_who_asked(people):
    task = ask(people)
    the_mail()
    with acting(FEED):
        case = ExceptionCase.objects.get(pk=task.case_id)
        task = CaseTask.objects.select_related("case").get()
        facts = question_facts(task)
        record(
            "case.task_reminded",
            case.stream,
            actor=KEEPER,
            at=timezone.now(),
            supplier_id=case.supplier_id,
            facts=facts,
            internal=True,
        )

    letter = the_mail()

    assert letter.subject == "Reminder: Bea Buyer waits for your answer"
    assert letter.reply_to == ["Bea Buyer <bea@northmoor.example>"]
    assert "Bea Buyer: Can the site wait?" in letter.body
    assert "Can the site wait?" in Client().get(address_in(letter)).text


def test_its_address_stands_in_no_table_and_no_log(people, caplog):
    caplog.set_level("DEBUG")
    ask(people)
    react()
    post()
    (letter,) = [one for one in outbox.outbox if SITE in one.to[0]]
    token = address_in(letter).split("/")[2]

    with connection.cursor() as cursor, acting(POSTMAN):
        for table in (
            "kernel_outboxmessage",
            "kernel_auditevent",
            "procurement_notice",
            "procurement_noticemail",
            "procurement_casetask",
        ):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{token[:40]}%"])
            assert cursor.fetchone() == (0,), table
    assert token not in caplog.text


def test_a_language_that_is_not_spoken_is_refused(people):
    bea = signed_in(people["bea"])
    case = a_case(people)

    sent = {"question": "Why?", "email": SITE, "language": "tlh", "version": case.version}
    response = bea.post(reverse("inbox-do", args=[case.key, "ask"]), sent)

    assert response.status_code == 422
