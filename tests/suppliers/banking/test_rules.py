"""What can be an account, how long a change waits, who may say what; and how a number is sealed. No database."""

import base64
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.sealing import SealingKey, Unreadable, seal, trace, traces, unseal
from suppliers.banking.engine import bare, names_differ, read_account
from suppliers.banking.messages import AccountTyped, FreshFactor, KnownContact, Signal, Told
from suppliers.banking.policies import (
    RISKS,
    is_fresh,
    is_old_enough,
    proof_name,
    proof_problem,
    proof_type,
    told_at,
    wait_hours,
    who_is_called,
    who_is_told,
    why_not_approve,
    why_not_call,
)

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
DE = AccountTyped("EUR", "DE", "Acme Valves", "DE89 3704 0044 0532 0130 00")


def codes(**changed):
    """Which fields are wrong, and how."""
    account, problems = read_account(replace(DE, **changed))
    assert (account is None) == bool(problems)
    return {(one.field, one.code) for one in problems}


GOOD = [
    ("DE", "DE89370400440532013000", "", "", "Commerzbank", "COBADEFFXXX"),
    ("GB", "GB33 BUKB 2020 1555 5555 55", "", "", "BARCLAYS BANK UK PLC", "BUKBGB22"),
    ("NL", "nl91-abna-0417-1643-00", "", "ABNANL2A", "ABN AMRO BANK N.V.", "ABNANL2A"),
    ("US", "000123456789", "021000021", "", "", ""),
    ("CA", "1234567", "00011-003", "", "", ""),
    ("AU", "12345678", "062-000", "", "", ""),
    ("IN", "123456789012", "HDFC0001234", "", "", ""),
    ("MX", "032180000118359719", "", "", "", ""),
    ("NZ", "12-3140-0171323-50", "", "", "", ""),
]


@pytest.mark.parametrize(
    ("country", "number", "routing", "bic", "bank", "told"), GOOD, ids=[g[0] for g in GOOD]
)
def test_accounts_of_the_world_are_taken(country, number, routing, bic, bank, told):
    account, problems = read_account(AccountTyped("EUR", country, "Acme", number, routing, bic))

    assert problems == []
    assert account is not None
    assert account.number == bare(number)
    assert account.shown == bare(number)[-4:]
    assert (account.bank_name, account.bic) == (bank, told)
    assert bare(number) not in repr(account)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"number": ""}, {("number", "required")}),
        ({"number": "DE89370400440532013001"}, {("number", "check_digits")}),
        ({"number": "DE8937040044053201300"}, {("number", "length")}),
        ({"number": "DE89370400440532013000", "country": "FR"}, {("number", "other_country")}),
        ({"number": "532013000"}, {("number", "not_an_iban")}),
        ({"number": "DE89370400440532013000", "routing": "37040044"}, {("routing", "not_wanted")}),
        ({"number": "DЕ89370400440532013000"}, {("number", "not_plain")}),  # a Cyrillic Е
        ({"bic": "COBAFRPP"}, {("bic", "other_country")}),
        ({"bic": "COBA"}, {("bic", "structure")}),
        ({"holder": " "}, {("holder", "required")}),
        ({"holder": "x" * 141}, {("holder", "too_long")}),
        ({"currency": "EURO"}, {("currency", "unknown")}),
        ({"country": "Germany"}, {("country", "unknown")}),
        ({"country": "US", "number": "123456789", "routing": "021000022"}, {("routing", "check_digits")}),
        ({"country": "US", "number": "123456789"}, {("routing", "required")}),
        ({"country": "US", "number": "000000000", "routing": "021000021"}, {("number", "structure")}),
        ({"country": "US"}, {("country", "other_country")}),  # an IBAN of elsewhere hides in no other country
        ({"country": "MX", "number": "032180000118359718"}, {("number", "structure")}),
        ({"country": "CN", "number": "6222020200112345", "routing": "102100099996"}, {("bic", "required")}),
    ],
)
def test_what_cannot_be_an_account_is_refused_and_there_is_no_way_around(changed, wrong):
    assert codes(**changed) == wrong


def test_national_check_digits_that_do_not_fit_are_a_risk_and_no_refusal():
    account, _problems = read_account(replace(DE, number="DE44500105175407324931"))
    assert account is not None
    assert not account.digits_fit


def test_no_refusal_says_a_number_back():
    for number in ("DE89370400440532013001", "not an account 4711"):
        _account, problems = read_account(replace(DE, number=number))
        assert all(bare(number)[-4:] not in f"{one.message}{one.value}" for one in problems)


@given(st.text(max_size=60), st.sampled_from(["DE", "US", "CN", "XX", "", "ÄÖ"]))
def test_whatever_is_typed_gets_an_answer_and_reading_it_twice_says_the_same(text, country):
    account, problems = read_account(AccountTyped("EUR", country, "Acme", text))

    assert (account is None) == bool(problems)
    assert bare(bare(text)) == bare(text)


def test_holders_that_have_nothing_in_common_with_their_supplier():
    assert names_differ("Mule Trading Ltd", "Acme Valves Ltd")
    assert not names_differ("ACME Válves GmbH", "Acme Valves")
    assert not names_differ("Müller AG", "Muller Werke")


def test_risks_add_up_once_each_and_end_somewhere():
    assert wait_hours([], usual=72, most=336) == 72
    assert (
        wait_hours([Signal("new_person"), Signal("new_device"), Signal("new_person")], usual=72, most=336)
        == 144
    )
    assert wait_hours([Signal(kind) for kind in RISKS], usual=72, most=336) == 336


@pytest.mark.parametrize(
    ("user", "age", "fresh"),
    [(1, 0, True), (1, 14, True), (1, 16, False), (1, -1, False), (2, 1, False), (None, 1, False)],
)
def test_a_factor_is_this_persons_own_and_a_moment_old(user, age, fresh):
    within = timedelta(minutes=15)
    assert is_fresh(FreshFactor(1, AT - timedelta(minutes=age)), user, AT, within=within) is fresh
    assert not is_fresh(None, 1, AT, within=within)


def test_who_is_not_one_of_the_two():
    said = {"requester": 1, "approvers": [2], "callers": [2, 3]}
    assert "You requested" in why_not_approve(1, **said)
    assert "You have approved it" in why_not_approve(2, **said)
    assert "called the contact back" in why_not_approve(3, **said)
    assert why_not_approve(4, **said) == ""
    assert "You wrote this account down" in why_not_approve(4, proposer=4, **said)
    assert why_not_approve(3, requester=1, approvers=[4], callers=[3]) == ""


def contact(**changed):
    values = {"ref": "person:1", "name": "Asha", "address": "asha@acme.example", "telephone": ""}
    return KnownContact(**{**values, "since_at": AT - timedelta(days=20), "until_at": None, **changed})


def test_contacts_made_for_a_request_prove_nothing_and_former_ones_are_told():
    assert is_old_enough(contact(), requested_at=AT, days=14)
    assert not is_old_enough(contact(since_at=AT - timedelta(days=14)), requested_at=AT, days=14)
    assert not is_old_enough(contact(since_at=AT), requested_at=AT, days=0)
    told = who_is_told(
        [
            contact(),
            contact(address="ASHA@acme.example"),
            contact(address="gone@acme.example", until_at=AT - timedelta(days=89)),
            contact(address="long-gone@acme.example", until_at=AT - timedelta(days=91)),
        ],
        at=AT,
        former_days=90,
    )
    assert [one.address for one in told] == ["asha@acme.example", "gone@acme.example"]


def test_papers_are_what_their_names_say():
    assert proof_type("a.PDF", b"%PDF-1.7") == "application/pdf"
    assert proof_problem("a.pdf", b"MZ\x90") != ""
    assert proof_problem("a.svg", b"<svg onload=alert(1)>") != ""
    assert proof_problem("a.pdf", b"") != ""
    assert proof_problem("a.pdf", b"%PDF-" + b"0" * 10 * 2**20) != ""
    assert proof_name("..\\..\\etc/\u202egnp.pdf") == "gnp.pdf"


KEYS = [SealingKey.of(base64.b64encode(os.urandom(32)).decode()) for _ in range(2)]


def test_a_number_opens_in_its_own_place_with_any_of_our_keys_and_nowhere_else():
    old = seal("DE89/", "bank:1:a", KEYS[1:])
    new = seal("DE89/", "bank:1:a", KEYS)

    assert unseal(old, "bank:1:a", KEYS) == unseal(new, "bank:1:a", KEYS) == "DE89/"
    assert seal("DE89/", "bank:1:a", KEYS) != new  # a nonce of its own
    assert "DE89" not in new
    for sealed, place, keys in (
        (new, "bank:1:b", KEYS),
        (new, "bank:1:a", KEYS[1:]),
        (new[:-4], "bank:1:a", KEYS),
    ):
        with pytest.raises(Unreadable):
            unseal(sealed, place, keys)


def test_traces_find_equal_numbers_under_every_key():
    assert trace("DE89", KEYS) == trace("DE89", KEYS) != trace("DE90", KEYS)
    assert traces("DE89", KEYS) == [trace("DE89", KEYS), trace("DE89", KEYS[1:])]


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(b"a" * 32).decode(), "%%%%"])
def test_weak_keys_are_no_keys(text):
    with pytest.raises(ValueError, match=r"base64|random"):
        SealingKey.of(text)


def test_when_everybody_was_told():
    def notice(state, hours=None, address="sales@acme.example", waived=False):
        return Told(address, state, AT + timedelta(hours=hours) if hours is not None else None, waived)

    own = ["Asha@Acme.example", "asha@elsewhere.example"]
    assert told_at([notice("sent", 1), notice("sent", 3)], own=own) == AT + timedelta(hours=3)
    assert told_at([notice("sent", 1), notice("failed", waived=True)], own=own) == AT + timedelta(hours=1)
    for told in (
        [],
        [notice("sent", 1), notice("queued")],
        [notice("sent", 1), notice("failed")],
        [notice("failed", waived=True)],
        [notice("sent", 1, "asha@acme.example")],
        [notice("sent", 1, "asha@acme.example"), notice("sent", 1, "asha@elsewhere.example")],
    ):
        assert told_at(told, own=own) is None


def test_who_is_called_back_and_under_which_number():
    def known(ref, days, address="sales@acme.example", telephone="", until=None):
        ended = AT - timedelta(days=until) if until is not None else None
        return KnownContact(ref, ref, address, telephone, AT - timedelta(days=days), ended)

    def called(*contacts, own=()):
        found = who_is_called(contacts, requested_at=AT, days=14, former_days=90, own=own)
        return [(one.ref, one.telephone) for one in found]

    old, new = known("person:1", 400), known("person:2", 13, "mule@acme.example")
    assert called(old, new) == [("person:1", "")]
    assert called(new) == [("person:2", "")]  # nobody is older: a risk
    assert called(known("person:3", -1)) == []
    # A number that came with the fraud is none; the one before it is, for a while.
    before = known("contact:1", 400, "Sales@acme.example", "+49 30 5550100", until=3)
    after = known("contact:2", 3, "sales@acme.example", "+44 20 5550199")
    assert called(old, before, after) == [("person:1", "+49 30 5550100"), ("contact:1", "+49 30 5550100")]
    # Who asks is not called, and is old all the same: whoever was added a minute ago does not take their place.
    mine = {"sales@acme.example"}
    assert called(old, new, own=mine) == []
    assert called(known("person:4", 13), new, own=mine) == [("person:2", "")]  # a new supplier
    patient = known("contact:6", 16, "sales@acme.example", "+44 20 5550199")
    replaced = replace(before, until_at=AT - timedelta(days=16))
    assert called(replaced, old, patient) == [
        ("contact:1", "+49 30 5550100"),
        ("person:1", "+49 30 5550100"),
        ("contact:6", "+44 20 5550199"),
    ]
    assert called(known("contact:3", 400, "", "+49 1", until=91)) == []
    assert called(known("contact:4", 400, "", "+49 1"), known("contact:5", 400, "", "+49 2")) == [
        ("contact:4", "+49 1"),
        ("contact:5", "+49 2"),
    ]


@pytest.mark.parametrize(
    ("approvers", "callers", "may"),
    [([], [2], True), ([1], [], True), ([1, 2], [3], True), ([1, 2], [2], False), ([2], [2], True)],
)
def test_who_approved_calls_only_where_the_other_approver_has_not(approvers, callers, may):
    assert (why_not_call(1, approvers=approvers, callers=callers) == "") is may
