"""The keys of programs: made once, shown once, used, revoked."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid, NotAllowed
from portal.kernel.scope import acting
from suppliers.authentication import actor_of_token
from suppliers.models import ApiToken, Supplier
from suppliers.services import create_token, digest_of, revoke_token
from suppliers.states import SupplierState
from tests.builders.factors import give_app, show_factor
from tests.builders.programs import Program
from tests.builders.world import MONDAY
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db

ONCE = "7b0c9c0e-6a6f-4a53-8a3d-0a54a7c7a001"


def make(client, **typed):
    return client.post("/tokens/new/", {"once": ONCE, "name": "Order desk", "scope": "read", **typed})


def secret_on(page):
    return re.search(r"qs_[0-9a-f]{8}_[\w-]{43}", page.content.decode())[0]


def all_tokens():
    with acting(FEED):
        return list(ApiToken.objects.order_by("id"))


def test_the_company_has_its_tokens_among_its_tabs(people):
    def tabs_of(person):
        page = signed_in(person).get("/company/").content.decode()
        return page[page.index('class="q-tabs"') : page.index("</nav>", page.index('class="q-tabs"'))]

    assert 'href="/tokens/"' in tabs_of(people["asha"])
    assert 'href="/tokens/"' not in tabs_of(people["olga"])


def test_administrator_makes_a_token_that_works_and_is_never_shown_again(people):
    client = signed_in(people["asha"])

    page = make(client, scope="acknowledge")

    assert page.status_code == 201
    assert "no-store" in page["Cache-Control"]
    secret = secret_on(page)
    (token,) = all_tokens()
    assert (token.supplier_id, token.scope, token.digest) == (
        people["asha"].actor.supplier_ids[0],
        "acknowledge",
        digest_of(secret),
    )
    assert secret not in client.get("/tokens/").content.decode()
    assert Program(token, secret).get("/api/v1/orders").status_code == 200


def test_whoever_has_a_second_factor_shows_it_for_a_key_that_outlives_the_session(people):
    client = signed_in(people["asha"])
    give_app(people["asha"].user)

    asked = client.get("/tokens/new/")
    assert (asked.status_code, asked["Location"].startswith("/step-up/")) == (302, True)
    page = make(client, scope="invoice")
    assert (page.status_code, all_tokens()) == (409, [])
    assert "\nOrder desk</textarea>" in page.content.decode()  # what was typed comes along

    show_factor(client, people["asha"].user)
    assert make(client, scope="invoice").status_code == 201
    (token,) = all_tokens()
    assert client.post(f"/tokens/{token.prefix}/revoke/").status_code == 303


def test_secret_is_nowhere_in_the_database(people):
    secret = secret_on(make(signed_in(people["asha"])))

    with acting(FEED):
        kept = str(list(ApiToken.objects.values())) + str(list(AuditEvent.objects.values()))
        (token,) = ApiToken.objects.all()

    # What follows the prefix may itself hold a "_": cut off at the last of them, only a letter or two may be left.
    unguessable = secret.removeprefix(f"qs_{token.prefix}_")
    assert len(unguessable) == 43
    assert secret not in kept
    assert unguessable not in kept


def test_a_form_sent_twice_makes_one_token(people):
    client = signed_in(people["asha"])
    make(client)

    again = make(client)

    assert again.status_code == 409
    assert len(all_tokens()) == 1


def test_a_token_needs_a_name_and_keeps_what_was_chosen(people):
    page = make(signed_in(people["asha"]), name="  ", scope="acknowledge")

    assert page.status_code == 422
    assert page.context["form"]["scope"].value() == "acknowledge"
    assert all_tokens() == []


def test_integration_owner_makes_one_for_all_suppliers_or_for_one(people):
    client = signed_in(people["ines"])

    assert make(client).status_code == 201
    assert make(client, once="7b0c9c0e-6a6f-4a53-8a3d-0a54a7c7a002", supplier="ACME").status_code == 201

    assert [token.supplier_id for token in all_tokens()] == [None, people["asha"].actor.supplier_ids[0]]


def test_only_a_suppliers_token_answers_orders(people):
    page = make(signed_in(people["ines"]), scope="acknowledge")

    assert page.status_code == 422
    assert "choose whose orders" in page.content.decode()
    with acting(FEED), pytest.raises(Invalid):
        create_token("all", "acknowledge", supplier=None, actor=FEED, at=MONDAY)


def test_a_supplier_cannot_name_another_supplier(people):
    page = make(signed_in(people["asha"]), supplier="GLOBEX")

    assert page.status_code == 201
    (token,) = all_tokens()
    assert token.supplier_id == people["asha"].actor.supplier_ids[0]


def test_service_refuses_who_may_not(people, world):
    with acting(people["arun"].actor), pytest.raises(NotAllowed):
        create_token("x", "read", supplier=world["ACME"], actor=people["arun"].actor, at=MONDAY)
    with acting(people["asha"].actor), pytest.raises(NotAllowed):
        create_token("x", "read", supplier=None, actor=people["asha"].actor, at=MONDAY)


@pytest.mark.parametrize("name", ["arun", "olga", "bea", "otto", "ada"])
def test_others_have_no_business_here(people, name):
    client = signed_in(people[name])

    assert client.get("/tokens/").status_code == 403
    assert make(client).status_code == 403
    assert all_tokens() == []


def test_a_supplier_sees_its_own_tokens_only(people, tokens):
    tokens("ACME"), tokens("GLOBEX"), tokens()

    page = signed_in(people["asha"]).get("/tokens/")

    assert [token.supplier.number for token in page.context["page"].rows] == ["ACME"]


def test_revoking_asks_first_and_ends_the_token_at_once(people, tokens):
    program = tokens("ACME")
    client = signed_in(people["asha"])
    address = f"/tokens/{program.token.prefix}/revoke/"

    assert b"Revoke Order desk?" in client.get(address).content
    assert program.get("/api/v1/orders").status_code == 200
    assert client.post(address).status_code == 303

    assert program.get("/api/v1/orders").status_code == 401
    with acting(FEED):
        assert AuditEvent.objects.filter(kind="token.revoked").count() == 1


def test_stranger_cannot_revoke_nor_find_it(people, tokens):
    program = tokens("ACME")
    address = f"/tokens/{program.token.prefix}/revoke/"

    assert signed_in(people["gil"]).get(address).status_code == 404
    assert signed_in(people["gil"]).post(address).status_code == 404
    with acting(people["gil"].actor):
        revoke_token(program.token, actor=people["gil"].actor, at=MONDAY)

    assert program.get("/api/v1/orders").status_code == 200


def test_list_takes_the_same_queries_with_one_and_with_many(people, tokens, django_assert_num_queries):
    client = signed_in(people["ines"])
    tokens("ACME")
    client.get("/tokens/")
    with CaptureQueriesContext(connection) as one:
        client.get("/tokens/")
    for _n in range(30):
        tokens("GLOBEX")

    with django_assert_num_queries(len(one)):
        client.get("/tokens/")


# --- from token to actor ------------------------------------------------------------------------------------


def test_last_use_is_noted_at_most_once_a_minute(tokens):
    program = tokens("ACME")
    began = timezone.now()

    def used(at):
        assert actor_of_token(program.secret, at=at)
        return all_tokens()[0].last_used_at

    assert used(began) == began
    assert used(began + timedelta(seconds=59)) == began
    assert used(began + timedelta(seconds=61)) == began + timedelta(seconds=61)


def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(tokens, world):
    good, blocked = tokens("ACME"), tokens("GLOBEX")
    with acting(FEED):
        Supplier.objects.filter(number="GLOBEX").update(state=SupplierState.BLOCKED)
    wrong = [
        good.secret[:-1] + ("A" if good.secret[-1] != "A" else "B"),
        "qs_00000000_" + good.secret[-43:],
        good.secret.upper(),
        blocked.secret,
        "x" * 5000,
        "",
        "ünïcode",
    ]

    answers = {
        str(Program(None, secret).get("/api/v1/orders", Authorization=f"Bearer {secret}").json())
        for secret in wrong
    }

    assert len(answers) == 1
    assert "'status': 401" in answers.pop()


def test_secret_is_compared_even_when_the_prefix_is_unknown(monkeypatch, tokens):
    compared = []
    real = __import__("secrets").compare_digest
    monkeypatch.setattr(
        "suppliers.authentication.secrets.compare_digest", lambda a, b: compared.append((a, b)) or real(a, b)
    )

    actor_of_token("qs_00000000_" + "x" * 43, at=MONDAY)
    actor_of_token("nonsense", at=MONDAY)

    assert len(compared) == 2


def test_token_carries_its_scope_and_no_more(tokens, world):
    reader, answerer, ours = tokens("ACME", "read"), tokens("ACME"), tokens()
    invoicing = tokens("ACME", "invoice")

    def facts(program):
        actor = actor_of_token(program.secret, at=MONDAY)
        return actor.side, actor.supplier_ids, sorted(actor.permissions), actor.channel, actor.user_id

    reads = ["detail.view", "invoice.view", "order.export", "order.view"]
    assert facts(reader) == ("supplier", (world["ACME"].pk,), reads, "api", None)
    assert facts(answerer)[2] == [
        "change.negotiate",
        "detail.view",
        "invoice.view",
        "order.acknowledge",
        "order.export",
        "order.view",
        "thread.write",
    ]
    assert facts(invoicing)[2] == [
        "bank.propose",
        "bank.view",
        "detail.view",
        "invoice.view",
        "invoice.write",
        "order.export",
        "order.view",
        "thread.write",
    ]
    assert facts(ours)[:3] == (
        "company",
        (),
        ["case.view", "detail.view", "invoice.view", "order.export", "order.view", "policy.view"],
    )


def test_token_is_not_in_the_log(tokens, caplog):
    program = tokens("ACME")

    with caplog.at_level("DEBUG"):
        program.get("/api/v1/orders")
        Program(None, program.secret + "x").get("/api/v1/orders")

    assert "/api/v1/orders" in caplog.text or caplog.records
    assert program.secret not in "".join(
        str(vars(record)) for record in caplog.records if record.name != "django.db.backends"
    )


def test_token_in_the_address_is_no_token(tokens):
    program = tokens("ACME")

    answer = Program(None, "").get("/api/v1/orders", {"token": program.secret})

    assert answer.status_code == 401
