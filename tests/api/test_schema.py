"""The description of the API tells no lie: schemathesis sends what it allows and what it forbids."""

import base64
import os
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework import serializers
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from portal.api.views import described
from portal.kernel.actors import Actor, Side
from portal.kernel.scope import acting
from procurement.changes.messages import ProposeChange, Wish
from procurement.changes.services import propose_change
from procurement.inbox.models import ExceptionCase
from procurement.inbox.services.review import INBOX, review_cases
from procurement.invoices.models import Invoice
from procurement.payables.models import Approval
from procurement.receipts.messages import WholeCount, WholeCountLine
from procurement.receipts.services import post_count
from procurement.shipments.models import ShipNotice
from procurement.shipments.services import correct_notice
from suppliers.details.messages import ChangeDetail
from suppliers.details.services import change_detail
from suppliers.models import Supplier, User
from suppliers.people.messages import InvitePerson
from suppliers.people.services import invite_person
from suppliers.queries import actor_of
from suppliers.roles import CompanyRole, Permission
from tests.builders.documents import supply
from tests.builders.invoices import a_draft_invoice, a_sent_invoice
from tests.builders.matrix import a_time, bank_details, by_mail, leaves_and_joins, on_the_desk, onboarding
from tests.builders.programs import a_program, a_program_of
from tests.builders.shipments import a_sent_notice, do
from tests.builders.statements import a_statement, an_item, compared
from tests.builders.world import MONDAY, a_line, an_order, make_world
from tests.database import made_once
from tests.people import FEED, Person
from tests.procurement.acknowledgments.test_api import answers_of, later

pytestmark = pytest.mark.django_db

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
# Left out: `positive_data_acceptance`, since an answer of the right shape may break a rule (422) or come too late
# (409, 412); `ignored_auth`, since tests/suppliers/test_tokens.py asks that of every kind of wrong token.

OPERATIONS = {
    f"{method.upper()} {path}": (path, method)
    for path, item in described()["paths"].items()
    for method in sorted(item)  # the description names them in any order
}
IS_QUICK = os.environ.get("PROPERTY_TESTS") == "quick"
MODES = {"allowed": GenerationMode.POSITIVE, "forbidden": GenerationMode.NEGATIVE}


@pytest.fixture(scope="module")
def api():
    # A list beyond `maxItems` may be larger than a request may be, and then nobody looks at what is in it.
    refusals = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]
    told = SchemathesisConfig.from_dict(
        {"checks": {"negative_data_rejection": {"expected-statuses": refusals}}}
    )
    schema = schemathesis.openapi.from_dict(described(), config=told)
    schema.app = in_the_test(get_wsgi_application())
    return schema


def in_the_test(application):
    """The real application on the connection of the test, which must not be closed between two requests."""

    def answer(environ, start_response):
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        try:
            response = application(environ, start_response)
            body = [b"".join(response)]
            response.close()
            return body
        finally:
            for signal in (request_started, request_finished):
                signal.connect(close_old_connections)

    return answer


@pytest.fixture(scope="module")
def ground(django_db_setup, django_db_blocker):
    """Two programs and what their keys lead to, made once for all that is tried on it and rolled back behind each."""
    with made_once(django_db_blocker):
        suppliers = make_world()
        programs = {"ACME": a_program(suppliers["ACME"]), None: a_program()}
        programs["invoicing"] = a_program(suppliers["ACME"], "invoice")
        programs["documents"] = a_program(suppliers["ACME"], "documents")
        programs["desk"] = a_program_of(somebody())
        programs["trail"] = a_program(scope="trail")
        yield programs, keys_of(programs["ACME"])


def somebody():
    """A manager, in whose name a program works the desk."""
    with acting(FEED):
        user = User.objects.create_user("m@northmoor.example", name="Max", company_role=CompanyRole.MANAGER)
    return Person(user, actor_of(user))


def keys_of(program):
    """Orders in every state, and an answer: what a key that was really read leads to."""
    orders = [
        an_order(
            str(n), lines=[a_line(10, delivery_on=date(2030, 4, 1)), a_line(20, delivery_on=date(2030, 4, 1))]
        )
        for n in range(3)
    ]
    orders.append(an_order("closed", status="closed"))
    orders.append(an_order("other", supplier="GLOBEX"))
    made = [
        program.post(answers_of(orders[0]), {"version": 1, "lines": [later()]}).json()["key"],
        program.post(answers_of(orders[1]), {"version": 1, "rest_as_asked": True}).json()["key"],
    ]
    changes = [wished(program, orders[1], "L10"), asked_by_a_buyer(orders[1], "L20")]
    hung = {"body": "", "files": [{"name": "plan.txt", "content": base64.b64encode(b"as agreed").decode()}]}
    invoices = invoiced(orders[1])
    files = [program.post(f"/api/v1/orders/{orders[0].key}/messages", hung).json()["files"][0]["key"]]
    return {
        "orders": [str(order.key) for order in orders],
        "acknowledgments": made,
        "changes": changes,
        "files": files,
        "cases": cases_of(orders),
        "mail-drafts": [read_in_a_mail(orders[2])],
        "ship-notices": (notices := shipped_by_a_buyer(orders[1])),
        "appointments": [asked_for_a_time(key) for key in notices],
        "counts": [counted_at_the_dock(orders[2])],
        "invoices": invoices,
        "desk": invoices,
        **asked_on_the_desk(invoices[0]),
        "statements": [listed(orders[1])],
        "invitations": [invited(orders[1])],
        "documents": [str(supply(FEED).key)],
        **company_data(),
        "bank-changes": [changed_account()],
        **an_onboarding(),
        **ending_and_merging(),
    }


def company_data():
    """Two suppliers, and a change that waits."""
    with acting(FEED):
        suppliers = list(Supplier.objects.order_by("id"))
        legal = ChangeDetail(suppliers[0].key, "legal", {"legal_name": "Acme", "country": "IN"})
        change = change_detail(legal, actor=FEED, at=MONDAY)
    return {"suppliers": [str(one.key) for one in suppliers], "supplier-changes": [str(change.key)]}


def the_acme():
    with acting(FEED):
        return Supplier.objects.get(number="ACME")


def an_onboarding():
    """One that is under way, and a chase in which it is marked."""
    supplier = the_acme()
    with acting(FEED):
        run, *_more, chase = onboarding(supplier)
        return {"onboardings": [str(run.key)], "onboarding-chases": [str(chase.key)]}


def ending_and_merging():
    """Another supplier, with whom the business ends and whose number is another's."""
    with acting(FEED):
        ending, merge = leaves_and_joins(Supplier.objects.exclude(number="ACME").earliest("id"))
    return {"offboardings": [str(ending.key)], "supplier-merges": [str(merge.key)]}


def changed_account():
    """A change of bank details that was requested."""
    with acting(FEED):
        change, _account, _proof = bank_details(the_acme())
        return str(change.key)


def asked_on_the_desk(key):
    """An approval that waits for a manager, and a question that waits for the supplier."""
    with acting(FEED):
        invoice = Invoice.objects.get(key=key)
        wrote = {"written_by": "Root", "written_at": MONDAY}
        _rule, _limit, approval, question = on_the_desk(invoice, wrote)
        Approval.objects.filter(pk=approval.pk).update(state="asked", reached_at=MONDAY)
    return {"approvals": [str(approval.key)], "invoice-questions": [str(question.key)]}


def asked_for_a_time(key):
    """A time at the dock that waits for an answer."""
    with acting(FEED):
        return str(a_time(ShipNotice.objects.get(key=key)).key)


def counted_at_the_dock(order):
    """What a warehouse's program has counted of goods that nobody announced, a piece of it damaged."""
    line = WholeCountLine(order.number, "L10", Decimal(4), Decimal(1), note="Crushed.")
    whole = WholeCount("NM", "ACME", "WMS-1", MONDAY.date(), (line,), delivery_note="LS-1")
    with acting(FEED):
        return str(post_count(whole, actor=FEED, at=MONDAY).key)


def shipped_by_a_buyer(order):
    """A notice that was sent, and one that waits for its correction."""
    rights = frozenset({Permission.SHIPMENT_WRITE})
    buyer = Person(None, Actor("Bea", "portal", Side.COMPANY, permissions=rights))
    at = timezone.now()
    now = {"at": at, "ship_on": at.date(), "delivery_on": at.date() + timedelta(days=30)}
    sent = [a_sent_notice(order, buyer, {line: 5}, number=f"DN-{line}", **now) for line in ("L10", "L20")]
    do(correct_notice, sent[1], buyer, at=at)
    return [str(notice.key) for notice in sent]


def invoiced(order):
    """An invoice that was sent, and a draft of the supplier."""
    rights = frozenset({Permission.INVOICE_WRITE})
    theirs = Actor("Asha", "portal", Side.SUPPLIER, supplier_ids=(order.supplier_id,), permissions=rights)
    asha = Person(None, theirs)
    at = timezone.now()
    sent = a_sent_invoice(order, asha, {"L10": 5}, at=at)
    return [str(sent.key), str(a_draft_invoice(order, asha, {"L20": 5}, number="INV-2", at=at).key)]


def listed(order):
    """What the supplier lists as open, compared."""
    rights = frozenset({Permission.INVOICE_WRITE})
    theirs = Actor("Asha", "portal", Side.SUPPLIER, supplier_ids=(order.supplier_id,), permissions=rights)
    asha = Person(None, theirs)
    at = timezone.now()
    return str(compared(a_statement(asha, [an_item(1, "INV-1", 5)], at=at), asha, at=at).key)


def invited(order):
    """Somebody whom the supplier waits for."""
    with acting(FEED):
        paper = InvitePerson("kiran@acme.example", "shipping", order.supplier_id)
        return str(invite_person(paper, actor=FEED, at=timezone.now()).key)


def read_in_a_mail(order):
    """What a mail promises and nobody has said yet."""
    with acting(INBOX):
        return str(by_mail(order, order.supplier)[1].key)


def cases_of(orders):
    """What needs a person on these orders."""
    with acting(INBOX):
        review_cases([order.pk for order in orders], actor=INBOX, at=timezone.now())
        return [str(key) for key in ExceptionCase.objects.order_by("id").values_list("key", flat=True)]


def wished(program, order, line):
    """What a supplier asks for."""
    address = f"/api/v1/orders/{order.key}/changes"
    body = {"version": 2, "changes": [{"line": line, "move_days": 7}]}
    return program.post(address, body).json()["results"][0]["change"]["key"]


def asked_by_a_buyer(order, line):
    """What a buyer asks for."""
    buyer = Actor("Bea", "portal", Side.COMPANY, permissions=frozenset({Permission.CHANGE_NEGOTIATE}))
    with acting(buyer):
        wish = ProposeChange(order.key, 2, line, Wish(move_days=7))
        return str(propose_change(wish, actor=buyer, at=timezone.now()).key)


def aim(case: Any, keys: dict[str, list[str]], draw: Any) -> None:
    """Let a request that is allowed meet something that is there."""
    if "key" in (case.path_parameters or {}):
        case.path_parameters["key"] = draw(st.sampled_from(keys[case.path.split("/")[3]]))
    if isinstance(case.body, dict) and draw(st.booleans()):
        case.body["version"] = draw(st.sampled_from([1, 2, 3]))
        for chosen in case.body.get("cases", []):
            chosen["case"] = draw(st.sampled_from(keys["cases"]))
        for line in [*case.body.get("lines", []), *case.body.get("changes", [])]:
            if "change" in line:
                line["change"] = draw(st.sampled_from(keys["changes"]))
                continue
            line["line"] = draw(st.sampled_from(["L10", "L20"]))
            for piece in line.get("pieces", []):
                if draw(st.booleans()):
                    piece["quantity"] = draw(st.sampled_from(["100", "50", "0.5"]))


def explore(api, program, keys, operation, mode, examples):
    path, method = operation
    known = api[path][method]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=known.as_strategy(generation_mode=mode), data=st.data())
    def sent(case, data):
        if mode is GenerationMode.POSITIVE and data.draw(st.booleans()):
            aim(case, keys, data.draw)
        headers = {"Authorization": f"Bearer {program.secret}"}
        response = case.call(headers=headers)
        answered.append(response.status_code)
        case.validate_response(response, checks=CHECKS, headers=headers)

    answered: list[int] = []
    sent()
    return set(answered)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("who", "examples"),
    [
        pytest.param("ACME", 8, id="supplier"),
        pytest.param(None, 4, id="integration", marks=pytest.mark.slow),
    ],
)
def test_nothing_breaks_and_nothing_is_a_lie(api, ground, db, settings, operation, mode, who, examples):
    settings.API_RATE = "1000000/min"
    programs, keys = ground
    if who and OPERATIONS[operation][0].startswith(("/api/v1/invoices", "/api/v1/statements")):
        who = "invoicing"
    if who and OPERATIONS[operation][0].startswith("/api/v1/documents"):
        who = "documents"
    if who and OPERATIONS[operation][0].startswith(("/api/v1/desk", "/api/v1/approvals")):
        who = "desk"
    if (
        OPERATIONS[operation][0] == "/api/v1/trail" and who is None
    ):  # a supplier's token is told that it may not
        who = "trail"
    if IS_QUICK:
        examples = examples // 3

    answered = explore(api, programs[who], keys, OPERATIONS[operation], MODES[mode], examples)

    assert answered
    assert 429 not in answered


# --- the description itself ---------------------------------------------------------------------------------


def test_it_is_openapi_3_1_and_complete():
    schema = described()

    assert schema["openapi"].startswith("3.1")
    assert set(schema["components"]["securitySchemes"]) == {"token", "session"}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            story = f"{method} {path}"
            assert operation["operationId"], story
            assert operation["summary"], story
            assert operation["description"], story
            assert {"400", "401", "403", "404", "406", "429"} <= set(operation["responses"]), story
            assert all(
                one.get("description") for one in operation.get("parameters", ()) if one["in"] != "path"
            ), story


def test_no_two_shapes_share_a_name():
    """One of them would be described as the other."""
    described()  # everything is imported
    found: dict[str, set[str]] = {}
    kinds = [serializers.Serializer]
    for kind in kinds:
        kinds += kind.__subclasses__()
        if kind.__module__.startswith(("portal.", "procurement.", "suppliers.")):
            found.setdefault(kind.__name__, set()).add(kind.__module__)
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


def test_what_is_sent_takes_no_other_fields():
    shapes = described()["components"]["schemas"]

    sent = {name: shape for name, shape in shapes.items() if name.endswith("Request")}

    assert {name for name, shape in sent.items() if shape.get("additionalProperties") is not False} == set()
    assert "AcknowledgmentOfOrderRequest" in sent


def test_it_is_served_to_programs_and_people_but_not_to_strangers(tokens, people, client):
    assert tokens("ACME").get("/api/v1/schema").json() == described()
    assert client.get("/api/v1/schema").status_code == 401
    client.force_login(people["bea"].user)
    assert client.get("/api/v1/schema").status_code == 200


def test_page_for_people_shows_every_operation_shape_and_problem(people, client):
    from portal.kernel.rest.problems import TITLES

    assert client.get("/api/v1/docs").status_code == 302
    client.force_login(people["asha"].user)

    page = client.get("/api/v1/docs").content.decode()

    anchors = [
        *(operation["operationId"] for item in described()["paths"].values() for operation in item.values()),
        *(f"shape-{name}" for name in described()["components"]["schemas"]),
        *(f"problem-{code}" for code in TITLES),
    ]
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in page] == []
