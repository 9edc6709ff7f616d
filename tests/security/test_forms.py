"""Every form of every page, as its pages have it: it takes what it asks for and nothing else, and no text breaks it.

The forms are read off the pages themselves, as a browser has them, and so are a new page's. Each is filled in and sent,
so that something is written; then once more with all that is not its sender's to say: every column of what was written,
and what attackers try by habit. Both must have written the same, whatever table it stands in. And each field of each
form is given what no column holds.

On every change those of money, goods, people and keys are tried, with their papers as they must stand for it
(tests/builders/standing.py and standing_papers.py). All others, for which every page is looked at first, with
EVERYTHING=1: run that for a new form. docs/security/README.md tells how many there are.
"""

from __future__ import annotations

import inspect
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.urls import URLPattern

from portal.kernel.pdf import pdf_file
from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier, User
from suppliers.services import receive_suppliers
from tests.builders.bank import NEW_IBAN, contacts_long_known
from tests.builders.changes import an_agreed_order
from tests.builders.counts import begin as count
from tests.builders.identities import certificate_of
from tests.builders.invoices import a_draft_invoice
from tests.builders.matrix import Objects, make_objects
from tests.builders.pages import PageForm, Values, forms_of
from tests.builders.shipments import a_sent_notice, begin, pack, write
from tests.builders.standing import STANDING as STANDING_FOR_MONEY
from tests.builders.standing_papers import STANDING_PAPERS, STANDING_RARELY
from tests.builders.world import a_line, make_world
from tests.builders.written import Ledger, Written, reading_all
from tests.database import made_once
from tests.people import FEED, Person, make_people
from tests.tenancy.test_matrix import (
    access_of,
    address,
    guarded_doors,
    name_of,
    session_of,
    signed_in,
)
from tests.thoroughly import EVERYTHING, some

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Who looks at the pages: of each side whoever may first, so that both sides' forms are seen.
LOOK = {"supplier": ("asha",), "company": ("root", "max", "otto", "bea", "ines", "rex", "pia")}
PAGES = [
    one for one in guarded_doors() if "GET" in access_of(one).methods and not name_of(one).startswith("api-")
]
DOORS = [
    one for one in guarded_doors() if "POST" in access_of(one).methods and not name_of(one).startswith("api-")
]
GUARDED = Path(settings.BASE_DIR) / "docs" / "security" / "README.md"
MOST_TRIED = 4
MOST_ATTACKED = 2

# What is typed where the kind of field does not say it.
FILLED: dict[str, dict[str, Any]] = {
    "view-save": {"page": "orders", "name": "Mine"},
    "discount-policy-new": {"yearly_percent": "12", "most_percent": "2"},
    "document-kind-new": {"name": "Kosher", "code": "kosher"},
    "inbox-away": {
        "person": lambda ground: ground.people["bea"].user.pk,
        "stand_in": lambda ground: ground.people["pia"].user.pk,
        "from_on": "2027-01-11",
        "until_on": "2027-01-15",
    },
    "onboarding-sheet-new": {
        "file": lambda _ground: SimpleUploadedFile("s.csv", b"supplier,address,name\nINITECH,a@b.example,A\n")
    },
    "inbox-rule-write": {"supplier": "", "item_group": "", "site": "LEEDS"},
    "onboarding-invite": {"supplier": "INITECH", "address": "new@initech.example", "name": "Nia"},
    "onboarding-terms": {
        "title": "Terms",
        "code": "terms",
        "text_en": "Be kind.",
        "text_de": "Seien Sie nett.",
    },
    "onboarding-template-new": {"name": "Plain", "code": "plain"},
    "policy-rule-new": {"absolute": "5"},
    "person-erase": {
        "email": lambda ground: User.objects.order_by("pk")[0].email,
        "reason": "Asked for it.",
    },
    "company-part": {"trading_name": "Acme Trading"},
    "detail-rules": {"names": "approve"},
    "bank-new": {
        "number": NEW_IBAN,
        "holder": "Acme Valves",
        "country": "DE",
        "currency": "EUR",
        "reason": "We have moved to another bank.",
        "proof": lambda _ground: SimpleUploadedFile("bank.pdf", b"%PDF-1.7"),
    },
    "bank-confirm": {
        "reason": "We have moved to another bank.",
        "proof": lambda _ground: SimpleUploadedFile("bank.pdf", b"%PDF-1.7"),
    },
    "bank-sheet": {
        "sheet": lambda _ground: SimpleUploadedFile(
            "v.csv",
            f"Supplier;Country;Number;Holder;Currency\nACME;DE;{NEW_IBAN};Acme;EUR\n".encode(),
        )
    },
    "bank-call": {"number": "+49 30 5550100", "number_from": "The contract of 2019.", "outcome": "confirmed"},
    "bank-shorten": {"shorten-hours": "24"},
    "invoice-account": {"account": lambda ground: ground.objects.bank_account.key},
    "payables-ask": {"question": "Why 7.06?"},
    "payables-do": {"reason": "Wait for the letter."},
    "statement-say": {"text": "It is in the post."},
    "staff-role": {"role": "planner"},
    "people-role": {"role": "orders"},
    "change-new": {
        "line": "L20",
        "version": lambda ground: ground.objects.order.version,
        "quantity.0": "100",
        "delivery_on.0": "2027-05-03",
        "price.0": "6.85",
        "price_per.0": "1",
    },
    "change-revise": {"quantity.0": "90", "delivery_on.0": "2027-05-03"},
    "file-add": {"files": lambda _ground: SimpleUploadedFile("drawing.pdf", b"%PDF-1.7")},
    "mail-place": {"order": lambda ground: ground.objects.order.number},
    "invoice-upload-columns": {
        "column.order": "1",
        "column.line": "2",
        "column.quantity": "3",
        "column.number": "4",
    },
    "statement-columns": {"column.number": "1", "column.open": "2"},
    "onboarding-candidates": {"days": "0"},
    "exclusion-list": {"suppliers": "INITECH"},
    "identity-provider-add": {
        "name": "Initech ID",
        "issuer": "https://idp.initech.example/entity",
        "sign_in_url": "https://idp.initech.example/sso",
        "certificate": lambda _ground: certificate_of("saml"),
        "domains": "initech.example",
    },
    "screening-load": {
        "source": "own",
        "file": lambda _ground: SimpleUploadedFile("own.csv", b"ref,name\n1,Acne Valves\n"),
    },
    "offboarding-move": {"move-last_on": "2027-01-31"},
}

ALWAYS_STANDING = STANDING_FOR_MONEY | STANDING_PAPERS
STANDING = ALWAYS_STANDING | STANDING_RARELY

NOTHING = "it takes nothing but its address, and asks an ERP of which there is none here"

# Forms that are not tried here, and why: each is named, so that a new one is red until it is tried or stands here.
# `make test EVERYTHING=1` tries them all the same, and says which of them writes something by now. What is said of what
# they read was looked for in the code of their views.
NOT_TRIED: dict[str, frozenset[str]] = {
    "it gives a file or an answer, and changes nothing": frozenset(
        [
            "answer-sheets",
            "change-check",
            "inbox-poll",
            "line-export-csv",
            "line-export-xlsx",
            "order-export-csv",
            "order-export-xlsx",
            "order-pdf",
        ]
    ),
    "it writes into the session alone": frozenset(
        ["impersonation-end", "step-up", "step-up-mail", "supplier-switch", "usersessions_list"]
    ),
    # So the code says: `test_what_takes_nothing_but_its_address_reads_nothing` reads it.
    NOTHING: frozenset(["integration-command-read"]),
}
LEFT_OUT = frozenset().union(*NOT_TRIED.values())

# Names that a door reads beside what its pages ask for, and why.
TAKEN: dict[str, dict[str, str]] = {
    "bank-approve": {"note": "What whoever approves says with it; the page has no field for it."},
    "bank-withdraw": {"reason": "Why whoever asked takes it back; the page has no field for it."},
    "integration-gateway-switch": {
        "active": "On or off, which is all that it asks: the button for off sends none."
    },
    "invoice-save": {
        "corrects_number": "Of the head of a credit note, which is another page of the same form.",
        "reason": "Of the head of a credit note.",
    },
    "onboarding-chase": {
        "words": "What is written to them; the page shows it where there is somebody to write to."
    },
    "order-answer": {
        "note": "Of the head of the answer, which the short form of the home page does not show.",
        "supplier_reference": "Of the head of the answer, as well.",
        "revision": "What was seen of the order: whoever saw another one is shown it anew.",
        "version": "What was seen of the order, as well.",
    },
    "shipment-time-do": {
        "reason": "Why, where a time is refused or given up; each verb has a form of its own.",
        "note": "A word with a wish.",
    },
    "trail-export": {
        "kind": "Which events: what is asked on the page before goes into the export, and is recorded with it.",
        "person": "Whose events, as well.",
    },
}
# The same where our people say it; a supplier's may not.
TAKEN_OF_US: dict[str, dict[str, str]] = {
    "file-add": {"internal": "A file among ourselves, as with a note; no page has a form for it by now."},
    "message-send": {"internal": "A note among ourselves: another button of the page."},
    "shipment-time-do": {"door": "The door at the dock."},
    "trail-export": {"supplier": "Whose events are asked for."},
}


class Sight(NamedTuple):
    """A form as somebody saw it."""

    who: str
    form: PageForm


class Ground(NamedTuple):
    """Everybody, one of everything of a supplier, and the forms that its pages have, by the door they go to."""

    people: dict[str, Person]
    sessions: dict[str, str]
    objects: Objects
    stranger: Supplier
    drafts: Objects
    seen: dict[str, list[Sight]]
    ledger: Ledger

    def all_seen(self) -> dict[str, list[Sight]]:
        """What all pages show; looked at once, when first asked."""
        if not self.seen:
            # Drawing a paper takes another process a second each time.
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("portal.kernel.pdf.subprocess.run", blank)
                self.seen.update(looked_at(self.people, self.sessions, self.objects, self.drafts))
        return self.seen


@pytest.fixture(scope="module")
def ground(django_db_setup, django_db_blocker) -> Iterator[Ground]:
    with made_once(django_db_blocker), reading_all():
        suppliers = make_world()
        with acting(FEED):
            receive_suppliers(
                [SupplierPaper("INITECH", "Initech", "DE", "EUR", "de", "Europe/Berlin", "core")]
            )
            people = make_people(suppliers)
            contacts_long_known()
            objects = make_objects("ACME", people)
            drafts = begun(people, objects) if EVERYTHING else objects
        sessions = {name: session_of(person) for name, person in people.items()}
        yield Ground(people, sessions, objects, suppliers["GLOBEX"], drafts, {}, Ledger())


def blank(command: list[str], **_more: Any) -> subprocess.CompletedProcess[bytes]:
    paper = pdf_file([b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [] /Count 0>>"])
    return subprocess.CompletedProcess(command, 0, stdout=paper, stderr=b"")


def begun(people: dict[str, Person], objects: Objects) -> Objects:
    """The same with papers that are begun and not sent yet."""
    asha, rex = people["asha"], people["rex"]
    order = an_agreed_order(asha, "D-ACME", lines=[a_line(10), a_line(20), a_line(30)])
    invoice = a_draft_invoice(order, asha, {"L10": 5}, number="D-1")
    notice = pack(write(begin(order, asha, {"L20": 5}), asha, "D-2"), asha, 1, 5)
    arriving = a_sent_notice(order, asha, {"L30": 5}, number="D-3")
    sheet = count(arriving, rex)
    waiting = a_sent_notice(order, asha, {"L10": 5}, number="D-4")
    del waiting
    return replace(
        objects, order=order, invoice=invoice, notice=notice, sheet=sheet, sheet_line=sheet.lines.get()
    )


@pytest.fixture(autouse=True)
def factors_stay_fresh(settings):
    settings.FRESH_FACTOR_FOR = timedelta(days=1)
    cache.clear()


def looked_at(
    people: dict[str, Person], sessions: dict[str, str], whole: Objects, drafts: Objects
) -> dict[str, list[Sight]]:
    """The forms of all pages, those of one shape once for each side: of whoever may send them."""
    found: dict[str, dict[Any, Sight]] = {}
    may = {
        name_of(door): {who for side in LOOK for who in whoever_may(door, "POST", side, people)}
        for door in DOORS
    }
    papers = tuple(
        page for page in PAGES if name_of(page).startswith(("invoice", "shipment", "receiving", "order"))
    )
    urls = {
        address(page, objects): page
        for objects, pages in ((whole, PAGES), (drafts, papers))
        for page in pages
    }
    for url, page in urls.items():
        for side in LOOK:
            for who in whoever_may(page, "GET", side, people)[:2]:
                answer = signed_in(sessions[who]).get(url)
                if answer.streaming:
                    b"".join(answer.streaming_content)  # a file is closed once it has been sent
                    continue
                if not answer.headers.get("Content-Type", "").startswith("text/html"):
                    continue
                for form in forms_of(answer.content, url):
                    if who not in may.get(form.door, ()):
                        continue
                    found.setdefault(form.door, {}).setdefault((side, *form.shape), Sight(who, form))
    return {door: list(sights.values()) for door, sights in found.items()}


def whoever_may(door: URLPattern, method: str, side: str, people: dict[str, Person]) -> list[str]:
    return [who for who in LOOK[side] if access_of(door).lets_in(people[who].actor, method)]


# --- more than was asked for --------------------------------------------------------------------------------

# What attackers send by habit.
BY_HABIT = frozenset(
    re.findall(
        r"\w+",
        """
    supplier supplier_id owner owner_id user user_id person approved_by approved_at approver role roles company_role
    permissions groups is_staff is_superuser is_active is_admin admin verified is_verified proven email password state
    status price amount total currency key id pk created_at created_by written_by made_by actor impersonator side
    tenant internal paid
    """,
    )
)
MARK = re.compile(r"zq-\w+-zq|2097-03-17|424243|5eed5eed")
VALUES = {
    "role": "administrator",
    "roles": "administrator",
    "company_role": "manager",
    "permissions": "bank.approve",
    "state": "approved",
    "status": "approved",
    "currency": "XTS",
}


def claims(written: Written, form: PageForm, theirs: Supplier, *, who: str, sent: Values) -> Values:
    """Everything that is not the sender's to say: a value for every column of what was written."""
    said: Values = {name: [VALUES.get(name, f"zq-{name}-zq")] for name in BY_HABIT}
    tables = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    for table in sorted({table for table, _verb in written.counts}):
        for field in tables[table]._meta.concrete_fields if table in tables else ():
            for name in {field.name, field.attname}:
                said[name] = [value_for(field, name, theirs)]
    said |= {"supplier": ["GLOBEX"], "supplier_id": [str(theirs.pk)]}
    asked = form.names | set(sent) | set(TAKEN.get(form.door, ()))
    if who in LOOK["company"]:
        asked |= set(TAKEN_OF_US.get(form.door, ()))
    return {name: value for name, value in said.items() if name not in asked}


def value_for(field: models.Field, name: str, theirs: Supplier) -> str:
    """Something that this column could hold, and holds nowhere else."""
    if field.choices:
        return str(list(field.flatchoices)[-1][0])
    if isinstance(field, models.BooleanField):
        return "on"
    if isinstance(field, models.UUIDField):
        return "5eed5eed-0000-4000-8000-000000000000"
    if isinstance(field, models.DateTimeField):
        return "2097-03-17T10:11:12+00:00"
    if isinstance(field, models.DateField):
        return "2097-03-17"
    if isinstance(field, models.ForeignKey):
        return str(theirs.pk) if "supplier" in name else "1"
    if isinstance(field, models.IntegerField | models.DecimalField | models.AutoField):
        return "424243"
    return VALUES.get(name, f"zq-{name}-zq"[: field.max_length or None])


# Money, goods, people and keys on every change; the others, for which every page is looked at first, with EVERYTHING=1.
TRIED = [door for door in DOORS if EVERYTHING or name_of(door) in ALWAYS_STANDING]


@pytest.mark.parametrize("door", TRIED, ids=name_of)
def test_what_a_form_does_not_ask_for_is_written_nowhere(ground, door):
    name, wrong, attacked = name_of(door), [], 0
    if name in STANDING:
        ground = standing(ground, door)
    for who, form, sent, written in reached(ground, door):
        attacked += 1
        more = claims(written, form, ground.stranger, who=who, sent=sent)
        answer, with_more = press(ground, who, form, {**sent, **more})
        if with_more.is_nothing and answer.status_code < 500:
            continue  # refused as a whole
        if answer.status_code == 422 and not with_more.says_a_fact:
            continue  # refused as well, and what was typed is kept for its writer
        places = written.compared(with_more)
        if places:
            _answer, again = press(ground, who, form, sent)
            places -= written.compared(again)
        if marks := set(MARK.findall(with_more.text)) - set(MARK.findall(written.text)):
            places |= {("", mark) for mark in marks}
        if places:
            wrong.append((who, form.page, form.button, sorted(places)))

    assert wrong == [], str(wrong)[:1500]
    assert bool(attacked) != (name in LEFT_OUT), (
        "It writes something by now: take it out of NOT_TRIED."
        if attacked
        else f"It writes nothing: say in FILLED what is typed, or in NOT_TRIED why not. {list(ways(ground, door))[:2]}"
    )


def test_what_is_left_out_is_there():
    known = {name_of(one) for one in DOORS}
    assert LEFT_OUT | set(TAKEN) | set(TAKEN_OF_US) | set(FILLED) | set(STANDING) <= known
    assert LEFT_OUT & set(STANDING) == set()
    counted = re.findall(r"the (\d+) addresses that take one|\. (\d+) are left out", GUARDED.read_text())
    assert [int(each or left) for each, left in counted] == [len(known), len(LEFT_OUT)]
    assert len(ALWAYS_STANDING) == 61


@pytest.mark.parametrize("name", sorted(NOT_TRIED[NOTHING]))
def test_what_takes_nothing_but_its_address_reads_nothing(name):
    (door,) = (one for one in DOORS if name_of(one) == name)
    code = inspect.getsource(inspect.unwrap(door.callback))
    assert re.findall(r"request\.(?:POST|FILES|body)|Form\(", code) == []


def reached(ground: Ground, door: URLPattern) -> Iterator[tuple[str, PageForm, Values, Written]]:
    """Forms to this door that write something, filled in so that they do; a few of each."""
    done: set[Any] = set()
    for who, form, sent in ways(ground, door):
        if len(done) >= MOST_ATTACKED:
            return
        if (who, form) in done:
            continue
        answer, written = press(ground, who, form, sent)
        offered = form.page and form.is_offered
        assert answer.status_code != 403 or not offered, f"{who} is offered it on {form.page} and refused"
        if not written.is_nothing:
            done.add((who, form))
            yield who, form, sent, written


def standing(ground: Ground, door: URLPattern) -> Ground:
    """With the papers as they must be for this door, and its forms as everybody sees them who may send them."""
    name = name_of(door)
    found: dict[Any, Sight] = {}
    for page in STANDING[name](ground.people, ground.objects):
        url, typed = page if isinstance(page, tuple) else (page, None)
        for side in LOOK:
            for who in whoever_may(door, "POST", side, ground.people):
                client = signed_in(ground.sessions[who])
                answer = client.get(url) if typed is None else client.post(url, typed)
                if answer.streaming or not answer.headers.get("Content-Type", "").startswith("text/html"):
                    continue
                for form in forms_of(answer.content, url):
                    if form.door == name:
                        found.setdefault((side, form.url, *form.shape), Sight(who, form))
    return ground._replace(seen={name: list(found.values())}, ledger=Ledger())


def ways(ground: Ground, door: URLPattern) -> Iterator[tuple[str, PageForm, Values]]:
    """The forms that were seen, with as little as must be said, then with all that can be; else the bare address."""
    name = name_of(door)
    typed = {field: said(ground) if callable(said) else said for field, said in FILLED.get(name, {}).items()}
    sights = ground.all_seen().get(name, [])[:MOST_TRIED]
    for wholly in (False, True):
        for who, form in sights:
            yield who, form, form.filled(typed, wholly=wholly)
    for side in LOOK if not sights else ():
        for who in whoever_may(door, "POST", side, ground.people)[:1]:
            for objects in (ground.drafts, ground.objects):
                bare = PageForm(name, address(door, objects), "", ())
                yield who, bare, bare.filled(typed)


def press(ground: Ground, who: str, form: PageForm, sent: Values) -> tuple[Any, Written]:
    """Send it, see what it writes, and take that back."""
    cache.clear()
    client = signed_in(ground.sessions[who])

    def act() -> Any:
        for values in sent.values():
            for file in values:
                if hasattr(file, "seek"):
                    file.seek(0)
        answer = client.post(form.url, sent, headers={"Referer": f"http://testserver{form.page}"})
        if answer.streaming:
            b"".join(answer.streaming_content)  # a file is closed once it has been sent
        return answer

    return ground.ledger.trying(act)


# --- what no column holds -----------------------------------------------------------------------------------

HOSTILE = {
    "thirty digits": "1" + "0" * 30,
    "the last day": "9999-12-31",
    "a hundred thousand letters": "long " * 20_000,
    "what nobody sees": "\u202e-٣\0NaN",
}


@pytest.mark.parametrize("door", some(TRIED), ids=name_of)
def test_no_field_of_a_form_breaks_a_page(ground, door):
    """Whatever is typed into the fields of a form that is otherwise right: there is an answer."""
    if name_of(door) in STANDING:
        ground = standing(ground, door)
    for who, form, sent, _written in islice(reached(ground, door), 1):
        typed = [one.name for one in form.controls if one.is_typed]
        for what, text in HOSTILE.items() if typed else ():
            answer, _ = press(ground, who, form, {**sent, **{name: [text] for name in typed}})
            assert answer.status_code < 500, (who, form.page, what)
