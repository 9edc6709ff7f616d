"""Nobody learns from sign-in or reset who has an account."""

import re
import time

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.builders.factors import letters
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db


def test_neither_answer_nor_work_of_sign_in_and_reset_tell_who_has_an_account(people):
    def ask(address, **typed):
        client = Client()
        with CaptureQueriesContext(connection) as asked:
            answer = client.post(address, typed)
        words = re.sub(r'value="[^"]*"|csrf\S+', "", answer.content.decode())
        done = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in asked.captured_queries]
        return answer.status_code, answer.get("Location"), words, done

    known, unknown = "bea@northmoor.example", "eva@northmoor.example"
    reset = "/accounts/password/reset/"
    assert ask(reset, email=known) == ask(reset, email=unknown)
    assert mail.outbox == []  # the mail is a worker's to write
    assert [letter.to for letter in letters()] == [[known]]

    sign_in = "/accounts/login/"
    right, wrong = (ask(sign_in, login=one, password="not this one") for one in (known, unknown))
    assert right[:3] == wrong[:3]


def test_an_address_that_nobody_has_takes_as_long_as_a_wrong_password(people, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    bea = people["bea"].user
    bea.set_password(PASSWORD)
    bea.save()

    def takes(address):
        """Of the processor's time alone: what else a machine does in between is not the password's."""
        fastest = []
        for _again in range(3):
            began = time.thread_time()
            Client().post("/accounts/login/", {"login": address, "password": "not this one"})
            fastest.append(time.thread_time() - began)
        return min(fastest)

    known, unknown = takes("bea@northmoor.example"), takes("eva@northmoor.example")
    assert 0.5 < known / unknown < 2
