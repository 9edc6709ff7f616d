"""Who is told of a change, and what stands still when one of them says that it was not them."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail as outbox

from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, StaleDocument
from portal.kernel.scope import acting
from procurement.notifications.bank import mail_of
from procurement.notifications.bounces import provider_says
from procurement.notifications.services import hear_of_bounces
from procurement.notifications.services.gathering import POSTMAN
from suppliers.banking.models import BankFreeze, BankNotice
from suppliers.banking.queries import OFFICE, objections
from suppliers.banking.services import (
    Frozen,
    ask_thaw,
    confirm_thaw,
    freeze_bank_details,
    freeze_by_link,
    go_on_without,
    refuse_change,
    take_due_effect,
)
from suppliers.banking.services.guards import NotYou
from suppliers.messages import SupplierPaper
from suppliers.models import Membership, User
from suppliers.services import receive_suppliers
from tests.builders.bank import (
    HOUR,
    NEW_IBAN,
    OLD_IBAN,
    THIRD_IBAN,
    WHY,
    a_colleague,
    again,
    all_said,
    approve,
    ask,
    call,
    factor,
    in_office,
    live,
    notices_out,
    told,
    wanted,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_everybody_earlier_is_told_at_once_removed_people_too_and_one_press_stops_it(
    people, acme, account, now
):
    notices_out()
    outbox.outbox.clear()
    with acting(OFFICE):
        Membership.objects.filter(user=people["olga"].user).delete()
        receive_suppliers(
            [SupplierPaper("ACME", "Acme Valves", "IN", "EUR", email="fraud@mule.example", segment="core")]
        )
    change = ask(wanted(acme, account=account.key), people["asha"], now + HOUR)
    notices_out()

    theirs = {letter.to[0] for letter in outbox.outbox if "not-me" in letter.body}
    assert theirs == {
        "arun@supplier.example",
        "asha@supplier.example",
        "fraud@mule.example",
        "olga@supplier.example",
        "sales@acme.example",
        "sam@supplier.example",
    }
    ours = {letter.to[0] for letter in outbox.outbox} - theirs
    assert ours == {f"{name}@northmoor.example" for name in ("otto", "root", "max")}
    letters = {letter.to[0]: letter for letter in outbox.outbox}
    text = letters["olga@supplier.example"].body
    assert "DE •••• 3000 → DE •••• 9890" in text
    assert OLD_IBAN not in text
    assert NEW_IBAN not in text
    assert notices_out() == 0

    with acting(OFFICE):
        notice = BankNotice.objects.get(change=change, address="olga@supplier.example", kind="requested")
        freeze_by_link(notice, at=now + 2 * HOUR)
        freeze_by_link(notice, at=now + 2 * HOUR)
    assert again(change).state == "frozen"
    outbox.outbox.clear()
    notices_out()
    ours = next(one.body for one in outbox.outbox if one.to == ["otto@northmoor.example"])
    assert "Held: DE •••• 3000. Block payments to it in the ERP now" in ours
    assert "Olga Acme says: this was not me." in ours
    theirs = next(one.body for one in outbox.outbox if one.to == ["sales@acme.example"])
    assert "Block payments" not in theirs
    assert "Olga" not in theirs
    assert live() == [("3000", "held")]  # it is young itself: nothing is paid until somebody has looked
    assert in_office(BankFreeze.objects.count) == 1
    with pytest.raises(Frozen):
        ask(wanted(acme, THIRD_IBAN), people["asha"], now + 3 * HOUR)
    with pytest.raises(Frozen):
        approve(change, people["max"], now + 3 * HOUR)
    assert in_office(AuditEvent.objects.filter(kind="bank.frozen").count) == 1


def test_nothing_comes_into_force_of_which_nobody_could_be_told(people, acme, account, now):
    change = all_said(ask(wanted(acme, account=account.key), people["asha"], now + HOUR), people, now + HOUR)
    due, notices = change.waits_until, BankNotice.objects.filter(change=change, of_company=False)

    def mails(**found):
        with acting(OFFICE):
            notices.filter(kind="requested").update(**found)

    def goes_on(name, why=WHY):
        with acting(people[name].actor):
            return go_on_without(
                change, why, actor=people[name].actor, factor=factor(people[name], due), at=due
            )

    mails(state="queued", sent_at=None)
    assert take_due_effect(due) == 0
    with pytest.raises(IllegalTransition):
        goes_on("max")
    mails(state="failed")
    assert take_due_effect(due) == 0
    with pytest.raises(NotAllowed):
        goes_on("ada")
    with pytest.raises(Invalid):
        goes_on("max", "so")
    goes_on("max")
    assert take_due_effect(due) == 0  # not one was told
    with acting(OFFICE):
        notices.filter(address="asha@supplier.example").update(state="sent", sent_at=now + HOUR)
    with acting(OFFICE):
        User.objects.filter(pk=people["asha"].user.pk).update(email="asha@elsewhere.example")
    assert take_due_effect(due) == 0  # nor anybody but who asked, under whatever address
    late = due - HOUR
    with acting(OFFICE):
        notices.filter(address="olga@supplier.example").update(state="sent", sent_at=late)
    assert take_due_effect(due) == 0
    lengthened = again(change)
    assert (lengthened.state, lengthened.waits_until) == (
        "waiting",
        late + timedelta(hours=change.wait_hours),
    )
    assert in_office(AuditEvent.objects.filter(kind="bank.wait_lengthened").count) == 1
    assert take_due_effect(lengthened.waits_until) == 1
    told_why = in_office(lambda: AuditEvent.objects.get(kind="bank.unreached_waived"))
    assert (told_why.internal, len(told_why.facts["to"])) == (True, 5)


def test_a_notice_that_comes_back_after_it_was_taken_was_told_to_nobody(people, acme, account, now):
    change = all_said(ask(wanted(acme, account=account.key), people["asha"], now + HOUR), people, now + HOUR)
    due = change.waits_until
    with acting(OFFICE):
        notices = BankNotice.objects.filter(change=change, kind="requested", of_company=False)
        olga = notices.get(address="olga@supplier.example")
        arun = notices.get(address="arun@supplier.example")
        letter, other = mail_of(olga), mail_of(arun)
    named = letter.extra_headers["Message-ID"].strip("<>")
    spam = SimpleNamespace(
        event_type="complained",
        reject_reason="",
        description="",
        metadata=other.metadata,
        recipient=arun.address,
    )
    provider_says(None, spam, "Postmark")  # who calls it spam has got it

    failure = {"message_id": named, "address": "", "status": "5.1.1", "diagnosis": "no such mailbox"}
    with acting(POSTMAN):
        record(
            "mail.bounced", "mail:1", actor=POSTMAN, at=now, supplier_id=None, facts={"failures": [failure]}
        )
    event = in_office(lambda: AuditEvent.objects.get(kind="mail.bounced"))
    for _time in range(2):
        hear_of_bounces([event], now)

    assert in_office(lambda: list(notices.filter(state="failed").values_list("address", "fault"))) == [
        ("olga@supplier.example", "5.1.1 no such mailbox")
    ]
    assert in_office(AuditEvent.objects.filter(kind="bank.notice_failed").count) == 1
    assert take_due_effect(due) == 0
    assert again(change).state == "waiting"
    max_ = people["max"]
    with acting(max_.actor):
        go_on_without(change, WHY, actor=max_.actor, factor=factor(max_, due), at=due)
    assert take_due_effect(due) == 1
    back = SimpleNamespace(**{**vars(spam), "event_type": "bounced"})
    provider_says(None, back, "Postmark")
    assert in_office(lambda: notices.get(pk=arun.pk).state) == "failed"


def test_two_others_thaw_it_each_with_a_reason_and_all_begins_anew(people, acme, account, now):
    waiting = all_said(ask(wanted(acme, account=account.key), people["asha"], now + HOUR), people, now + HOUR)
    with acting(people["max"].actor):
        freeze = freeze_bank_details(
            acme, "A call that sounded odd.", actor=people["max"].actor, at=now + HOUR
        )

    def thaw(verb, name, reason=WHY, **more):
        said = {"actor": people[name].actor, "factor": factor(people[name], now), "at": now, **more}
        current = in_office(lambda: BankFreeze.objects.get(pk=freeze.pk))
        if verb is confirm_thaw:
            said.setdefault("seen", current.thaw_mark)
        with acting(people[name].actor):
            return verb(current, reason, **said)

    with pytest.raises(NotYou):
        thaw(ask_thaw, "max")
    with pytest.raises(Invalid, match="Say why"):
        thaw(ask_thaw, "otto", "ok")
    with pytest.raises(IllegalTransition):
        thaw(confirm_thaw, "root")
    for name in ("root", "max"):  # one has approved the account that is held, the other froze it
        with pytest.raises(NotYou):
            thaw(ask_thaw, name, releases=True)
    thaw(ask_thaw, "otto", releases=True)
    for name in ("otto", "root"):
        with pytest.raises(NotYou):
            thaw(confirm_thaw, name)
    petra = a_colleague()
    people = {**people, "petra": petra}
    read = in_office(lambda: BankFreeze.objects.get(pk=freeze.pk).thaw_mark)
    with pytest.raises(IllegalTransition, match="Otto Payer has asked"):  # both stood on the form to ask
        thaw(ask_thaw, "petra", releases=False)
    thaw(ask_thaw, "otto", releases=False, at=now + timedelta(seconds=1))  # anew, and something else
    for seen in (read, ""):
        with pytest.raises(StaleDocument):
            thaw(confirm_thaw, "petra", seen=seen)
    thaw(ask_thaw, "otto", releases=True, at=now + timedelta(seconds=2))
    with acting(OFFICE):  # what somebody said who has left is confirmed by nobody
        User.objects.filter(pk=people["otto"].user.pk).update(is_active=False)
    with pytest.raises(IllegalTransition, match="Somebody asks for it first"):
        thaw(confirm_thaw, "petra")
    with acting(OFFICE):
        User.objects.filter(pk=people["otto"].user.pk).update(is_active=True)
        User.objects.filter(pk=people["otto"].user.pk).update(
            approver_since_at=petra.user.date_joined - HOUR * 9999
        )
    thaw(confirm_thaw, "petra")

    thawed = again(waiting)
    with acting(people["asha"].actor):  # why it goes on is between our people
        seen = AuditEvent.objects.visible_to(people["asha"].actor).filter(stream=thawed.stream)
        assert seen.get(kind="bank.change_thawed").facts == {"from": "frozen", "to": "requested"}
    assert (thawed.state, thawed.round, thawed.approved_at, thawed.waits_until) == (
        "requested",
        2,
        None,
        None,
    )
    assert thawed.wait_hours == min(336, waiting.wait_hours + 72)
    assert live() == [("3000", "in_force")]
    assert take_due_effect(now + timedelta(days=60)) == 0
    with acting(people["otto"].actor):
        refuse_change(thawed, "We could not reach anybody.", actor=people["otto"].actor, at=now)
    assert again(waiting).state == "refused"


def test_who_requested_the_account_that_is_held_does_not_let_it_go(people, acme, now):
    change = ask(wanted(acme), people["root"], now)  # in the supplier's name: it is in force by now
    told(change)
    call(change, people["otto"], now)
    approve(change, people["otto"], now)
    waiting = approve(change, people["max"], now)
    assert take_due_effect(waiting.waits_until) == 1
    later = waiting.waits_until + HOUR
    with acting(people["asha"].actor):
        freeze = freeze_bank_details(acme, WHY, actor=people["asha"].actor, at=later)
    assert live() == [("9890", "held")]

    def attempt(name, *, releases):
        person = people[name]
        with acting(person.actor):
            return ask_thaw(
                freeze, WHY, releases=releases, actor=person.actor, factor=factor(person, later), at=later
            )

    for releases in (True, False):
        with pytest.raises(NotYou, match="who requested a change"):
            attempt("root", releases=releases)
    with pytest.raises(NotYou, match="You approved an account"):
        attempt("max", releases=True)
    assert attempt("max", releases=False).thaw_asked_by == "Max Manager"


def test_each_more_who_objects_is_heard_and_what_was_asked_before_is_asked_anew(people, acme, now):
    change = ask(wanted(acme), people["asha"], now)
    notices = {one.address.split("@")[0]: one for one in in_office(lambda: list(BankNotice.objects.all()))}
    owner = BankNotice.objects.filter(kind="frozen")
    otto, max_ = people["otto"], people["max"]

    def press(name, at):
        with acting(OFFICE):
            return freeze_by_link(notices[name], at=at)

    freeze = press("sales", now)
    first = in_office(owner.count)
    press("sales", now)
    assert in_office(owner.count) == first
    with acting(otto.actor):
        ask_thaw(freeze, WHY, releases=True, actor=otto.actor, factor=factor(otto, now), at=now)
    read = in_office(lambda: BankFreeze.objects.get().thaw_mark)
    press("olga", now + HOUR)
    with pytest.raises(IllegalTransition, match="Somebody asks for it first"), acting(max_.actor):
        confirm_thaw(freeze, WHY, seen=read, actor=max_.actor, factor=factor(max_, now), at=now)
    more = in_office(lambda: list(owner.order_by("id")[first:]))
    assert {one.of_company for one in more} == {True}
    assert len(more) == 3

    # Called while it is frozen: a no is one more objection, a yes confirms nothing.
    assert call(change, max_, now + HOUR).outcome == "confirmed"
    assert again(change).called_at is None
    call(change, otto, now + 2 * HOUR, "denied")
    found = in_office(lambda: [one.facts["reason"] for one in objections(BankFreeze.objects.get())])
    assert [one.split(" ", 1)[1] for one in found[:2]] == [
        "Valves says: this was not me.",
        "Acme says: this was not me.",
    ]
    assert found[2].endswith("was called back and knows nothing of it.")
    with acting(OFFICE):
        kinds = AuditEvent.objects.filter(stream=freeze.stream).order_by("id").values_list("kind", flat=True)
        assert list(kinds) == [
            "bank.frozen",
            "bank.thaw_asked",
            "bank.objection_raised",
            "bank.objection_raised",
        ]
