"""Two press “invite all”, invite one sheet, or chase the same; one approves what another takes back: real threads."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from suppliers.messages import SupplierPaper
from suppliers.models import Invitation, Supplier
from suppliers.onboarding.messages import InviteSuppliers, MarkSuppliers, Step, Target, WriteTemplate
from suppliers.onboarding.models import OnboardingChase, OnboardingRun
from suppliers.onboarding.services import (
    approve_onboarding,
    hand_in,
    invite_by_sheet,
    invite_suppliers,
    keep_sheet,
    mark_suppliers,
    send_chase,
    withdraw_onboarding,
    write_template,
)
from suppliers.registration.models import SupplierRequest
from suppliers.registration.services import approve_request
from suppliers.screening.messages import Listed
from suppliers.screening.models import ScreeningHit
from suppliers.screening.queries import SCREENER
from suppliers.screening.services import load_list, screen_suppliers
from suppliers.services import receive_suppliers
from tests.concurrency.at_once import at_once, kinds
from tests.concurrency.test_two_manage_people import inside
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root(people):
    with acting(FEED):
        receive_suppliers(
            [
                SupplierPaper(f"B{n}", f"B{n}", "DE", "EUR", "en", "UTC", "core", f"b{n}@b.example")
                for n in range(50)
            ]
        )
    return people["root"].actor


def test_two_press_invite_all_and_each_is_invited_once(root):
    there = InviteSuppliers(tuple(Target(f"B{n}") for n in range(50)))
    back = InviteSuppliers(tuple(reversed(there.targets)))

    came = at_once(inside(root, invite_suppliers, there), inside(root, invite_suppliers, back))

    assert sum(len(one.runs) for one in came) == 50
    assert sum(len(one.problems) for one in came) == 50
    with acting(FEED):
        assert (OnboardingRun.objects.count(), Invitation.objects.count()) == (50, 50)


def test_a_sheet_pressed_twice_invites_once(root):
    with acting(root):
        sheet = keep_sheet("s.csv", [Target("B1"), Target("B2")], actor=root, at=timezone.now())

    came = at_once(*[inside(root, invite_by_sheet, sheet.key)] * 2)

    assert [one.invited for one in came] == [2, 2]
    with acting(FEED):
        assert Invitation.objects.count() == 2


def test_two_chase_the_same_suppliers_by_the_same_press_or_another_and_each_is_mailed_once(root):
    at = timezone.now()
    there = InviteSuppliers(tuple(Target(f"B{n}") for n in range(50)))
    with acting(root):
        keys = tuple(one.key for one in invite_suppliers(there, actor=root, at=at - timedelta(days=5)).runs)
        mine, yours = (
            mark_suppliers(MarkSuppliers(order), actor=root, at=at) for order in (keys, keys[::-1])
        )

    pressed = [(mine.key, "Mine."), (mine.key, "Mine, again."), (yours.key, "Yours.")]
    came = at_once(*(inside(root, send_chase, key, words) for key, words in pressed))

    assert came[0].words == came[1].words
    with acting(FEED):
        told = [set(one.told.values()) for one in OnboardingChase.objects.order_by("id")]
        assert sorted(map(sorted, told)) == [[""], ["recent"]]
        assert AuditEvent.objects.filter(kind="invitation.resent").count() == 50


def test_one_approves_what_another_takes_back_and_one_of_the_two_counts(people, root):
    asha, at = people["asha"].actor, timezone.now()
    with acting(root):
        write_template(
            WriteTemplate("all", "All", (Step("preferences", compulsory=False),)), actor=root, at=at
        )
        (run,) = invite_suppliers(InviteSuppliers((Target("ACME"),)), actor=root, at=at).runs
    with acting(asha):
        version = hand_in(run.key, actor=asha, at=at).version

    came = kinds(
        at_once(
            inside(root, approve_onboarding, run.key, version),
            inside(root, withdraw_onboarding, run.key, version, "Not any more."),
        )
    )

    assert came == Counter({"OnboardingRun": 1, "StaleDocument": 1})


def test_two_approve_one_request_and_one_supplier_comes_of_it(root):
    at = timezone.now()
    with acting(FEED):
        asked = SupplierRequest.objects.create(
            address="nora@new.example",
            state="received",
            company="New",
            country="DE",
            asked_at=at,
            mailed_at=at,
        )

    came = at_once(
        *(inside(root, approve_request, asked.key, asked.version, number) for number in ("901", "902"))
    )

    assert kinds(came) == Counter({"SupplierRequest": 1, "StaleDocument": 1})
    with acting(FEED):
        assert Supplier.objects.filter(number__in=["901", "902"]).count() == 1
        assert Invitation.objects.count() == 1


def test_two_workers_who_screen_find_each_hit_once(root):
    def screen():
        with acting(SCREENER):
            return screen_suppliers(at=timezone.now())

    with acting(SCREENER):
        load_list("own", [Listed("1", ("B1",))], b"1", actor=SCREENER, at=timezone.now())

    came = at_once(screen, screen)

    assert max(came) == 52
    with acting(FEED):
        assert ScreeningHit.objects.count() == 1
