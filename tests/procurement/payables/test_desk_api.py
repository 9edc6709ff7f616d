"""The desk for programs: the same rank, the same case, the same bars; and words in a person's name alone."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import NotAllowed
from portal.kernel.scope import acting
from procurement.invoices.messages import ChargeEntry
from procurement.payables.services.approvals import accept_invoice
from suppliers.authentication import actor_of_token
from suppliers.models import ApiToken, User
from suppliers.roles import CompanyRole, TokenScope
from suppliers.services import create_own_token
from tests.builders.facts import a_receipt, arrive
from tests.builders.invoices import fresh_invoice
from tests.builders.payables import a_limit, a_rule, an_invoice_over_price, ask, asked_for, desk
from tests.builders.programs import a_program_of
from tests.builders.world import MONDAY
from tests.people import FEED, PASSWORD

pytestmark = pytest.mark.django_db

DESK, APPROVALS = "/api/v1/desk", "/api/v1/approvals"


def case_of(invoice, verb=""):
    return f"{DESK}/{invoice.key}" + (f"/{verb}" if verb else "")


def numbers(answer):
    assert answer.status_code == 200, answer.json()
    return [row["invoice"]["number"] for row in answer.json()["results"]]


def test_the_queue_is_ranked_filtered_and_paged_as_on_the_page(people, tokens, django_assert_num_queries):
    now = timezone.now()
    day = {"at": now, "due_on": now.date() + timedelta(days=30)}
    last = {"at": now, "due_on": now.date() + timedelta(days=60)}
    late = an_invoice_over_price(people, "INV-1", **last)
    reader = tokens()
    inside = {"view": "inside"}
    reader.get(DESK, inside)  # notes the use of the token
    with CaptureQueriesContext(connection) as one:
        assert numbers(reader.get(DESK, inside)) == ["INV-1"]
    an_invoice_over_price(people, "INV-2", order="4500000002", **day)
    an_invoice_over_price(people, "INV-3", order="4500000003", price="9", **day)
    with django_assert_num_queries(len(one)):
        reader.get(DESK, inside)

    assert numbers(reader.get(DESK)) == []  # the buyer acts on all of them
    assert numbers(reader.get(DESK, inside)) == ["INV-3", "INV-2", "INV-1"]
    first = reader.get(DESK, {**inside, "limit": "2"}).json()
    assert [row["invoice"]["number"] for row in first["results"]] == ["INV-3", "INV-2"]
    rest = reader.client.get(first["next"], headers={"Authorization": f"Bearer {reader.secret}"})
    assert numbers(rest) == ["INV-1"]
    (row,) = reader.get(DESK, {**inside, "q": "inv-1"}).json()["results"]
    assert (row["version"], row["acts"], row["checks"], row["late"]) == (
        late.version,
        "buyer",
        ["Price"],
        False,
    )
    assert row["why"].startswith("7.06 EUR each is claimed")
    assert row["act_on"] == late.due_on.isoformat()
    assert numbers(reader.get(DESK, {**inside, "why": "quantity"})) == []
    assert numbers(reader.get(DESK, {"view": "all", "supplier": "GLOBEX"})) == []
    assert reader.get(DESK, {"view": "mine"}).status_code == 400
    assert reader.get(DESK, {"cursor": "made-up"}).status_code == 400
    assert tokens("ACME", TokenScope.INVOICE).get(DESK).status_code == 403


def test_a_case_shows_what_stands_against_it_and_takes_the_same_queries_whatever_is_in_it(
    people, tokens, django_assert_num_queries
):
    invoice = an_invoice_over_price(people)
    reader = tokens()
    reader.get(case_of(invoice))  # notes the use of the token
    arrive(a_receipt("GR-1", order="4500000001", quantity=Decimal(1)))
    with CaptureQueriesContext(connection) as one:
        reader.get(case_of(invoice))
    for n in range(2, 9):
        arrive(a_receipt(f"GR-{n}", order="4500000001", quantity=Decimal(1)))

    with django_assert_num_queries(len(one)):
        answer = reader.get(case_of(invoice))

    told = answer.json()
    assert answer.status_code == 200
    assert answer["ETag"] == f'"{invoice.version}"'
    assert told["invoice"]["number"] == "INV-1"
    (line,) = told["lines"]
    ordered = line["ordered"]
    assert (line["unit_price"], ordered["price"], ordered["order"], ordered["received_quantity"]) == (
        "7.06",
        "6.85",
        "4500000001",
        "100",
    )
    assert [one["key"] for one in line["receipts"]] == [f"GR-{n}" for n in range(1, 9)]
    failed = [one for one in told["match"]["checks"] if one["result"] == "failed"]
    assert [(one["kind"], one["position"]) for one in failed] == [("price", 1)]
    assert (told["approvals"], told["questions"], told["allowed_actions"]) == ([], [], [])  # it is nobody
    otto = a_program_of(people["otto"]).get(case_of(invoice)).json()
    assert otto["allowed_actions"] == [
        "accept",
        "ask-approval",
        "ask",
        "pay-short",
        "hold",
        "release",
        "reject",
    ]
    assert reader.get(f"{DESK}/{uuid.uuid4()}").status_code == 404


def test_words_are_said_in_a_persons_name_alone_with_the_version_that_was_seen(people, tokens):
    invoice = an_invoice_over_price(people)
    a_limit(people, 1000, role="accounts_payable")
    said = {"version": invoice.version, "reason": "Agreed by phone."}

    for scope in (TokenScope.READ, TokenScope.RECEIVE):
        program = tokens(scope=scope)
        assert program.post(case_of(invoice, "accept"), said).status_code == 403
    otto = a_program_of(people["otto"])
    assert otto.post(case_of(invoice, "accept"), {"reason": "Agreed."}).status_code == 428
    stale = otto.post(case_of(invoice, "accept"), {"reason": "Agreed."}, If_Match='"1"')
    assert (stale.status_code, stale.json()["details"]["version"]) == (412, invoice.version)
    assert "order" not in f"{stale.json()['title']} {stale.json()['detail']}"
    assert otto.post(case_of(invoice, "accept"), {**said, "version": 1}).status_code == 409
    assert otto.post(case_of(invoice, "accept"), {**said, "reason": "  "}).status_code in (400, 422)
    assert otto.post(case_of(invoice, "accept"), {**said, "note": "x"}).status_code == 400

    once = {"Idempotency_Key": "accept-1"}
    first = otto.post(case_of(invoice, "accept"), said, **once)
    again = otto.post(case_of(invoice, "accept"), said, **once)

    assert (first.status_code, again.status_code) == (200, 200), first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert (first.json()["invoice"]["state"], first.json()["allowed_actions"]) == ("approved", ["reopen"])
    invoice = fresh_invoice(invoice)
    assert (invoice.state, invoice.approved_by) == ("approved", "Otto Payer")
    with acting(FEED):
        event = AuditEvent.objects.get(kind="invoice.approved")
    assert (event.channel, event.actor_user_id) == ("api", people["otto"].user.pk)
    opened = otto.post(case_of(invoice, "reopen"), {"reason": "Too early."}, If_Match=f'"{invoice.version}"')
    assert opened.json()["invoice"]["state"] == "held"


def test_hold_ask_reject_and_pay_short_are_the_verbs_of_the_page(people, tokens):
    otto = a_program_of(people["otto"])
    freight = ChargeEntry(code="FC", reason="Freight", amount=Decimal(40), category="S", tax_rate=Decimal(19))
    invoice = an_invoice_over_price(people, charges=[freight])

    def do(verb, **sent):
        body = {"version": fresh_invoice(invoice).version, **sent}
        answer = otto.post(case_of(invoice, verb), body)
        assert answer.status_code == 200, answer.json()
        return answer.json()

    assert do("hold", reason="We look into it.")["why"] == "Accounts payable holds it: We look into it."
    told = do("ask", asked_of="supplier", question="Why 7.06?")
    (question,) = told["questions"]
    assert (told["invoice"]["state"], question["asked_of"], question["state"]) == (
        "disputed",
        "supplier",
        "asked",
    )
    # The supplier's program reads it and answers; nobody else's does.
    address = f"/api/v1/invoice-questions/{question['key']}/answer"
    acme, globex = (tokens(name, TokenScope.INVOICE) for name in ("ACME", "GLOBEX"))
    (read,) = acme.get(f"/api/v1/invoices/{invoice.key}/questions").json()["results"]
    assert (read["question"], read["version"]) == ("Why 7.06?", 1)
    assert globex.get(f"/api/v1/invoices/{invoice.key}/questions").status_code == 404
    assert globex.post(address, {"version": 1, "answer": "x"}).status_code == 404
    assert tokens("ACME", TokenScope.READ).post(address, {"version": 1, "answer": "x"}).status_code == 403
    assert otto.post(address, {"version": 1, "answer": "x"}).status_code == 409
    assert acme.post(address, {"answer": "Copper."}, If_Match='"1"').json()["answer"] == "Copper."
    assert acme.post(address, {"version": 1, "answer": "Again."}).status_code == 409
    ask(invoice, people["otto"], "buyer", "Did you agree?")
    assert len(acme.get(f"/api/v1/invoices/{invoice.key}/questions").json()["results"]) == 1
    assert len(otto.get(f"/api/v1/invoices/{invoice.key}/questions").json()["results"]) == 2

    why, now = {"reason": "6.85 was agreed."}, fresh_invoice(invoice).version
    short = [{"position": 1, "amount": "21", **why}]
    for sent, field in (
        ({**why, "lines": [{"position": 7, "amount": "1"}]}, "short-7"),
        ({**why, "lines": short * 2}, "short-1"),
        ({**why, "charges": [{"position": 1, "amount": "41"}]}, "charge-1"),
        ({"lines": [{"position": 1, "amount": "21"}]}, "reason"),
        ({"charges": [{"position": 1, "amount": "35"}]}, "reason"),
        (why, "short"),
        ({"lines": short, "reason": "x" * 1001}, "reason"),
        ({"lines": [{**short[0], "reason": "x" * 201}]}, "lines.0.reason"),
    ):
        refused = otto.post(case_of(invoice, "pay-short"), {"version": now, **sent})
        status = 400 if "x" * 201 in str(sent) else 422
        assert (refused.status_code, refused.json()["problems"][0]["field"]) == (status, field)
    a_rule(people, 1, role="buyer")
    paid = do("pay-short", lines=short, number="CN-1")
    assert [(one["number"], one["total"]) for one in paid["other_papers"]] == [("CN-1", "24.99")]
    assert [(one["role"], one["state"]) for one in paid["approvals"]] == [("buyer", "asked")]
    assert do("call-off")["approvals"][-1]["state"] == "lapsed"
    paid = do("pay-short", reason="35 was agreed.", charges=[{"position": 1, "amount": "35"}], number="CN-2")
    assert ("CN-2", "5.95") in [(one["number"], one["total"]) for one in paid["other_papers"]]
    assert do("call-off")["approvals"][-1]["state"] == "lapsed"
    assert do("ask-approval", reason="Please.")["approvals"][-1]["round"] == 3
    assert do("release")["approvals"][-1]["state"] == "lapsed"
    assert do("reject", reason="6.85 was agreed.")["invoice"]["state"] == "rejected"


def test_approvals_are_listed_by_whom_they_are_asked_of_and_given_with_every_bar(people, tokens):
    a_rule(people, 1, role="buyer")
    a_rule(people, 2, role="manager")
    invoice = an_invoice_over_price(people)
    desk(accept_invoice, invoice, people["otto"], "Copper went up.")
    reader, otto, bea, max_ = (
        tokens(),
        *(a_program_of(people[name]) for name in ("otto", "bea", "max")),
    )
    first, second = asked_for(invoice)

    def asked(program, whom):
        answer = program.get(APPROVALS, {"asked_of": whom})
        return [row["key"] for row in answer.json()["results"]]

    assert asked(bea, "me") == asked(reader, "BEA@northmoor.example") == [str(first.key)]
    assert asked(otto, "me") == asked(max_, "me") == asked(reader, "nobody@northmoor.example") == []
    assert reader.get(APPROVALS, {"asked_of": "me"}).status_code == 400
    rows = reader.get(APPROVALS, {"invoice": str(invoice.key)}).json()["results"]
    assert [(row["step"], row["role"], row["state"], row["person"]) for row in rows] == [
        (1, "buyer", "asked", None),
        (2, "manager", "waiting", None),
    ]
    assert tokens("ACME").get(APPROVALS).status_code == 403

    yes = f"{APPROVALS}/{first.key}/approve"
    assert reader.post(yes, {"version": 1}).status_code == 403  # nobody's word
    assert otto.post(yes, {"version": 1}).status_code == 403  # asked for it
    assert max_.post(yes, {"version": 1}).status_code == 403  # of another step
    assert bea.post(yes, {}).status_code == 428
    assert bea.post(yes, {}, If_Match='"7"').status_code == 412
    given = bea.post(yes, {"reason": "Fine."}, If_Match='"1"')
    assert (given.status_code, given["ETag"]) == (200, '"2"')
    assert (given.json()["state"], given.json()["answered_by"], given.json()["answer"]) == (
        "granted",
        "Bea Buyer",
        "Fine.",
    )
    assert bea.post(yes, {"version": 2}).status_code == 409
    no = f"{APPROVALS}/{second.key}/decline"
    seen = max_.get(f"{APPROVALS}/{second.key}")
    assert max_.post(no, {"version": 2}).status_code == 400
    declined = max_.post(no, {"reason": "Not at this price."}, If_Match=seen["ETag"])
    assert (declined.status_code, declined.json()["state"]) == (200, "declined")
    assert fresh_invoice(invoice).state == "held"


def test_a_persons_token_does_what_the_person_may_now_and_ends_with_the_account(people):
    bea, ada = people["bea"], people["ada"]
    with pytest.raises(NotAllowed), acting(ada.actor):
        create_own_token("x", actor=ada.actor, at=MONDAY)
    program = a_program_of(bea)
    actor = actor_of_token(program.secret, at=MONDAY)
    assert (actor.user_id, actor.role, actor.label) == (bea.user.pk, "buyer", "Bea Buyer")
    assert "order.decide" not in actor.permissions  # no more than the token is for
    assert "invoice.settle" not in actor.permissions  # and no more than the person may
    with pytest.raises(NotAllowed), acting(actor):
        create_own_token("another", actor=actor, at=MONDAY)
    users = User.objects.filter(pk=bea.user.pk)
    users.update(company_role=CompanyRole.AUDITOR)
    assert "invoice.approve" not in actor_of_token(program.secret, at=MONDAY).permissions
    users.update(company_role=CompanyRole.BUYER, is_active=False)
    assert actor_of_token(program.secret, at=MONDAY) is None
    assert program.get(DESK).status_code == 401


def test_a_new_password_ends_ones_own_tokens(people, at):
    program, others = a_program_of(people["bea"]), a_program_of(people["otto"])
    bea = at("bea")

    typed = {"oldpassword": PASSWORD, "password1": "a longer secret 77", "password2": "a longer secret 77"}
    assert bea.post("/accounts/password/change/", typed).status_code == 302

    assert (program.get(DESK).status_code, others.get(DESK).status_code) == (401, 200)
    with acting(FEED):
        assert ApiToken.objects.get(pk=program.token.pk).revoked_by == "Bea Buyer"
        assert AuditEvent.objects.filter(kind="token.revoked").count() == 1
    # As one who forgot it gets a new one: by the same way through.
    again = a_program_of(people["otto"])
    get_adapter().set_password(people["otto"].user, "another secret 78")
    assert (again.get(DESK).status_code, others.get(DESK).status_code) == (401, 401)


def test_one_makes_and_ends_ones_own_tokens_and_sees_nobody_elses(
    people, at, mailoutbox, django_capture_on_commit_callbacks
):
    bea, otto = at("bea"), at("otto")
    others = a_program_of(people["otto"])
    typed = {"once": str(uuid.uuid4()), "name": "My robot"}
    for wrong in ({}, {"password": "a guess"}):  # whoever sits down at an open desk
        assert bea.post("/tokens/mine/", {**typed, **wrong}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        made = bea.post("/tokens/mine/", {**typed, "password": PASSWORD})
    assert (made.status_code, "no-store" in made["Cache-Control"]) == (201, True)
    secret, address = made.context["secret"], made.context["api_url"]
    with acting(FEED):
        token = ApiToken.objects.get(name="My robot")
    assert token.expires_at == token.created_at + timedelta(days=365)
    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == (["bea@northmoor.example"], "A program acts in your name now")
    assert "The token My robot was made for a program" in letter.body
    assert "<time" not in letter.body
    shown_is = Client().get(
        address.removeprefix(settings.PUBLIC_URL), headers={"Authorization": f"Bearer {secret}"}
    )
    assert (shown_is.status_code, shown_is.json()["results"]) == (200, [])
    assert actor_of_token(secret, at=token.expires_at - timedelta(seconds=1)) is not None
    assert actor_of_token(secret, at=token.expires_at) is None
    assert bea.post("/tokens/mine/", {"once": "", "name": " "}).status_code == 422
    assert at("ada").get("/tokens/mine/").status_code == 403
    shown = bea.get("/tokens/mine/").content.decode()
    assert "My robot" in shown
    assert "Desk robot" not in shown
    assert "in the name of Otto Payer" in at("root").get("/tokens/").content.decode()

    bea.post("/tokens/mine/end/", {"prefix": others.token.prefix})
    otto.post("/tokens/mine/end/", {"prefix": others.token.prefix})
    with acting(FEED):
        ended = list(ApiToken.objects.exclude(revoked_by="").values_list("name", "revoked_by"))
    assert ended == [("Desk robot", "Otto Payer")]
    new = {"once": str(uuid.uuid4()), "name": "x", "scope": "desk"}
    assert at("root").post("/tokens/new/", new).status_code == 422
