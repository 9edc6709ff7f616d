"""Inviting: one or many, again, no more; and accepting, once, with the account of that very address."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import Duplicate, Invalid, NotAllowed, NotFound
from portal.kernel.scope import acting
from suppliers.models import Invitation, Membership, Supplier, User
from suppliers.people.messages import InvitePerson, NewPerson
from suppliers.people.services import (
    InvitationOver,
    accept_as_new,
    accept_invitation,
    expire_invitations,
    invite_people,
    invite_person,
    repeat_invitations,
    resend_invitation,
    revoke_invitation,
)
from suppliers.roles import CompanyRole, SupplierRole
from suppliers.states import SupplierState
from tests.builders.factors import give_app, show_factor
from tests.builders.notices import mailed
from tests.people import FEED, PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = "quiet harbour at dawn"


def acme(people):
    return people["asha"].actor.supplier_ids[0]


def invite(person, address="kiran@acme.example", role=SupplierRole.SHIPPING, to="own", at=None, **more):
    supplier_id = person.actor.supplier_ids[0] if to == "own" else to
    with acting(person.actor):
        paper = InvitePerson(address, role, supplier_id, **more)
        return invite_person(paper, actor=person.actor, at=at or timezone.now())


def fresh(invitation):
    with acting(FEED):
        return Invitation.objects.get(pk=invitation.pk)


def link_in(letter):
    return re.search(r"/join/[\w-]{46}/", letter.body)[0]


def typed(**more):
    return {"name": "Kiran Rao", "password": GOOD, "language": "en", "time_zone": "Asia/Kolkata", **more}


def test_who_is_invited_accepts_by_the_mailed_link_and_is_signed_in(people):
    with acting(FEED):
        Supplier.objects.filter(pk=acme(people)).update(language="de", time_zone="Asia/Kolkata")
    invited = invite(people["asha"], " Kiran@Acme.example ", name="Kiran")
    (letter,) = mailed()
    assert letter.to == ["Kiran <kiran@acme.example>"]
    assert invited.token not in str(list(AuditEvent.objects.values()))
    client, link = Client(), link_in(letter)

    page = client.get(link)
    assert (page.status_code, page["Content-Language"], page["Cache-Control"]) == (
        200,
        "de",
        "no-store, private",
    )
    assert [page.context["form"][one].value() for one in ("name", "language", "time_zone")] == [
        "Kiran",
        "de",
        "Asia/Kolkata",
    ]
    assert fresh(invited).state == "sent"  # opening does nothing
    weak = client.post(link, typed(password="kiran@acme.example"))
    assert (weak.status_code, list(weak.context["form"].errors)) == (422, ["password"])
    assert client.post(link, typed(name=" ")).status_code == 422

    done = client.post(link, typed())
    user = User.objects.get(email="kiran@acme.example")
    assert (done.status_code, done["Location"], client.session["_auth_user_id"]) == (303, "/", str(user.pk))
    assert (user.name, user.language, user.time_zone) == ("Kiran Rao", "en", "Asia/Kolkata")
    assert user.check_password(GOOD)
    assert EmailAddress.objects.get(user=user).verified
    accepted = fresh(invited)
    assert (accepted.state, accepted.accepted_by_id) == ("accepted", user.pk)
    with acting(FEED):
        assert Membership.objects.get(user=user).role == "shipping"
        story = AuditEvent.objects.filter(actor_user_id=user.pk).values_list("kind", "actor_label")
        assert set(story) == {
            ("supplier.member_added", "Kiran Rao"),
            ("invitation.accepted", "Kiran Rao"),
        }
    again = Client().post(link, typed(name="Somebody Else"))
    assert again.status_code == 410
    assert Client().get(link[:-3] + "xx/").status_code == 410


def test_one_account_serves_several_companies_and_a_mail_passed_on_hands_over_none(people):
    invited = invite(people["gil"], people["olga"].email, SupplierRole.ORDERS)
    (letter,) = mailed()
    link = link_in(letter)

    nobody = Client()
    page = nobody.get(link)
    assert page.context["known"]
    assert f"/accounts/login/?next={link}" in page.content.decode()
    assert nobody.post(link, typed()).status_code == 403
    other = Client()
    other.force_login(people["arun"].user)
    assert other.get(link).context["other"]
    assert other.post(link).status_code == 403
    assert fresh(invited).state == "sent"

    olga = Client()
    came_back = olga.post(
        f"/accounts/login/?next={link}", {"login": people["olga"].email, "password": PASSWORD}
    )
    assert came_back["Location"] == link
    assert olga.post(link)["Location"] == "/"
    assert fresh(invited).state == "accepted"
    with acting(FEED):
        roles = dict(
            Membership.objects.filter(user=people["olga"].user).values_list("supplier__number", "role")
        )
    assert roles == {"ACME": "orders", "GLOBEX": "orders"}
    assert olga.session["acting_for"] == people["gil"].actor.supplier_ids[0]
    assert User.objects.get(pk=people["olga"].user.pk).check_password(PASSWORD)


def test_who_may_invite_whom_and_what_is_said_of_it(people):
    with pytest.raises(NotAllowed, match="own company"):
        invite(people["asha"], to=people["gil"].actor.supplier_ids[0])
    with pytest.raises(NotAllowed, match="Only an administrator"):
        invite(people["olga"])
    with pytest.raises(NotAllowed, match="Only an administrator"):
        invite(people["max"], role=CompanyRole.BUYER, to=None)
    for address, role, code in (
        ("no address", "shipping", "invalid"),
        ("k@acme.example", "buyer", "invalid"),
        (people["arun"].email, "shipping", "member"),
    ):
        with pytest.raises(Invalid) as refused:
            invite(people["asha"], address, role)
        assert [one.code for one in refused.value.problems] == [code]
    # An account elsewhere, ours even, is nothing that the inviting company learns of.
    assert invite(people["asha"], people["gil"].email).state == "sent"
    assert invite(people["asha"], people["bea"].email).state == "sent"
    with pytest.raises(Invalid, match="invited already"):
        invite(people["asha"], people["gil"].email.upper())
    assert invite(people["root"], "kiran@acme.example", to=acme(people)).invited_by == "Root Admin"
    with acting(FEED):
        Supplier.objects.filter(number="GLOBEX").update(state=SupplierState.BLOCKED)
    with pytest.raises(Invalid, match="blocked"):
        invite(people["root"], to=people["gil"].actor.supplier_ids[0])


def test_the_two_sides_do_not_mix(people):
    to_acme = invite(people["asha"], people["bea"].email)
    to_us = invite(people["root"], people["gil"].email, CompanyRole.BUYER, to=None)
    with acting(FEED), pytest.raises(Invalid, match="buying side"):
        accept_invitation(to_acme, people["bea"].user, actor=FEED, at=timezone.now())
    with acting(FEED), pytest.raises(Invalid, match="acts for a supplier"):
        accept_invitation(to_us, people["gil"].user, actor=FEED, at=timezone.now())
    assert [fresh(one).state for one in (to_acme, to_us)] == ["sent", "sent"]

    colleague = invite(people["root"], "nia@northmoor.example", CompanyRole.PLANNER, to=None)
    with acting(FEED):
        new = NewPerson("Nia", GOOD, "en", "UTC")
        made = accept_as_new(colleague, new, actor=FEED, at=timezone.now())
    assert User.objects.get(pk=made.pk).company_role == "planner"
    with pytest.raises(Invalid, match="people here already"):
        invite(people["root"], "nia@northmoor.example", CompanyRole.BUYER, to=None)


def test_an_invitation_runs_out_is_sent_again_and_is_taken_back(people, settings):
    now = timezone.now()
    invited = invite(people["asha"], at=now - timedelta(days=20))
    old = invite(people["asha"], "old@acme.example", at=now - timedelta(days=20))
    assert Client().get(f"/join/{invited.token}/").status_code == 410
    with acting(FEED), pytest.raises(InvitationOver, match="run out"):
        accept_as_new(invited, NewPerson("K", GOOD, "en", "UTC"), actor=FEED, at=now)
    with acting(FEED):
        assert (expire_invitations(at=now), expire_invitations(at=now)) == (2, 0)
    mailed()

    asha = people["asha"].actor
    with acting(asha):
        resend_invitation(invited.key, actor=asha, at=now)
    again = fresh(invited)
    assert (again.state, again.expires_at) == ("sent", now + settings.INVITATION_VALID_FOR)
    (letter,) = mailed()
    assert link_in(letter) == f"/join/{invited.token}/"
    with acting(asha), pytest.raises(Duplicate, match="a moment ago"):
        resend_invitation(invited.key, actor=asha, at=now)
    invite(people["asha"], "old@acme.example")
    with acting(asha), pytest.raises(Duplicate, match="invited already"):
        resend_invitation(old.key, actor=asha, at=now)
    with acting(people["gil"].actor), pytest.raises(NotFound):
        revoke_invitation(invited.key, actor=people["gil"].actor, at=now)

    with acting(asha):
        revoke_invitation(invited.key, actor=asha, at=now)
    assert Client().get(f"/join/{invited.token}/").status_code == 410
    with acting(asha), pytest.raises(InvitationOver, match="taken back"):
        resend_invitation(invited.key, actor=asha, at=now + timedelta(hours=1))


def test_what_somebody_sent_who_may_invite_no_more_is_not_sent_again_but_taken_back(people):
    long_ago = timezone.now() - timedelta(days=20)
    theirs = invite(people["asha"], at=long_ago)
    ours = invite(people["root"], "nia@northmoor.example", CompanyRole.ADMINISTRATOR, to=None, at=long_ago)
    root = people["root"].actor
    with acting(root):
        resend_invitation(theirs.key, actor=root, at=timezone.now() - timedelta(days=1))
    with acting(FEED):
        Membership.objects.filter(user=people["asha"].user).update(role=SupplierRole.ORDERS)
        User.objects.filter(pk=people["root"].user.pk).update(company_role=CompanyRole.BUYER)
    mailed()
    for one in (theirs, ours):  # somebody else with the right presses, whose actor stands for whoever that is
        with acting(root), pytest.raises(InvitationOver, match="may not invite there any more"):
            resend_invitation(one.key, actor=root, at=timezone.now())
    with acting(FEED):  # nor by a clock, which reminds
        assert repeat_invitations([theirs.pk, ours.pk], actor=FEED, at=timezone.now()) == []
    assert mailed() == []
    with acting(root):
        assert revoke_invitation(ours.key, actor=root, at=timezone.now()).state == "revoked"


def test_to_send_again_or_take_back_asks_for_a_factor_to_the_buying_side_always(people):
    long_ago = timezone.now() - timedelta(days=20)
    theirs = invite(people["asha"], at=long_ago)
    ours = invite(people["root"], "nia@northmoor.example", CompanyRole.BUYER, to=None, at=long_ago)
    client = Client()
    client.force_login(people["root"].user)
    for verb in ("resend", "revoke"):
        assert client.post(f"/invitations/{ours.key}/{verb}/").status_code == 409
        answer = client.post(f"/api/v1/invitations/{ours.key}/{verb}", {}, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "fresh_factor_needed")
    assert fresh(ours).sent_at == long_ago

    give_app(people["root"].user)  # who has one shows it, for a supplier's people too
    assert client.post(f"/invitations/{theirs.key}/revoke/").status_code == 409
    show_factor(client, people["root"].user)
    assert client.post(f"/invitations/{ours.key}/resend/").status_code == 303
    assert client.post(f"/invitations/{ours.key}/revoke/").status_code == 303
    assert client.post(f"/invitations/{theirs.key}/revoke/").status_code == 303
    assert (fresh(ours).state, fresh(theirs).state) == ("revoked", "revoked")


def test_a_mail_that_is_overtaken_does_not_leave(people):
    invited = invite(people["asha"])
    with acting(people["asha"].actor):
        revoke_invitation(invited.key, actor=people["asha"].actor, at=timezone.now())

    assert mailed() == []


def papers_for(people, count):
    bad = [
        InvitePerson("nobody", "shipping", acme(people), line="2"),
        InvitePerson(people["arun"].email, "shipping", acme(people), line="3"),
        InvitePerson("p0@acme.example", "orders", acme(people), line="4"),
        InvitePerson("x@acme.example", "orders", 999_999, line="5"),
    ]
    words = "Welcome to the new portal."
    return [
        InvitePerson(f"p{n}@acme.example", "orders", acme(people), words=words) for n in range(count)
    ] + bad


def test_many_are_invited_in_as_many_queries_as_few_and_each_exclusion_has_its_reason(people):
    root, counts = people["root"].actor, []
    for size in (3, 60):
        with (
            acting(root),
            CaptureQueriesContext(
                connection,
            ) as asked,
        ):
            came = invite_people(papers_for(people, size), actor=root, at=timezone.now())
        counts.append(len(asked))
        assert [(one.line, one.field, one.code) for one in came.problems if one.line] == [
            ("2", "address", "invalid"),
            ("3", "address", "member"),
            ("4", "address", "invited"),
            ("5", "supplier", "unknown"),
        ]
    assert len(came.made) == 57  # three were invited by the first
    assert counts[1] == counts[0]
    letters = mailed()
    assert len(letters) == 60
    assert "Welcome to the new portal." in letters[0].body


def test_a_supplier_is_no_machine_for_letters(people):
    asha = people["asha"].actor
    many = [InvitePerson(f"p{n}@acme.example", "orders", acme(people)) for n in range(51)]
    with acting(asha), pytest.raises(NotAllowed, match="at most 50"):
        invite_people(many, actor=asha, at=timezone.now())
    with acting(asha):
        assert len(invite_people(many[:50], actor=asha, at=timezone.now()).made) == 50
    with pytest.raises(NotAllowed, match="at most 50"):
        invite(people["asha"])
