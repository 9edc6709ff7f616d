"""The trail on its page and for programs: who reads what of it, narrowed, masked, taken along."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.kernel.actors import Actor, Channel
from portal.kernel.audit.chain import seal
from portal.kernel.audit.models import AuditEvent, AuditSeal
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from portal.kernel.security.models import SecurityEvent
from portal.kernel.security.services import GUARD, note
from portal.kernel.security.tasks import verify_trail
from procurement.trail import files
from procurement.trail.queries import Wish, events_like
from procurement.trail.queries import trail as readable
from suppliers.models import Membership, Supplier, User
from suppliers.services import create_token
from suppliers.signin.services import stand_in
from tests.builders.changes import an_agreed_order
from tests.builders.factors import show_factor
from tests.builders.invoices import a_sent_invoice
from tests.builders.programs import Program
from tests.builders.shipments import a_sent_notice
from tests.builders.world import MONDAY, a_line, an_order, make_world
from tests.database import made_once
from tests.people import FEED, make_people

pytestmark = pytest.mark.django_db

PAGE = "/trail/"
EXPORT = "/trail/export/"
API = "/api/v1/trail"


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
        yield people


@pytest.fixture
def people(once, db):
    return once


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()
    yield
    cache.clear()


def signed_in(person, *, fresh=True):
    client = Client()
    client.force_login(person.user)
    if fresh:
        show_factor(client, person.user)
    return client


def the_supplier(number="ACME"):
    return Supplier.objects.get(number=number)


def happened(kind, stream, actor, *, at=MONDAY, number="ACME", internal=False, **facts):
    """One event, in its actor's scope as at a door."""
    with acting(FEED):
        supplier = the_supplier(number).pk if number else None
    with acting(actor):
        return record(kind, stream, actor=actor, at=at, supplier_id=supplier, facts=facts, internal=internal)


def told(client, query="", status=200):
    """What the page says, row by row: sentence, who, and by which door."""
    response = client.get(f"{PAGE}{query}")
    assert response.status_code == status, response.content[:300]
    return [(row.sentence, row.who, row.way) for row, _kind, _paper in response.context["rows"]]


def text_of(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def a_day(people):
    """What three people did on Monday, with Globex beside Acme."""
    happened("token.created", "supplier:1", people["asha"].actor, name="Shop floor")
    happened(
        "bank.number_shown", "bank_change:1", people["otto"].actor, internal=True, account="DE •••• 3000"
    )
    happened(
        "shipment.arrived",
        "shipment:1",
        people["gil"].actor,
        number="GLOBEX",
        **{"from": "sent", "to": "arrived"},
    )
    return people


# --- who reads it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status"),
    [("root", 200), ("ada", 200), ("max", 200), ("asha", 200), ("gil", 200)]
    + [(one, 403) for one in ("bea", "pia", "otto", "rex", "ines", "arun", "olga", "sam")],
)
def test_who_reads_the_trail(people, name, status):
    assert signed_in(people[name]).get(PAGE).status_code == status
    assert signed_in(people[name]).get(API).status_code == status


def test_the_auditor_reads_what_happened_by_whom_and_by_which_door(a_day):
    assert told(signed_in(a_day["ada"]), "?until=2026-03-02")[:3] == [
        ("Arrived", "Gil Globex", "Page"),
        ("The whole account number was shown", "Otto Payer", "Page"),
        ("An access token for a program was made", "Asha Acme", "Page"),
    ]


def test_a_suppliers_administrator_reads_what_its_own_people_did_and_nothing_else(a_day):
    happened("supplier.blocked", "supplier:1", a_day["root"].actor)
    happened("order.seen", "order:1", a_day["olga"].actor, revision=1)

    assert told(signed_in(a_day["asha"])) == [
        ("Revision 1 seen by the supplier", "Olga Acme", "Page"),
        ("An access token for a program was made", "Asha Acme", "Page"),
    ]
    assert told(signed_in(a_day["gil"])) == [("Arrived", "Gil Globex", "Page")]


def test_both_walls_hold_each_by_itself(a_day):
    hidden = happened("bank.risks_seen", "bank_change:1", a_day["root"].actor, internal=True)
    with acting(FEED):  # the first wall alone: every row is there
        seen = readable(a_day["asha"].actor)
        assert {event.actor_label for event in seen} == {"Asha Acme"}
    with acting(a_day["asha"].actor):  # the second alone: nothing is asked for
        labels = set(AuditEvent.objects.values_list("actor_label", flat=True))
        assert "Gil Globex" not in labels
        assert not AuditEvent.objects.filter(pk=hidden.pk).exists()


def test_who_looked_is_noted_once_a_list_and_not_what_was_typed(a_day):
    ada = signed_in(a_day["ada"])
    ada.get(f"{PAGE}?person=otto@northmoor.example")

    with acting(GUARD):
        (read,) = SecurityEvent.objects.filter(kind="audit.read")
    assert (read.user_id, read.facts) == (a_day["ada"].user.pk, {"by": ["person"]})


# --- narrowed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ("?supplier=GLOBEX", ["Gil Globex"]),
        ("?supplier=glob", ["Gil Globex"]),
        ("?supplier=nobody", []),
        ("?person=otto@northmoor.example", ["Otto Payer"]),
        ("?person=payer", ["Otto Payer"]),
        ("?person=nobody", []),
        ("?matter=bank", ["Otto Payer"]),
        ("?matter=deliveries", ["Gil Globex"]),
        ("?kind=token.created", ["Asha Acme"]),
        ("?kind=token.created&matter=bank", []),
        ("?paper=shipment:1", ["Gil Globex"]),
        ("?way=link", []),
        ("?way=scim", []),
        ("?since=2026-03-03", []),
        ("?q=no-such-number", []),
    ],
)
def test_each_filter(a_day, query, who):
    found = [one for _sentence, one, _way in told(signed_in(a_day["ada"]), f"{query}&until=2026-03-03")]

    assert [one for one in found if one != "ERP feed"] == who


def test_what_an_address_asks_for_and_nobody_understands_is_said(a_day):
    page = text_of(signed_in(a_day["ada"]).get(f"{PAGE}?matter=moon&since=yesterday&kind=bank.number_shown"))

    assert "so it was left out: From, What it is about." in page
    assert "Otto Payer" in page
    assert "Asha Acme" not in page


def test_days_are_the_readers(people):
    ada = User.objects.get(pk=people["ada"].user.pk)
    ada.time_zone = "Pacific/Auckland"
    ada.save(update_fields=["time_zone"])
    happened(
        "token.created",
        "x:1",
        people["root"].actor,
        at=datetime(2026, 3, 2, 10, 30, tzinfo=UTC),
        name="early",
    )
    happened(
        "token.revoked", "x:1", people["root"].actor, at=datetime(2026, 3, 2, 11, 30, tzinfo=UTC), name="late"
    )
    client = signed_in(people["ada"])

    # Half past ten in Greenwich is half past eleven at night in Auckland.
    assert [one[0] for one in told(client, "?since=2026-03-02&until=2026-03-02&person=root")] == [
        "An access token for a program was made"
    ]
    assert [one[0] for one in told(client, "?since=2026-03-03&until=2026-03-03&person=root")] == [
        "An access token was revoked"
    ]


def test_who_has_left_is_found_by_both_sides(a_day):
    with acting(FEED):
        Membership.objects.filter(user=a_day["asha"].user).delete()
        Membership.objects.filter(user=a_day["olga"].user).update(role="administrator")
        User.objects.filter(pk=a_day["otto"].user.pk).update(is_active=False)

    assert [one[1] for one in told(signed_in(a_day["ada"]), "?person=otto")] == ["Otto Payer"]
    olga = signed_in(a_day["olga"])
    for asked in ("asha", str(a_day["asha"].user.pk)):
        assert [one[1] for one in told(olga, f"?person={asked}")] == ["Asha Acme"]


def test_a_paper_is_found_by_its_number_and_by_the_key_of_its_address_and_leads_there(people):
    order = an_order("4500012345", 1)
    ada = signed_in(people["ada"])
    response = ada.get(f"{PAGE}?q=4500012345")

    ((row, _kind, of_paper),) = response.context["rows"]
    assert (row.sentence, row.paper.word, row.paper.called) == (
        "Order received, one line",
        "Order",
        "4500012345",
    )
    assert row.paper.url == reverse("order", args=[order.key])
    assert of_paper == f"?q=4500012345&paper=order%3A{order.key}"
    assert told(ada, f"?q={order.key}") == told(ada, "?q=4500012345")
    assert ada.get(row.paper.url).status_code == 200


def test_an_invoice_is_found_by_its_number(people):
    invoice = a_sent_invoice(an_agreed_order(people["asha"]), people["asha"], number="R-17")

    rows = signed_in(people["ada"]).get(f"{PAGE}?q=r-17").context["rows"]

    assert {(row.paper.word, row.paper.called) for row, _kind, _paper in rows} == {("Invoice", "R-17")}
    assert {row.paper.url for row, _kind, _paper in rows} == {reverse("invoice", args=[invoice.key])}


def test_from_a_paper_whoever_may_read_the_trail_comes_to_what_happened_to_it(people):
    asha = people["asha"]
    order = an_agreed_order(asha, lines=[a_line(10), a_line(20)])
    invoice = a_sent_invoice(order, asha, {"L10": 5}, number="R-17")
    notice = a_sent_notice(order, asha, {"L20": 5}, number="DN-1")
    readers = {name: signed_in(people[name]) for name in ("ada", "asha", "bea", "arun")}

    for page, paper in (("order", order), ("invoice", invoice), ("shipment", notice)):
        way = f"{PAGE}?paper={paper.stream.replace(':', '%3A')}"
        shown = {
            name: way in text_of(one.get(reverse(page, args=[paper.key]))) for name, one in readers.items()
        }
        assert shown == {"ada": True, "asha": True, "bea": False, "arun": False}, page
        for name in ("ada", "asha"):
            rows = readers[name].get(way).context["rows"]
            assert {row.paper.stream for row, _kind, _paper in rows} == {paper.stream}


# --- as whom ------------------------------------------------------------------------------------------------


def test_what_is_done_in_anothers_place_says_by_whom_and_is_found_by_either(people):
    root, asha = people["root"], people["asha"]
    with acting(FEED):
        theirs = stand_in(root.user, asha.user, asha.actor.supplier_ids[0])
    happened("order.seen", "order:1", theirs, revision=3)

    for asked in ("root@northmoor.example", "asha@supplier.example"):
        response = signed_in(people["ada"]).get(f"{PAGE}?person={asked}&kind=order.seen")
        ((row, _kind, _paper),) = response.context["rows"]
        assert (row.stands_in, row.who) == ("Root Admin", "Asha Acme")
        assert "in the place of Asha Acme" in text_of(response)
    mine = text_of(signed_in(asha).get(PAGE))
    assert "Root Admin for Asha Acme" in mine


def test_what_was_done_to_an_account_is_found_with_its_person(people):
    happened(
        "factor.reset_asked", f"person:{people['asha'].user.pk}", people["root"].actor, reason="lost phone"
    )

    rows = told(signed_in(people["ada"]), "?person=asha@supplier.example&kind=factor.reset_asked")

    assert rows == [("The removal of all second factors was asked for", "Root Admin", "Page")]


def test_of_whoever_left_long_ago_the_last_event_is_found_first(people):
    """However much has happened since: no index knows all that is a person's in the order of time."""
    happened("order.seen", "order:1", people["olga"].actor, at=MONDAY - timedelta(days=400), revision=1)
    for day in range(3):
        happened("supplier.classified", "supplier:1", people["root"].actor, at=MONDAY + timedelta(days=day))
    with acting(people["ada"].actor), CaptureQueriesContext(connection) as seen:
        found = events_like(Wish(people=(people["olga"].user.pk,)), actor=people["ada"].actor)
        assert [event.actor_label for event in found] == ["Olga Acme"]

    assert len(seen) == 4
    assert '"at" <= \'2025-01-26' in seen.captured_queries[3]["sql"]


def test_nobody_opens_the_trail_in_anothers_place(people):
    with acting(FEED):
        theirs = stand_in(people["root"].user, people["asha"].user, people["asha"].actor.supplier_ids[0])

    assert not theirs.may("trail.view")


def test_who_comes_by_a_link_has_no_sign_in_and_is_not_the_portal(people):
    vera = Actor.system("Vera", Channel.LINK)
    happened("bank.frozen", "bank_freeze:1", vera, internal=True, reason="this was not me")

    ((row, _kind, _paper),) = signed_in(people["ada"]).get(f"{PAGE}?kind=bank.frozen").context["rows"]

    assert (row.who, row.side, row.way) == ("Vera", "without signing in", "Link in a mail")


# --- masked -------------------------------------------------------------------------------------------------


def test_no_account_number_is_whole_on_the_page_in_the_file_and_for_programs(people):
    reason = "They wrote: pay to DE89 3704 0044 0532 0130 00 from now on"
    happened("bank.change_stopped", "bank_change:1", people["root"].actor, reason=reason, secret="qs_abcdef")
    ada = signed_in(people["ada"])

    for answer in (
        ada.get(PAGE).content,
        b"".join(ada.post(EXPORT, {}).streaming_content),
        ada.get(API).content,
    ):
        said = answer.decode()
        assert "DE •••• 3000" in said
        assert "3704" not in said
        assert "qs_abcdef" not in said


# --- taken along --------------------------------------------------------------------------------------------


def lines_of(response):
    assert response.status_code == 200, response.content[:300]
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_what_is_shown_is_taken_along_safely_and_that_is_on_the_trail(a_day):
    happened("supplier.classified", "supplier:1", a_day["root"].actor, note="=HYPERLINK(1)", name="x")
    client = signed_in(a_day["ada"])

    rows = lines_of(client.post(EXPORT, {"supplier": "ACME", "until": "2026-03-02"}))

    assert [row["What happened"] for row in rows][:3] == [
        "Segment, channel or categories set",
        "The whole account number was shown",
        "An access token for a program was made",
    ]
    assert rows[1]["What changed"] == "Account: DE •••• 3000"
    assert rows[1]["Who"] == "Otto Payer"
    assert rows[0]["Supplier number"] == "ACME"
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    with acting(FEED):
        recorded = AuditEvent.objects.get(kind="audit.exported")
    assert (recorded.actor_label, recorded.internal, recorded.facts) == (
        "Ada Auditor",
        True,
        {"format": "csv", "filters": "supplier: Acme Valves; until: 2 Mar 2026", "events": len(rows)},
    )
    with acting(GUARD):
        assert SecurityEvent.objects.get(kind="audit.exported").user_id == a_day["ada"].user.pk


def test_a_supplier_takes_its_own_along_and_finds_that_on_its_trail(a_day):
    asha = signed_in(a_day["asha"])

    assert [row["Who"] for row in lines_of(asha.post(EXPORT, {}))] == ["Asha Acme"]
    assert told(asha)[0] == ("The audit trail was exported", "Asha Acme", "Page")


def test_taking_it_along_wants_a_second_factor_of_a_moment_ago(people):
    response = signed_in(people["ada"], fresh=False).post(EXPORT, {})

    assert response.status_code != 200
    with acting(FEED):
        assert not AuditEvent.objects.filter(kind="audit.exported").exists()


def test_a_list_that_is_too_long_is_refused_and_not_cut(a_day, monkeypatch):
    monkeypatch.setattr(files, "MOST_ROWS", 2)

    response = signed_in(a_day["ada"]).post(EXPORT, {})

    assert response.status_code == Invalid.status
    assert "more than 2 rows" in text_of(response)


# --- whole --------------------------------------------------------------------------------------------------


def test_whether_the_chain_is_whole_is_said_in_plain_words(people):
    happened("token.created", "x:1", people["root"].actor, name="x")
    ada = signed_in(people["ada"])
    assert "The chain was not checked from end to end yet" in text_of(ada.get(PAGE))

    with acting(FEED):
        seal(at=timezone.now())
    verify_trail()

    page = text_of(ada.get(PAGE))
    assert "The chain is whole." in page
    assert "One event is sealed, at" in page
    note("audit.broken", faults=1)
    assert "The trail is not as it was sealed: somebody has changed it." in text_of(ada.get(PAGE))
    assert "chain" not in text_of(signed_in(people["asha"]).get(PAGE))


def test_many_events_are_counted_as_the_reader_writes_numbers(people):
    batch = {
        "head": b"",
        "signature": "",
        "sealed_at": timezone.now(),
        "settled_after": 0,
        "settled_below": 0,
    }
    with acting(FEED):
        AuditSeal.objects.create(first_position=1, last_position=11360, top_event_id=11360, **batch)
    ada = signed_in(people["ada"])

    assert "11,360</bdi> events are sealed, the last one at" in text_of(ada.get(PAGE))
    with acting(FEED):
        User.objects.filter(pk=people["ada"].user.pk).update(language="de")
    assert "11.360</bdi> Ereignisse sind versiegelt" in text_of(ada.get(PAGE))


# --- as fast with many --------------------------------------------------------------------------------------


def test_as_many_queries_for_thirty_events_as_for_one(people):
    ada = signed_in(people["ada"])

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert ada.get(f"{PAGE}?kind=supplier.classified").status_code == 200
        return len(seen)

    with acting(FEED):
        key = the_supplier().key
    happened("supplier.classified", f"supplier:{key}", people["root"].actor)
    ada.get(PAGE)
    one = queries()
    for minute in range(30):
        happened(
            "supplier.classified",
            f"supplier:{key}",
            people["root"].actor,
            at=MONDAY + timedelta(minutes=minute),
        )

    assert queries() == one


def test_pages_follow_each_other_without_a_gap(people):
    for minute in range(60):
        happened(
            "supplier.classified",
            "x:1",
            people["root"].actor,
            at=MONDAY + timedelta(minutes=minute % 7),
            n=minute,
        )
    ada = signed_in(people["ada"])

    first = ada.get(f"{PAGE}?kind=supplier.classified")
    second = ada.get(f"{PAGE}?kind=supplier.classified&cursor={first.context['page'].next}")

    numbers = [
        row.event.facts["n"] for page in (first, second) for row, _kind, _paper in page.context["rows"]
    ]
    assert len(numbers) == 60
    assert sorted(numbers) == list(range(60))


# --- for programs -------------------------------------------------------------------------------------------


def test_a_collector_reads_the_trail_with_a_token_of_its_own(a_day):
    root = a_day["root"].actor
    with acting(root):
        made = create_token("Collector", "trail", supplier=None, actor=root, at=MONDAY)
    program = Program(made.token, made.secret)

    answer = program.get(API, {"kind": "bank.number_shown"})

    (event,) = answer.json()["results"]
    assert event["at"] == "2026-03-02T10:00:00Z"
    assert event["text"] == "The whole account number was shown"
    assert event["supplier"] == "ACME"
    assert event["actor"] == {
        "name": "Otto Payer",
        "person": a_day["otto"].user.pk,
        "side": "company",
        "channel": "portal",
        "in_place_by": None,
        "for_supplier": False,
    }
    assert event["says"] == [{"what": "Account", "old": None, "new": "DE •••• 3000"}]
    assert program.get("/api/v1/orders").status_code == 403
    assert program.get(API, {"supplier": "NONE"}).json()["results"] == []
    assert program.get(API, {"matter": "moon"}).status_code == 400


def test_who_may_not_read_it_lets_no_program_read_it(people):
    ines = people["ines"].actor
    with acting(ines), pytest.raises(Invalid):
        create_token("Collector", "trail", supplier=None, actor=ines, at=MONDAY)
    asha = people["asha"].actor
    with acting(asha), pytest.raises(Invalid):
        create_token("Collector", "trail", supplier=the_supplier(), actor=asha, at=MONDAY)
    assert "Read the audit trail" not in text_of(signed_in(people["ines"]).get("/tokens/new/"))
    assert "Read the audit trail" in text_of(signed_in(people["root"]).get("/tokens/new/"))


def test_tokens_of_other_scopes_do_not_read_it(people):
    ines = people["ines"].actor
    with acting(ines):
        made = create_token("ERP", "read", supplier=None, actor=ines, at=MONDAY)

    assert Program(made.token, made.secret).get(API).status_code == 403


def test_programs_narrow_it_by_number_person_and_moment(a_day):
    ada = signed_in(a_day["ada"])

    def who(**query):
        return [one["actor"]["name"] for one in ada.get(API, query).json()["results"]]

    assert who(person=a_day["otto"].user.pk) == ["Otto Payer"]
    assert who(paper="shipment:1") == ["Gil Globex"]
    assert who(number="unknown") == []
    assert who(matter="bank", kind="token.created") == []
    assert who(since="2026-03-02T10:00:01Z", until="2026-03-03T00:00:00Z") == []
    assert who(supplier="GLOBEX", channel=str(Channel.PORTAL)) == ["Gil Globex"]


def test_the_page_of_what_was_noted_is_one_press_away_and_not_built_twice(people):
    assert reverse("security-events") in text_of(signed_in(people["ada"]).get(PAGE))
    assert reverse("security-events") not in text_of(signed_in(people["root"]).get(PAGE)).split("<main", 1)[1]
