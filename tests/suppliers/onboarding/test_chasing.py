"""Chasing those that are stuck, many at once: who is written to, why each other is not, and never twice in a day."""

from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Invalid, NotAllowed, NotFound
from portal.kernel.scope import acting
from procurement.notifications.models import NoticeMail, NoticePreference
from suppliers.messages import SupplierPaper
from suppliers.models import Invitation, Membership, Supplier, User
from suppliers.onboarding.messages import (
    ExcludeSuppliers,
    InviteSuppliers,
    MarkSuppliers,
    Step,
    Target,
    WriteTemplate,
)
from suppliers.onboarding.models import OnboardingChase, OnboardingRun
from suppliers.onboarding.queries import DESK, quiet_since
from suppliers.onboarding.services import (
    carry_out_chases,
    exclude_suppliers,
    forget_chases,
    hand_in,
    invite_suppliers,
    look_at_chase,
    mark_suppliers,
    reassign_onboarding,
    remind,
    resend_onboarding,
    send_chase,
    withdraw_onboarding,
    write_template,
)
from suppliers.people.services import expire_invitations
from suppliers.services import receive_suppliers
from tests.database import made_once
from tests.people import FEED, make_people

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    from tests.builders.world import make_world

    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            made = make_people(suppliers)
            names = ("Alt", "Bär", "Chor", "Dorn", "Elf", "Funk")
            receive_suppliers(
                [
                    SupplierPaper(f"{n}00", name, "DE", "EUR", "en", "UTC", "core", f"office@{n}.example")
                    for n, name in enumerate(names, start=1)
                ]
            )
        yield made


@pytest.fixture
def people(once, db):
    return once


@pytest.fixture
def root(people):
    return people["root"].actor


@pytest.fixture
def now():
    return timezone.now()


def do(actor, verb, *args, at, **more):
    with acting(actor):
        return verb(*args, actor=actor, at=at, **more)


def invite(actor, *numbers, at):
    return do(actor, invite_suppliers, InviteSuppliers(tuple(Target(one) for one in numbers)), at=at)


def run_of(number):
    with acting(FEED):
        return OnboardingRun.objects.select_related("supplier", "invitation").get(supplier__number=number)


def marked(actor, *numbers, at, what="remind"):
    command = MarkSuppliers(tuple(run_of(one).key for one in numbers), what)
    return do(actor, mark_suppliers, command, at=at)


def seen(chase, actor, at):
    """To whom a mail would go by the supplier's number, or why none."""
    return {one.run.supplier.number: one.why or one.to for one in do(actor, look_at_chase, chase, at=at)}


def sent(chase, actor, at, words=""):
    return do(actor, send_chase, chase.key, words, at=at)


def told(chase):
    """What came of it, by the supplier's number."""
    with acting(FEED):
        chase.refresh_from_db()
        rows = OnboardingRun.objects.filter(pk__in=chase.told)
        return {number: chase.told[str(pk)] for pk, number in rows.values_list("pk", "supplier__number")}


def facts(kind):
    with acting(FEED):
        return list(AuditEvent.objects.filter(kind=kind).order_by("id"))


def test_of_each_that_is_marked_one_reads_who_gets_a_mail_or_why_nobody(people, root, now):
    invite(root, "ACME", *(f"{n}00" for n in range(1, 7)), at=now - 5 * DAY)
    do(root, withdraw_onboarding, run_of("100").key, None, "A mistake.", at=now - DAY)
    do(root, exclude_suppliers, ExcludeSuppliers(("200",), "edi_only"), at=now)
    with acting(FEED):
        Supplier.objects.filter(number="300").update(state="blocked")
        Supplier.objects.filter(number="400").update(channel="mail")
        OnboardingRun.objects.filter(supplier__number="500").update(invitation=None, address="")
    chase = marked(root, "ACME", *(f"{n}00" for n in range(1, 7)), at=now)

    # Of Acme only Asha keeps the company's data.
    assert seen(chase, root, now) == {
        "ACME": ("asha@supplier.example",),
        "100": "over",
        "200": "excluded",
        "300": "blocked",
        "400": "mail_only",
        "500": "no_address",
        "600": ("office@6.example",),
    }
    again = marked(root, "ACME", "400", "600", at=now, what="invitation")
    assert seen(again, root, now) == {
        "ACME": "here",
        "400": ("office@4.example",),
        "600": ("office@6.example",),
    }
    with acting(FEED):
        assert (OnboardingRun.objects.filter(reminders__gt=0).count(), outbox.outbox) == (0, [])


def test_they_are_written_to_once_however_often_one_presses(people, root, now):
    invite(root, "ACME", "100", at=now - 5 * DAY)
    chase = marked(root, "ACME", "100", at=now)

    first = sent(chase, root, now, " We would like to pay you. ")
    second = sent(chase, root, now + timedelta(seconds=1), "Something else.")

    assert (first.words, second.words, second.done_at) == (
        "We would like to pay you.",
        "We would like to pay you.",
        now,
    )
    assert told(chase) == {"ACME": "", "100": ""}
    (reminded,) = facts("onboarding.reminded")
    (resent,) = facts("invitation.resent")
    assert [one.facts["words"] for one in (reminded, resent)] == ["We would like to pay you."] * 2
    assert [(one.actor_label, one.internal) for one in (reminded, resent)] == [("Root Admin", False)] * 2
    assert [one.facts["marked"] for one in facts("onboarding_chase.sent")] == [2]
    assert [(run_of(one).reminders, run_of(one).reminded_at) for one in ("ACME", "100")] == [(1, now)] * 2
    # Marked anew a moment later, or by another administrator, nobody is written to again; a day later they are.
    assert seen(marked(root, "ACME", "100", at=now), root, now + DAY - timedelta(seconds=1)) == {
        "ACME": "recent",
        "100": "recent",
    }
    assert set(seen(marked(root, "ACME", "100", at=now), root, now + DAY)) == {"ACME", "100"}


def test_who_finishes_or_is_reminded_after_one_has_looked_is_left_alone(people, root, now):
    step = Step("preferences", compulsory=False)
    do(root, write_template, WriteTemplate("all", "All", (step, Step("company"))), at=now - 6 * DAY)
    invite(root, "ACME", "GLOBEX", "100", "200", at=now - 5 * DAY)
    chase = marked(root, "ACME", "GLOBEX", "100", "200", at=now)
    assert "recent" not in seen(chase, root, now).values()

    do(root, write_template, WriteTemplate("all", "All", (step,)), at=now)  # nothing compulsory any more
    do(people["gil"].actor, hand_in, run_of("GLOBEX").key, at=now)
    do(root, resend_onboarding, run_of("100").key, at=now)
    join(run_of("200"))
    chase = sent(chase, root, now)

    assert told(chase) == {"ACME": "finished", "GLOBEX": "with_us", "100": "recent", "200": "finished"}
    assert (chase.reached, facts("onboarding.reminded")) == (0, [])


def join(run):
    """Somebody of a supplier has accepted, and the clock has not seen it yet."""
    with acting(FEED):
        user = User.objects.create_user(f"kim@{run.supplier.number}.example", name="Kim")
        Membership.objects.create(user=user, supplier=run.supplier, role="administrator")
        Invitation.objects.filter(pk=run.invitation_id).update(state="accepted", accepted_by=user)


def test_whoever_has_come_a_moment_ago_is_reminded_of_the_steps_and_is_under_way(people, root, now):
    invite(root, "100", at=now - 5 * DAY)
    join(run_of("100"))

    chase = sent(marked(root, "100", at=now), root, now)

    assert (told(chase), run_of("100").state, run_of("100").started_at) == ({"100": ""}, "started", now)
    assert facts("onboarding.reminded")[0].facts["steps"][:2] == ["company", "tax"]


def test_an_invitation_that_has_run_out_goes_again_and_one_whose_sender_left_does_not(people, root, now):
    invite(root, "100", "200", "300", at=now - 30 * DAY)
    do(people["root"].actor, reassign_onboarding, run_of("300").key, "new@3.example", "", at=now - 30 * DAY)
    with acting(FEED):
        assert expire_invitations(at=now) == 3
        gone = Invitation.objects.get(pk=run_of("200").invitation_id)
        gone.invited_by_user_id = people["bea"].user.pk
        gone.save()
    chase = sent(marked(root, "100", "200", "300", at=now), root, now)

    assert told(chase) == {"100": "", "200": "inviter_gone", "300": ""}
    with acting(FEED):
        again = Invitation.objects.get(pk=run_of("100").invitation_id)
    assert (again.state, again.sent_at, again.ended_at) == ("sent", now, None)


def test_an_address_from_which_mail_came_back_and_one_that_wants_none_are_named(people, root, now):
    invite(root, "ACME", "100", "200", at=now - 5 * DAY)
    with acting(FEED):
        for day, number, state in ((5, 1, "sent"), (4, 1, "failed"), (4, 2, "failed"), (3, 2, "sent")):
            NoticeMail.objects.create(
                audience="outside",
                address=f"office@{number}.example",
                message_id=f"{day}{number}@x",
                state=state,
                created_at=now - day * DAY,
                sent_at=now - day * DAY,
            )
        NoticePreference.objects.create(
            user=people["asha"].user, kind="onboarding", cadence="never", changed_at=now
        )
    chase = marked(root, "ACME", "100", "200", at=now)

    assert seen(chase, root, now) == {
        "ACME": "stopped",
        "100": "bounced",
        "200": ("office@2.example",),
    }
    # A month later the address is tried again: a full mailbox is no reason for ever.
    assert seen(chase, root, now + 27 * DAY)["100"] == ("office@1.example",)


def test_nobody_else_marks_looks_or_sends(people, root, now):
    invite(root, "ACME", at=now)
    chase = marked(root, "ACME", at=now)
    command = MarkSuppliers((run_of("ACME").key,))
    for name in ("asha", "bea", "ada"):
        actor = people[name].actor
        for verb, said in (
            (mark_suppliers, (command,)),
            (look_at_chase, (chase,)),
            (send_chase, (chase.key, "")),
        ):
            with pytest.raises(NotAllowed):
                do(actor, verb, *said, at=now)
    assert facts("onboarding_chase.sent") == []


def test_what_cannot_be_marked_or_said_is_refused_whole(people, root, now):
    invite(root, "ACME", at=now)
    for keys, code in (((), "required"), ((run_of("ACME").supplier.key,), "unknown")):
        with pytest.raises(Invalid) as refused:
            do(root, mark_suppliers, MarkSuppliers(keys), at=now)
        assert refused.value.problems[0].code == code
    chase = marked(root, "ACME", at=now)
    with pytest.raises(Invalid):
        sent(chase, root, now, "x" * 501)
    with pytest.raises(NotFound):
        do(root, send_chase, run_of("ACME").key, "", at=now)
    with acting(FEED):
        assert OnboardingChase.objects.get().sent_at is None
        assert (forget_chases(at=now + 29 * DAY), forget_chases(at=now + 31 * DAY)) == (0, 1)


# --- many ----------------------------------------------------------------------------------------------------


def many(actor, count, at):
    numbers = [f"W{n:04}" for n in range(count)]
    with acting(FEED):
        receive_suppliers(
            [SupplierPaper(one, one, "DE", "EUR", "en", "UTC", "core", f"{one}@w.example") for one in numbers]
        )
    invite(actor, *numbers, at=at)
    with acting(FEED):
        found = OnboardingRun.objects.filter(supplier__number__in=numbers).order_by("id")
        return list(found.values_list("key", flat=True))


def test_a_thousand_are_written_to_by_a_worker_in_as_many_queries_as_one(people, root, now):
    keys = many(root, 1_001, now - 5 * DAY)
    counts = []
    for some in (keys[:1], keys[1:]):
        with CaptureQueriesContext(connection) as queries:
            chase = do(root, mark_suppliers, MarkSuppliers(tuple(some)), at=now)
            looked = do(root, look_at_chase, chase, at=now)
        assert [one.why for one in looked] == [""] * len(some)
        sent(chase, root, now)
        event = facts("onboarding_chase.sent")[-1]
        if len(some) == 1:  # the door has done it; undone, so that the worker does the same
            with acting(FEED):
                OnboardingChase.objects.filter(pk=chase.pk).update(done_at=None)
                OnboardingRun.objects.update(reminded_at=None, reminders=0)
                Invitation.objects.update(sent_at=now - 5 * DAY)
        with CaptureQueriesContext(connection) as carried:
            assert carry_out_chases([event], now) == "carried out 1"
        counts.append((len(queries), len(carried)))

    assert carry_out_chases([event], now) == "carried out 0"
    with acting(FEED):
        chase.refresh_from_db()
    assert (chase.done_at, chase.reached) == (now, 1_000)
    assert counts[0] == counts[1]


# --- the clock beside it -------------------------------------------------------------------------------------


def clock(at):
    with acting(DESK):
        return remind(at=at)


def test_the_clock_leaves_a_day_after_a_reminder_by_hand_and_loses_none_of_its_own(root, now):
    begun = now - 3 * DAY + timedelta(hours=1)
    invite(root, "ACME", at=begun)
    sent(marked(root, "ACME", at=now), root, now)

    assert [clock(now + timedelta(hours=hours)) for hours in (1, 12, 23, 24)] == [0, 0, 0, 1]
    assert [clock(begun + timedelta(days=day, minutes=1)) for day in (5, 7, 10, 14, 20)] == [0, 1, 0, 1, 0]
    assert run_of("ACME").reminders == 4


def test_after_an_outage_the_clock_reminds_once_and_not_for_each_day_that_passed(root, now):
    invite(root, "ACME", at=now - 10 * DAY)

    assert [clock(now + timedelta(days=day)) for day in (0, 1, 2, 3, 4)] == [1, 0, 0, 0, 1]


def test_nobody_counts_as_reminded_who_was_passed_over(root, now):
    invite(root, "ACME", "100", at=now - 3 * DAY)
    do(root, exclude_suppliers, ExcludeSuppliers(("100",), "ending"), at=now)

    assert clock(now + timedelta(minutes=1)) == 1
    assert [(run_of(one).reminders, run_of(one).reminded_at is None) for one in ("ACME", "100")] == [
        (1, False),
        (0, True),
    ]


# --- for how long --------------------------------------------------------------------------------------------


def test_it_is_quiet_since_something_was_given_and_a_reminder_moves_nothing(people, root, now):
    from suppliers.details.messages import ChangeDetail
    from suppliers.details.services import change_detail

    invite(root, "ACME", "100", at=now - 9 * DAY)
    key = run_of("ACME").supplier.key
    said = {"legal_name": "Acme Ltd", "country": "IN"}
    do(people["asha"].actor, change_detail, ChangeDetail(key, "legal", said), at=now - 4 * DAY)
    sent(marked(root, "ACME", "100", at=now), root, now)

    with acting(FEED):
        rows = list(OnboardingRun.objects.order_by("id"))
        quiet = quiet_since(rows)
    assert [quiet[row.pk] for row in rows] == [now - 4 * DAY, now - 9 * DAY]
