"""In somebody's place: the daily work under both names, how it ends, and what stays closed."""

import time
from datetime import UTC, datetime

import pytest

from portal.kernel.errors import NotAllowed
from portal.kernel.scope import acting
from suppliers.models import Impersonation, Supplier, User
from suppliers.signin.policies import ORDINARY
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.services import start_impersonation
from suppliers.signin.tasks import sweep_sign_in
from tests.builders.factors import letters, show_factor
from tests.builders.signing_in import DAY, RULES, browser, events, noted
from tests.builders.world import MONDAY, an_order

pytestmark = pytest.mark.django_db


def act_as(people, name="asha", supplier="ACME"):
    client = browser(people["root"].user)
    show_factor(client, people["root"].user)
    typed = {"supplier": supplier, "reason": "She cannot find her order."}
    return client, client.post(f"/signin/people/{people[name].user.pk}/act/", typed)


def test_in_anothers_place_one_does_the_daily_work_under_both_names(people):
    order = an_order()
    client, began = act_as(people)
    assert (began.status_code, began["Location"]) == (303, "/")
    page = client.get(f"/orders/{order.key}/").content.decode()
    assert "You act in the place of Asha Acme." in page
    client.post(f"/orders/{order.key}/messages/", {"body": "Found it for you."})
    (said,) = events("thread.message_sent")
    assert said.actor_label == "Root Admin for Asha Acme"
    assert said.actor_user_id == people["asha"].user.pk
    assert said.facts["impersonated_by"] == people["root"].user.pk

    (letter,) = [one for one in letters() if "in your place" in one.subject]
    assert letter.to == [people["asha"].email]
    assert "She cannot find her order." in letter.body
    assert client.get("/accounts/password/change/").status_code == 403
    assert client.get("/tokens/").status_code == 403
    assert client.post("/preferences/", {"theme": "dark"}).status_code == 403
    assert client.get(RULES).status_code == 403

    ((root, noted_of),) = noted("person.impersonated")
    assert (root, noted_of["person"]) == (people["root"].user.pk, people["asha"].user.pk)

    client.post("/signin/act/end/")
    assert client.get(RULES).status_code == 200
    with acting(DOORKEEPER):
        told = Impersonation.objects.get()
    assert (told.by_id, told.person_id, told.ended_how) == (
        people["root"].user.pk,
        people["asha"].user.pk,
        "button",
    )


def test_it_ends_by_time_by_sign_out_and_when_the_right_is_gone(people):
    client, _began = act_as(people)
    session = client.session
    session["stands in"]["ends"] = time.time() - 1
    session.save()
    assert client.get("/orders/")["Location"] == "/"
    assert "You act in the place" not in client.get("/orders/").content.decode()

    client, _began = act_as(people)
    client.post("/accounts/logout/")
    client, _began = act_as(people)
    with acting(DOORKEEPER):
        User.objects.filter(pk=people["root"].user.pk).update(company_role="auditor")
    assert client.get("/orders/")["Location"] == "/"
    with acting(DOORKEEPER):
        assert list(Impersonation.objects.order_by("id").values_list("ended_how", flat=True)) == [
            "time",
            "sign_out",
            "rights",
        ]
        Impersonation.objects.update(
            ended_at=None, ended_how="", ends_at=datetime.now(UTC), started_at=datetime.now(UTC) - DAY
        )
    assert sweep_sign_in() == 3


def test_in_whose_place_nobody_acts(people):
    _client, refused = act_as(people, "bea")
    assert refused.status_code in (403, 422)
    _client, refused = act_as(people, "asha", "GLOBEX")
    assert refused.status_code == 422
    stale = browser(people["root"].user)
    typed = {"supplier": "ACME", "reason": "No factor was shown."}
    assert stale.post(f"/signin/people/{people['asha'].user.pk}/act/", typed).status_code == 409
    with acting(DOORKEEPER):
        globex = Supplier.objects.get(number="GLOBEX")
    for by in ("max", "asha", "ines"):
        actor = people[by].actor
        with acting(actor), pytest.raises(NotAllowed):
            start_impersonation(people["gil"].user, globex, "Why not.", actor=actor, at=MONDAY)
    with acting(DOORKEEPER):
        assert Impersonation.objects.count() == 0
    assert not any(word in str(one) for one in ORDINARY for word in ("bank", "approve", "token", "manage"))


def test_where_it_is_closed_the_banner_still_says_so_and_ends_it(people):
    client, _began = act_as(people)
    closed = client.get("/bank/")

    page = closed.content.decode()
    assert closed.status_code == 403
    assert "You act in the place of Asha Acme." in page
    assert 'action="/signin/act/end/"' in page
    assert "In another person’s place this stays closed" in page
