"""Account numbers: shown to one person for a reason, sealed, counted, and turned with the keys."""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid, NotAllowed
from portal.kernel.scope import acting
from portal.kernel.sealing import SealingKey, Unreadable, unseal_bytes
from suppliers.banking.models import BankNumber, BankProof
from suppliers.banking.queries import OFFICE, open_number
from suppliers.banking.services import (
    NeedsFactor,
    open_proof,
    papers_of_old_keys,
    seal_anew,
    seal_paper_anew,
    show_number,
    take_due_effect,
)
from suppliers.banking.services.guards import NotYou
from tests.builders.bank import OLD_IBAN, PAPER, WHY, again, all_said, ask, factor, in_office, wanted

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_number_is_shown_to_one_person_for_a_reason_that_the_supplier_reads(people, acme, account, now):

    def show(reason=WHY, given=True, name="otto"):
        actor = people[name].actor
        with acting(actor):
            return show_number(
                account, reason, actor=actor, factor=factor(people[name], now) if given else None, at=now
            )

    with pytest.raises(NeedsFactor):
        show(given=False)
    with pytest.raises(Invalid):
        show("x")
    for name in ("asha", "bea", "ada"):
        with pytest.raises(NotAllowed):
            show(name=name)
    shown = show()
    assert shown.number == OLD_IBAN
    assert OLD_IBAN not in repr(shown)
    with acting(people["asha"].actor):
        seen = AuditEvent.objects.visible_to(people["asha"].actor).get(kind="bank.number_shown")
    assert (seen.actor_label, seen.internal) == ("Otto Payer", False)
    for _ in range(29):
        show()
    with pytest.raises(NotYou, match="as many numbers"):
        show()


def test_the_paper_of_a_bank_is_sealed_counted_and_turned_with_the_keys(people, acme, now, settings):
    change = ask(wanted(acme), people["asha"], now)
    proof = in_office(lambda: BankProof.objects.get(change=change))
    assert PAPER.content not in bytes(proof.content)
    otto = people["otto"]

    def opened(shown=True):
        with acting(otto.actor):
            given = factor(otto, now) if shown else None
            return open_proof(proof, actor=otto.actor, factor=given, at=now)

    with pytest.raises(NeedsFactor):
        opened(shown=False)
    assert opened() == PAPER.content
    with acting(people["asha"].actor):
        seen = AuditEvent.objects.visible_to(people["asha"].actor).get(kind="bank.proof_shown")
    assert (seen.actor_label, seen.facts) == (
        "Otto Payer",
        {"account": "DE •••• 9890", "file": "confirmation.pdf"},
    )
    for _ in range(29):
        opened()
    with pytest.raises(NotYou, match="as many numbers"):
        opened()

    old = settings.BANK_KEYS
    settings.BANK_KEYS = (SealingKey.of("TmV3IGtleSBvZiAyMDI3OiBhYmNkZWZnaGlqa2xtbm8="), *old)
    assert in_office(papers_of_old_keys) == [proof.pk]
    in_office(lambda: seal_paper_anew(proof.pk))
    assert in_office(papers_of_old_keys) == []
    settings.BANK_KEYS = settings.BANK_KEYS[:1]
    with acting(people["asha"].actor):
        actor = people["asha"].actor
        assert open_proof(proof, actor=actor, factor=factor(people["asha"], now), at=now) == PAPER.content
    with acting(OFFICE):
        other = BankProof.objects.exclude(pk=proof.pk).first() or proof
        other.key = uuid.uuid4()  # moved to another row it opens nowhere
        with pytest.raises(Unreadable):
            unseal_bytes(bytes(other.content), other.place, settings.BANK_KEYS)


def test_a_number_stands_in_the_clear_nowhere(people, acme, account, now):
    ask(wanted(acme, account=account.key), people["asha"], now)

    with acting(OFFICE), connection.cursor() as cursor:
        tables = ["kernel_auditevent", "kernel_outboxmessage", "kernel_seenrequest"]
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'suppliers_bank%'")
        for table in [*tables, *(row[0] for row in cursor.fetchall())]:
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%0532013000%%'")
            assert cursor.fetchone()[0] == 0, table


def test_keys_are_turned_and_what_was_sealed_is_found_and_opened_all_the_same(
    people, acme, account, now, settings
):
    old = settings.BANK_KEYS
    settings.BANK_KEYS = (SealingKey.of("TmV3IGtleSBvZiAyMDI3OiBhYmNkZWZnaGlqa2xtbm8="), *old)
    with pytest.raises(Invalid, match="on record"):
        ask(wanted(acme, OLD_IBAN), people["asha"], now)
    with acting(OFFICE):
        assert seal_anew() == (1, [])
        assert seal_anew() == (0, [])
        settings.BANK_KEYS = settings.BANK_KEYS[:1]
        assert open_number(BankNumber.objects.get(pk=account.number_id)) == (OLD_IBAN, "")
    with pytest.raises(Invalid, match="on record"):
        ask(wanted(acme, OLD_IBAN), people["asha"], now)


def test_a_number_that_no_key_opens_holds_up_no_other_and_is_named(people, acme, account, now, settings):
    with acting(OFFICE):
        lost = BankNumber.objects.create(supplier=acme, sealed="gone.xxxx", trace="t")
        BankNumber.objects.filter(pk=lost.pk).update(id=0)  # the first one it comes to
    settings.BANK_KEYS = (SealingKey.of("TmV3IGtleSBvZiAyMDI3OiBhYmNkZWZnaGlqa2xtbm8="), *settings.BANK_KEYS)
    said = StringIO()
    with pytest.raises(CommandError, match=r"1 account numbers cannot be read .*id 0\)"):
        call_command("seal_bank_numbers", stdout=said)
    assert said.getvalue() == "2 sealed anew.\n"  # a number, and the paper of its change
    assert in_office(lambda: BankNumber.objects.get(pk=account.number_id).sealed).startswith(
        settings.BANK_KEYS[0].mark
    )


def test_a_worker_with_other_keys_ends_no_change_it_stays_until_the_keys_are_right(
    people, acme, now, settings
):
    waiting = all_said(ask(wanted(acme), people["asha"], now), people, now)
    right = settings.BANK_KEYS
    settings.BANK_KEYS = (SealingKey.of("TmV3IGtleSBvZiAyMDI3OiBhYmNkZWZnaGlqa2xtbm8="),)
    assert take_due_effect(waiting.waits_until) == 0
    assert (again(waiting).state, again(waiting).round) == ("waiting", 1)
    settings.BANK_KEYS = right
    assert take_due_effect(waiting.waits_until) == 1
