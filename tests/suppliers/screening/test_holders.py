"""Whom the money goes to is screened as well: holders of accounts, asked for or in force, and who asks to supply."""

import pytest
from django.test import Client
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.banking.services import refuse_change, take_due_effect
from suppliers.models import Supplier
from suppliers.screening.messages import Listed
from suppliers.screening.models import ScreeningHit
from suppliers.screening.queries import SCREENER
from suppliers.screening.services import confirm_hit, dismiss_hit, load_list, screen_suppliers
from tests.builders.bank import WHY, again, all_said, an_account, ask, long_known, typed, wanted
from tests.builders.factors import show_factor
from tests.builders.notices import mailed
from tests.people import FEED

pytestmark = pytest.mark.django_db

MULE = Listed("7", ("Mule Trading",), "DEMO")
ACME = Listed("9", ("Acme Valves Trading",), "DEMO")


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def acme(people):
    long_known()
    return stored(lambda: Supplier.objects.get(number="ACME"))


def stored(query):
    with acting(FEED):
        return query()


def load(*parties, at, content=b"1"):
    with acting(SCREENER):
        load_list("own", parties, content, actor=SCREENER, at=at)


def screen(at):
    with acting(SCREENER):
        return screen_suppliers(at=at)


def the_hits():
    return stored(lambda: [(one.ref, one.state) for one in ScreeningHit.objects.order_by("id")])


def decide(person, verb, at, ref="7"):
    key = stored(lambda: ScreeningHit.objects.get(ref=ref).key)
    with acting(person.actor):
        return verb(key, None, "Compared the register.", actor=person.actor, at=at)


def asked(people, acme, holder, now):
    return ask(wanted(acme, typed=typed(holder=holder)), people["asha"], now)


def page_of(person, path):
    client = Client()
    client.force_login(person.user)
    show_factor(client, person.user)
    return client.get(path).content.decode()


def test_a_change_whose_holder_is_like_a_listed_party_waits_until_somebody_has_decided(people, acme, now):
    load(MULE, at=now)
    assert (screen(now), the_hits()) == (2, [])

    change = all_said(asked(people, acme, "Mule Trading Ltd", now), people, now)
    assert (screen(now), the_hits()) == (1, [("7", "open")])
    due = again(change).waits_until
    assert take_due_effect(due) == 0
    assert again(change).state == "waiting"

    hit = stored(ScreeningHit.objects.get)
    shown = page_of(people["root"], f"/screening/{hit.key}/")
    assert ("Mule Trading Ltd" in shown, "Holder of an account" in shown) == (True, True)
    case = f"/bank/changes/{change.key}/"
    held = "It does not come into force before that is decided"
    assert [held in page_of(people[one], case) for one in ("max", "asha")] == [True, False]

    decide(people["root"], dismiss_hit, now)
    assert held not in page_of(people["max"], case)
    assert take_due_effect(due) == 1
    assert (screen(now), the_hits()) == (0, [("7", "dismissed")])


def test_nothing_comes_into_force_before_its_holder_was_screened(people, acme, now):
    load(Listed("1", ("Nobody Known",)), at=now)
    screen(now)
    change = all_said(asked(people, acme, "Acme Valves Pune", now), people, now)
    due = again(change).waits_until

    assert take_due_effect(due) == 0
    assert "was not screened yet" in page_of(people["max"], f"/bank/changes/{change.key}/")
    assert screen(now) == 1
    assert take_due_effect(due) == 1


def test_every_holder_in_force_is_screened_on_each_new_list_and_the_listed_one_is_paid_no_more(
    people, acme, now
):
    an_account(people, typed=typed("DE89370400440532013000", holder="Mule Trading"))
    load(MULE, at=now)

    assert (screen(now), the_hits()) == (2, [("7", "open")])
    decide(people["root"], confirm_hit, now)
    assert stored(lambda: Supplier.objects.get(number="ACME").state) == "blocked"


def test_what_was_decided_stays_so_unless_a_holder_shares_a_word_with_the_listed_party(people, acme, now):
    load(ACME, at=now)
    screen(now)
    decide(people["root"], dismiss_hit, now, "9")

    first = asked(people, acme, "Mule Holding", now)
    assert (screen(now), the_hits()) == (1, [("9", "dismissed")])
    with acting(people["max"].actor):
        refuse_change(first, WHY, actor=people["max"].actor, at=now)
    assert (screen(now), the_hits()) == (1, [("9", "dismissed")])
    asked(people, acme, "Trading Pune", now)
    assert (screen(now), the_hits()) == (1, [("9", "open")])


def test_a_holder_of_no_more_account_is_let_go(people, acme, now):
    load(MULE, at=now)
    change = asked(people, acme, "Mule Trading", now)
    screen(now)
    with acting(people["max"].actor):
        refuse_change(change, WHY, actor=people["max"].actor, at=now)

    assert (screen(now), the_hits()) == (1, [("7", "lapsed")])


@pytest.mark.django_db(transaction=True)
def test_our_administrators_read_that_it_is_the_holder(people, acme, now):
    load(MULE, ACME, at=now)
    asked(people, acme, "Mule Trading", now)
    mailed()
    screen(now)

    (letter,) = [one for one in mailed() if one.to == ["Root Admin <root@northmoor.example>"]]
    for sentence in (
        "Acme Valves is called like somebody on a list of sanctioned parties",
        "An account for Acme Valves has a holder called like somebody on a list of sanctioned parties",
    ):
        assert letter.body.count(sentence) == 1
