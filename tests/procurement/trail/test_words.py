"""Every kind of event has a sentence, is about something, and says nothing that is to be hidden."""

import ast
import random
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone
from django.utils.translation import override

from portal.kernel.audit.models import AuditEvent
from portal.kernel.security.catalogue import CATALOGUE
from procurement.trail.policies import UNSAID, Told, hide, masked, told_in
from procurement.trail.presenters.facts import FACTS
from procurement.trail.presenters.papers import PAGES
from procurement.trail.presenters.rows import Detail, details_of, kinds_of, way_of
from procurement.trail.presenters.words import KINDS, OWN, sentence_of
from procurement.trail.queries import PAPERS
from procurement.trail.states import WORDS_OF, Matter
from suppliers.roles import Permission

ROOT = Path(__file__).parents[3]
BEGINNINGS = {word for words in WORDS_OF.values() for word in words}
KIND = re.compile(r"([a-z_]+)\.[a-z_]+[a-z]")
# Where facts are recorded and lifecycles are written: not doors, nor readers, which name kinds and much else.
ELSEWHERE = {
    *(
        "api",
        "views",
        "urls",
        "tasks",
        "forms",
        "presenters",
        "policies",
        "demo",
        "connectors",
        "engine",
        "migrations",
    ),
    *("roles", "catalogue", "management", "templatetags", "models", "personal"),
}
# What is told and mailed, and promised to the ERP, without being an event; a promise's are told by its order.
NOT_FACTS = {
    *("bank.notice", "discounting.lapse", "erp.command_released", "gateway.deal", "invoice.told_anew"),
    *("notice.mail", "order.acknowledgment", "order.promise_agreed", "order.promise_forgotten", "mail.sort"),
    *("mail.answer", "mail.txt", "shipment.expected_anew", "link.label_hash"),
    *(f"promise.{did}" for did in ("accepted", "confirmed", "declined", "echoed", "restored")),
    *("promise.superseded", "promise.withdrawn"),
}


# Facts that are keys of rows, or have parts of their own, and what those parts are called: neither is shown.
NOT_SHOWN = {
    *("acknowledgment", "approval", "change", "change_of_address", "clock", "command", "detail", "document"),
    *(
        "draft",
        "drafts",
        "drift",
        "event",
        "invitation",
        "invoice",
        "key",
        "link",
        "merge",
        "notice",
        "offboarding",
    ),
    *("question_key", "request", "run", "sheet", "statement_key", "task", "token", "topic"),
    *("counts", "held_for", "invoices", "now", "problems", "receipts"),
    *(
        "announced",
        "backorder",
        "damaged",
        "days_late",
        "good",
        "item",
        "path",
        "price_change",
        "received",
        "rest",
    ),
    *("severity", "split", "substitute", "time_zone", "unplaced"),
}


def recorded_kinds():
    """Every kind that any source can record, read off it: what a call, an assignment or a table says."""
    found = set()
    for top in ("portal/kernel", "suppliers", "procurement"):
        for file in (ROOT / top).rglob("*.py"):
            parts = set(file.relative_to(ROOT).with_suffix("").parts)
            if "services" in parts or not ELSEWHERE & parts:
                found |= _in(file)
    return found


def _in(file):
    tree = ast.parse(file.read_text())
    words = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    found = {word for word in words if (match := KIND.fullmatch(word)) and match[1] in BEGINNINGS}
    if "order.answer_" in words:  # f"order.answer_{'accepted' if … else 'declined'}"
        found |= {"order.answer_accepted", "order.answer_declined"}
    return found


def recorded_facts():
    """The names of facts that any source records, read off it: what is handed on as facts, and what is made for it."""
    found = set()
    for top in ("portal/kernel", "suppliers", "procurement"):
        for file in (ROOT / top).rglob("*.py"):
            parts = set(file.relative_to(ROOT).with_suffix("").parts)
            if "services" in parts or not {*ELSEWHERE, "queries", "alerts"} & parts:
                found |= {name for made in _facts_in(ast.parse(file.read_text())) for name in _keys(made)}
    return found


def _facts_in(tree):
    for node in ast.walk(tree):
        match node:
            case (
                ast.keyword(arg="facts", value=made) | ast.Assign(targets=[ast.Name(id="facts")], value=made)
            ):
                yield made
            case ast.Call(func=ast.Name(id="Fact"), args=[_, _, _, made, *_]):
                yield made
            case ast.FunctionDef(name=name) if name.endswith(("facts", "facts_of", "told_of", "said_of")):
                yield node


def _keys(made):
    dicts = [node for node in ast.walk(made) if isinstance(node, ast.Dict)]
    return {key.value for one in dicts for key in one.keys if isinstance(key, ast.Constant)}


def event(kind, **changed):
    values = {
        "stream": "order:1",
        "actor_label": "Bea Buyer",
        "actor_side": "company",
        "channel": "portal",
        "at": datetime.now(UTC),
        "facts": {},
    }
    return AuditEvent(kind=kind, **{**values, **changed})


def test_every_kind_that_is_recorded_has_a_sentence():
    others = {*NOT_FACTS, *CATALOGUE, *Permission}

    assert sorted(recorded_kinds() - KINDS - others) == []
    assert sorted(set(OWN) - recorded_kinds()) == []


def test_every_fact_that_is_recorded_has_a_word():
    said = {name for name in recorded_facts() - UNSAID if not name.startswith("was_")}

    assert sorted(said - set(FACTS) - NOT_SHOWN) == []


def test_every_kind_is_about_something_and_about_one_thing():
    told = [kind for matter in Matter.values for kind in kinds_of(matter)]

    assert sorted(told) == sorted(KINDS)


def test_what_a_kind_says_stands_in_the_words_of_its_own_page_in_each_language():
    facts = {"revision": 2, "as_asked": [10, 20], "waiting": [], "refused": []}

    assert sentence_of(event("order.acknowledged", facts=facts)) == "Revision 2 answered: 2 lines as asked"
    with override("de"):
        assert sentence_of(event("bank.number_shown")) == "Die ganze Kontonummer wurde gezeigt"


def test_an_event_of_another_version_is_told_by_its_name_and_never_fails():
    assert sentence_of(event("order.acknowledged")) == "order.acknowledged"
    assert sentence_of(event("moon.landed", facts={"from": "earth"})) == "moon.landed"
    assert details_of(event("moon.landed", facts={"first_step": "one"})) == (Detail("first step", "one"),)


@pytest.mark.parametrize("typed", ["9999-12-31T23:59:59Z", "0001-01-01T00:00+09:00", "9999-99-99T00:00Z"])
def test_what_somebody_typed_is_no_moment_because_it_looks_like_one(typed):
    """A name of a token, say: the trail is never rewritten, so its page must show whatever is in it."""
    with timezone.override("Europe/Berlin"):
        (told,) = details_of(event("moon.landed", facts={"name": typed}))
    assert told.new == typed


# --- what changed -------------------------------------------------------------------------------------------


def test_a_change_is_told_from_what_to_what():
    moved = event("invoice.approved", facts={"from": "held", "to": "approved", "reason": "as agreed"})

    assert details_of(moved) == (Detail("", "Approved", "Held"), Detail("Reason", "as agreed"))
    assert details_of(moved)[0].text == "Held → Approved"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"old": "a", "new": "b"}, [Told("", "b", "a")]),
        ({"from": "a@x.example", "to": "b@x.example"}, [Told("", "b@x.example", "a@x.example")]),
        ({"demanded": True, "was_demanded": False}, [Told("demanded", "True", "False")]),
        (
            {"account": "DE •••• 3000", "before": "DE •••• 1111"},
            [Told("account", "DE •••• 3000", "DE •••• 1111")],
        ),
        (
            {"changes": [{"field": "price", "line": "20", "old": "2", "new": "3"}], "revision": 2},
            [Told("price", "3", "2", "20"), Told("revision", "2")],
        ),
        ({"key": "5c6f4a3e-0000-4000-8000-000000000001", "tell": [{"address": "a@x.example"}]}, []),
        ({"lines": [10, 20], "note": ""}, [Told("lines", "10; 20")]),
        # What has parts is told by the sentence and read by programs; that something is not so says nothing.
        ({"invoices": [{"invoice": "R-1", "open": "7"}], "on_behalf": False}, []),
    ],
)
def test_each_shape_in_which_facts_are_kept(facts, told):
    assert list(told_in(facts)) == told


def test_values_are_shown_as_people_write_them():
    facts = {"since": "2026-03-02T08:00:00+00:00", "last_on": "2026-04-01", "on_behalf": True}

    assert details_of(event("offboarding.begun", facts=facts)) == (
        Detail("Since", "2 Mar 2026, 08:00"),
        Detail("Last day", "1 Apr 2026"),
        Detail("For the supplier", "yes"),
    )


def test_risks_of_a_bank_change_are_told_as_its_page_tells_them():
    seen = event("bank.risks_seen", facts={"risks": ["foreign_account", "new_device", "of_tomorrow"]})

    assert details_of(seen) == (
        Detail(
            "Risks",
            "The account is not in the supplier’s country; Who asks does so from a browser not seen before; "
            "of_tomorrow",
        ),
    )


# --- masked -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("DE89 3704 0044 0532 0130 00 please", "DE •••• 3000 please"),
        ("to DE89370400440532013000.", "to DE •••• 3000."),
        ("gb82west12345698765432", "GB •••• 5432"),
        ("account 1234 5678 9012 3456 78", "account •••• 5678"),
        ("DE88 3704 0044 0532 0130 00", "DE88 •••• 3000"),  # mistyped, and masked all the same
        ("order 4500012345, GTIN 04012345123456", "order 4500012345, GTIN 04012345123456"),
        ("package 340123450000000015", "package 340123450000000015"),
        ("2026-04-01T10:00:00.123456+00:00", "2026-04-01T10:00:00.123456+00:00"),
    ],
)
def test_what_looks_like_an_account_is_not_whole_wherever_somebody_typed_it(text, shown):
    assert masked(text) == shown


def test_no_key_of_a_row_is_taken_for_an_account():
    """One in a hundred of those that look like the beginning of an account has its check figures by chance."""
    chance = random.Random(7)
    keys = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(20_000)]

    assert [key for key in keys if masked(f"see {key}.") != f"see {key}."] == []


def test_secrets_are_not_shown_and_account_numbers_are_masked_deep_inside():
    facts = {
        "secret": "qs_1234",
        "prefix": "qs_12",
        "said": [{"text": "pay to DE89370400440532013000", "password": "x"}],
        "left": 7,
    }

    assert hide("", facts) == {
        "secret": "••••",
        "prefix": "qs_12",
        "said": [{"text": "pay to DE •••• 3000", "password": "••••"}],
        "left": 7,
    }
    assert "qs_1234" not in str(details_of(event("moon.landed", facts=facts)))


# --- doors and papers ---------------------------------------------------------------------------------------


def test_the_door_is_named_also_the_one_of_a_directory():
    assert way_of(event("order.closed", channel="link")) == "Link in a mail"
    assert way_of(event("scim_person.added", channel="api")) == "SCIM"
    assert way_of(event("order.closed", channel="carrier pigeon")) == "carrier pigeon"


def test_every_paper_that_is_looked_up_has_a_name():
    assert set(PAPERS) <= set(PAGES)


def test_a_number_of_a_person_is_told_as_a_name_and_never_as_a_number():
    stands_in = event("stand_in.written", facts={"person": 7, "stand_in": 8, "from_on": "2026-03-02"})
    given = event("case.assigned", facts={"number": 12, "before": 7, "owner": 8, "name": "Pia"})

    assert details_of(stands_in, "", {7: "Bea", 8: "Pia"}) == (
        Detail("Person", "Bea"),
        Detail("Stands in", "Pia"),
        Detail("From", "2 Mar 2026"),
    )
    assert details_of(stands_in) == (Detail("From", "2 Mar 2026"),)
    opened = event("case.opened", facts={"holder": 7})
    assert details_of(opened, "", {7: "Bea"}) == (Detail("Holder", "Bea"),)
    assert details_of(event("bank.account_opened", facts={"holder": "Acme"})) == (Detail("Holder", "Acme"),)
    assert details_of(given, "", {7: "Bea", 8: "Pia"}) == (
        Detail("Owner", "Pia", "Bea"),
        Detail("Number", "12"),
    )


def test_codes_and_counts_are_told_as_the_reader_reads_them():
    mail = event("mail.questioned", facts={"why": "unproven"})
    exported = event("audit.exported", facts={"format": "csv", "events": 11360})
    reminded = event("onboarding.reminded", facts={"steps": ["company", "bank"]})

    assert details_of(mail)[0].new == "The address is known, but nothing proves that it wrote this."
    assert details_of(exported) == (Detail("As", "csv"), Detail("Events", "11,360"))
    assert details_of(reminded) == (Detail("Steps", "Company data; Bank details"),)
    with override("de"):
        assert details_of(exported)[1].new == "11.360"
