"""What suppliers and our administrator are mailed about an onboarding, and when it stops."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper
from suppliers.models import Invitation, Supplier, User
from suppliers.onboarding.messages import InviteSuppliers, MarkSuppliers, Step, Target, WriteTemplate
from suppliers.onboarding.models import OnboardingChase, OnboardingRun
from suppliers.onboarding.services import (
    hand_back,
    hand_in,
    invite_suppliers,
    mark_suppliers,
    remind,
    send_chase,
    set_first_order,
    write_template,
)
from suppliers.screening.messages import Listed
from suppliers.screening.queries import SCREENER
from suppliers.screening.services import load_list, screen_suppliers
from suppliers.services import receive_suppliers
from tests.builders.notices import mailed, react
from tests.builders.world import a_paper, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

ASHA = "Asha Acme <asha@supplier.example>"


def do(actor, verb, *args, at=None, **more):
    with acting(actor):
        return verb(*args, actor=actor, at=at or timezone.now(), **more)


@pytest.fixture
def root(people):
    kraft = SupplierPaper("100", "Kraft", "DE", "EUR", "en", "Europe/Berlin", "core", "office@kraft.example")
    with acting(FEED):
        receive_suppliers([kraft])
    actor = people["root"].actor
    do(actor, write_template, WriteTemplate("all", "All", (Step("company"),)))
    return actor


def letters():
    """Who got which mail, by subject."""
    return sorted((one.to[0], one.subject) for one in mailed())


def test_who_does_nothing_is_reminded_on_three_days_and_then_no_more(root):
    now = timezone.now()
    do(root, invite_suppliers, InviteSuppliers((Target("ACME"), Target("100"))), at=now)
    (to_asha, to_kraft) = sorted(mailed(), key=lambda one: one.to)
    assert (to_asha.to, to_asha.subject) == ([ASHA], "We ask you for a few things about Acme Valves")
    assert "/getting-started/" in to_asha.body
    assert to_kraft.to == ["office@kraft.example"]
    assert "/join/" in to_kraft.body
    with acting(FEED):
        OnboardingRun.objects.update(remind_at=now)
        Invitation.objects.update(sent_at=now - timedelta(days=3))
        assert remind(at=timezone.now()) == 2
    assert [(who, subject.startswith("A few steps")) for who, subject in letters()] == [
        (ASHA, True),
        ("office@kraft.example", False),
    ]
    with acting(FEED):
        OnboardingRun.objects.update(remind_at=now + timedelta(days=3), reminders=0)
        told = [(day, remind(at=now + timedelta(days=day, minutes=5))) for day in range(30)]
    assert [one for one in told if one[1]] == [(day, 2) for day in (3, 7, 14)]


def test_whoever_is_to_act_is_told_and_not_of_what_is_over(people, root):
    do(root, write_template, WriteTemplate("all", "All", (Step("preferences", compulsory=False),)))
    do(root, invite_suppliers, InviteSuppliers((Target("ACME"),)))
    letters()
    asha = people["asha"].actor
    with acting(FEED):
        key = OnboardingRun.objects.get(supplier=Supplier.objects.get(number="ACME")).key
    do(asha, hand_in, key)
    assert letters() == [("Root Admin <root@northmoor.example>", "Acme Valves has handed in its onboarding")]
    do(root, hand_back, key, None, "Once more, please.")
    do(asha, hand_in, key)
    do(root, hand_back, key, None, "Once more, please.")
    (letter, *more) = mailed()
    assert (letter.to, "Once more, please." in letter.body, more) == ([ASHA], True, [])


def test_a_hit_of_the_screening_is_told_to_our_administrators_and_no_supplier(root):
    with acting(SCREENER):
        load_list("own", [Listed("9", ("Acme Valves",))], b"1", actor=SCREENER, at=timezone.now())
        screen_suppliers(at=timezone.now())
    (letter,) = mailed()
    assert (letter.to, letter.subject) == (
        ["Root Admin <root@northmoor.example>"],
        "Acme Valves is called like somebody on a list of sanctioned parties",
    )
    assert "/screening/" in letter.body


def test_a_first_order_invites_its_supplier_once(root):
    with acting(root):
        set_first_order("NM", is_on=True, actor=root, at=timezone.now())
    for number in ("4500001", "4500002"):
        receive(a_paper(number, supplier="100"))
        mailed()
    with acting(FEED):
        (run,) = OnboardingRun.objects.select_related("supplier")
    assert (run.supplier.number, run.how, run.invitation_id is not None) == ("100", "first_order", True)


def everybody_long_ago(root, at):
    """All onboardings there are, begun five days before, and marked now."""
    with acting(FEED):
        OnboardingRun.objects.update(invited_at=at - timedelta(days=5))
        Invitation.objects.update(sent_at=at - timedelta(days=5))
        keys = tuple(OnboardingRun.objects.values_list("key", flat=True))
    return do(root, mark_suppliers, MarkSuppliers(keys), at=at)


def test_who_is_chased_reads_the_sentence_and_who_wrote_it(root):
    do(root, invite_suppliers, InviteSuppliers((Target("ACME"), Target("100"))))
    letters()
    chase = everybody_long_ago(root, timezone.now())
    do(root, send_chase, chase.key, "We would like to pay you.")

    came = {one.to[0]: one for one in mailed()}
    assert sorted(came) == [ASHA, "office@kraft.example"]
    for letter in came.values():
        assert "Root Admin: We would like to pay you." in " ".join(letter.body.split())
    assert came[ASHA].subject == "A few steps are open still for Acme Valves"
    assert came["office@kraft.example"].subject == "You are invited to act for Kraft"


def test_many_are_chased_by_a_worker_in_the_name_of_who_pressed_as_long_as_that_person_may(people, root):
    papers = [
        SupplierPaper(f"W{n}", f"W {n}", "DE", "EUR", "en", "UTC", "core", f"w{n}@w.example")
        for n in range(101)
    ]
    with acting(FEED):
        receive_suppliers(papers)
    do(root, invite_suppliers, InviteSuppliers(tuple(Target(one.number) for one in papers)))
    letters()
    at = timezone.now()
    chases = [everybody_long_ago(root, at) for _each in range(2)]

    do(root, send_chase, chases[0].key, "")
    become(people["root"], "auditor")
    react()
    become(people["root"], "administrator")
    do(root, send_chase, chases[1].key, "")
    with acting(FEED):
        assert OnboardingChase.objects.get(pk=chases[1].pk).done_at is None
    react()

    with acting(FEED):
        first, second = OnboardingChase.objects.order_by("id")
        facts = AuditEvent.objects.filter(kind="invitation.resent")
        by = set(facts.values_list("actor_label", "actor_user_id"))
    assert (set(first.told.values()), first.reached) == ({"not_allowed"}, 0)
    assert (set(second.told.values()), second.reached) == ({""}, 101)
    assert by == {("Root Admin", people["root"].user.pk)}
    assert len(letters()) == 101


def become(person, role):
    with acting(FEED):
        User.objects.filter(pk=person.user.pk).update(company_role=role)
