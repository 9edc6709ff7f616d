"""Approving by the link in a mail: the mail, the page, the word, and everything that stands in its way."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from portal import env
from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from portal.logging import without_secrets
from procurement.clocks.models import StandIn
from procurement.invoices.messages import ChargeEntry, Hold
from procurement.invoices.services import withdraw_invoice
from procurement.invoices.services.settle import hold_invoice
from procurement.invoices.states import Acts
from procurement.links.messages import Person as Addressee
from procurement.links.policies import seal_key
from procurement.links.services import issue_link
from procurement.payables.models import ApprovalLink
from procurement.payables.policies import may_by_link
from procurement.payables.services.approvals import accept_invoice, approve_step, call_off
from procurement.payables.services.deciding import put_on_hold
from procurement.payables.states import TOLD
from suppliers.models import User
from suppliers.roles import CompanyRole
from tests.builders.invoices import do, fresh_invoice
from tests.builders.notices import html_of, mailed
from tests.builders.payables import a_link_to, a_rule, an_invoice_over_price, answer, asked_for, desk
from tests.people import FEED
from tests.tenancy.test_matrix import patterns

pytestmark = pytest.mark.django_db

MARK = re.compile(r'name="mark" value="(\w+)"')


def asked_by_mail(people, *, rule=None, who="bea", **more):
    """An invoice whose approval is asked of the buyers, and somebody's link to it."""
    a_rule(people, 1, **(rule or {"role": "buyer"}))
    now = timezone.now()
    invoice = an_invoice_over_price(people, at=now, **more)
    desk(accept_invoice, invoice, people["otto"], "Copper went up.", at=now)
    return invoice, a_link_to(invoice, people[who])


def page(link):
    return Client().get(reverse("approve", args=[link.token]))


def say(link, word="approve", reason="", *, mark=None):
    mark = MARK.search(page(link).content.decode())[1] if mark is None else mark
    sent = {"word": word, "reason": reason, "mark": mark}
    return Client().post(reverse("approve-say", args=[link.token]), sent)


def state(invoice):
    return fresh_invoice(invoice).state, [one.state for one in asked_for(invoice)]


def everything(invoice):
    with acting(FEED):
        links = list(ApprovalLink.objects.order_by("id").values())
        return state(invoice), links, AuditEvent.objects.count()


@pytest.mark.django_db(transaction=True)
def test_the_mail_says_what_is_to_be_known_and_its_link_approves_once(people):
    a_rule(people, 1, role="buyer")
    now = timezone.now()
    invoice = an_invoice_over_price(people, at=now, payment_days=30)
    mailed()
    desk(accept_invoice, invoice, people["otto"], "Copper went up.", at=now)

    (letter,) = mailed()

    assert letter.to == ["Bea Buyer <bea@northmoor.example>"]
    assert letter.subject.startswith("Your approval is asked: 840.14 EUR of Acme Valves, invoice INV-1")
    for said in (
        "Acme Valves claims 840.14 EUR, due on ",
        "Why it was held: 7.06 EUR each is claimed",
        "Otto Payer: Copper went up.",
        "4500000001 · 10 · VALVE-15",
        "Came, agreed: 100 pcs · 6.85 EUR · Claimed: 100 pcs · 7.06 EUR",
        "Its page opens without signing in: approve or decline there. Opening it decides nothing.",
    ):
        assert said in letter.body, said
    (path,) = set(re.findall(r"/approve/[\w-]{46}/", letter.body))
    assert f"{path}\n" in letter.body
    assert path in html_of(letter)
    assert "No account needed" not in letter.body
    with acting(FEED):
        link = ApprovalLink.objects.get()
    assert link.token in path

    before = everything(invoice)
    shown = Client().get(path)
    text = shown.content.decode()
    assert shown.status_code == 200
    assert "This has changed since" not in text
    assert {name: shown[name] for name in ("Referrer-Policy", "Cache-Control", "X-Robots-Tag")} == {
        "Referrer-Policy": "strict-origin",
        "Cache-Control": "no-store, private",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }
    assert "sessionid" not in shown.cookies
    assert everything(invoice) == before

    response = say(link, reason="Fine.")
    assert (response.status_code, response["Location"]) == (303, path)
    assert "You approved it: 840.14 EUR. Accounts payable goes on with it." in page(link).content.decode()
    assert state(invoice) == ("approved", ["granted"])
    with acting(FEED):
        granted = AuditEvent.objects.get(kind="invoice.approval_granted")
    assert (granted.channel, granted.actor_label, granted.internal) == ("link", "Bea Buyer", True)
    assert fresh_invoice(invoice).approved_by == "Bea Buyer"
    story = Client()
    story.force_login(people["bea"].user)
    assert "you, by link" in story.get(reverse("invoice", args=[invoice.key])).content.decode()
    again = say(link, "decline", "No.", mark=MARK.search(text)[1])
    assert again.status_code == 409
    assert "You approved it: " in again.content.decode()
    assert state(invoice) == ("approved", ["granted"])


def test_to_decline_one_says_why_and_it_is_kept(people):
    freight = ChargeEntry(code="FC", reason="By air", amount=Decimal(24), category="S", tax_rate=Decimal(19))
    invoice, link = asked_by_mail(people, charges=[freight])
    text = " ".join(re.sub(r"<[^>]+>", " ", page(link).content.decode()).split())
    assert "Freight By air – 24.00 EUR 24.00 EUR" in text
    assert "Net 730.00 EUR Tax 138.70 EUR To be paid 868.70 EUR" in text

    refused = say(link, "decline", "  ")
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    assert say(link, "laugh").status_code == 422
    assert state(invoice) == ("held", ["asked"])
    assert say(link, "decline", "6.85 was agreed.").status_code == 303

    (one,) = asked_for(invoice)
    assert (one.state, one.answer, one.answered_by) == ("declined", "6.85 was agreed.", "Bea Buyer")
    link.refresh_from_db()
    assert link.used_for == "decline"
    assert "You declined it." in page(link).content.decode()


def test_what_has_changed_is_said_and_shown_anew_before_anything_counts(people):
    invoice, link = asked_by_mail(people)
    mark = MARK.search(page(link).content.decode())[1]
    first = fresh_invoice(invoice)
    with acting(FEED):
        hold_invoice(invoice.key, Hold(TOLD, Acts.PAYABLES), actor=FEED, at=timezone.now())

    response = say(link, mark=mark)

    text = response.content.decode()
    assert response.status_code == 409
    assert "is not as it was when this page was opened" in text
    assert "This has changed since the mail was written." in text
    assert "Why it was held: " in text
    assert "asked a colleague, and has the answer" in text
    assert state(invoice) == ("held", ["asked"])
    why = Hold(first.held_for["key"], Acts(first.acts), tuple(first.held_for["params"].items()))
    with acting(FEED):
        hold_invoice(invoice.key, why, actor=FEED, at=timezone.now())
    assert "It was looked at anew" in page(link).content.decode()
    assert say(link).status_code == 303  # now it was seen
    assert state(invoice) == ("approved", ["granted"])


def test_the_link_ends_with_what_it_was_asked_about(people, settings):
    invoice, link = asked_by_mail(people)
    mark = MARK.search(page(link).content.decode())[1]
    sent = {"word": "approve", "mark": mark}

    def is_over(words):
        shown, pressed = page(link), Client().post(reverse("approve-say", args=[link.token]), sent)
        return words in shown.content.decode() and pressed.status_code in (403, 409, 410)

    desk(call_off, invoice, people["otto"], at=timezone.now())
    assert is_over("not needed any more")
    desk(accept_invoice, invoice, people["otto"], "Once more.", at=timezone.now())
    assert is_over("not needed any more")  # of another round

    link = a_link_to(invoice, people["bea"])
    desk(put_on_hold, invoice, people["otto"], "We look into it.", at=timezone.now())
    assert is_over("not needed any more")
    desk(accept_invoice, invoice, people["otto"], "Again.", at=timezone.now())

    link = a_link_to(invoice, people["bea"])
    do(withdraw_invoice, fresh_invoice(invoice), people["asha"], "A mistake.", at=timezone.now())
    assert is_over("not needed any more")

    other = an_invoice_over_price(people, "INV-2", order="4500000002", at=timezone.now())
    desk(accept_invoice, other, people["otto"], "Fine.", at=timezone.now())
    link = a_link_to(other, people["bea"])
    answer(approve_step, asked_for(other)[0], people["bea"], at=timezone.now())
    assert is_over("You approved it: ")
    assert state(other) == ("approved", ["granted"])


def test_who_may_not_answer_on_the_desk_may_not_by_a_link_to(people):
    invoice, link = asked_by_mail(people)
    mark = MARK.search(page(link).content.decode())[1]
    strangers = [
        a_link_to(invoice, people["otto"]),
        a_link_to(invoice, people["max"]),
    ]  # asked for it; of another role
    for one in strangers:
        assert "asked of somebody else now" in page(one).content.decode()
        assert say(one, mark=mark).status_code == 403
    today = timezone.localdate()
    with acting(FEED):
        StandIn.objects.create(
            person=people["bea"].user,
            stand_in=people["max"].user,
            from_on=today - timedelta(days=1),
            until_on=today + timedelta(days=1),
            written_by="Root Admin",
            written_at=timezone.now(),
        )
    assert page(strangers[1]).status_code == 200
    assert "asked of somebody else now" not in page(strangers[1]).content.decode()
    with acting(FEED):
        StandIn.objects.all().delete()
        User.objects.filter(pk=people["bea"].user.pk).update(company_role=CompanyRole.AUDITOR)
    assert (page(link).status_code, say(link, mark=mark).status_code) == (410, 410)
    with acting(FEED):
        User.objects.filter(pk=people["bea"].user.pk).update(company_role=CompanyRole.BUYER, is_active=False)
    assert (page(link).status_code, say(link, mark=mark).status_code) == (410, 410)
    assert state(invoice) == ("held", ["asked"])


@pytest.mark.django_db(transaction=True)
def test_a_link_runs_out_is_given_back_and_asks_for_the_pages_own_token(people, settings):
    invoice, link = asked_by_mail(people)
    mark = MARK.search(page(link).content.decode())[1]
    strict = Client(enforce_csrf_checks=True)
    say_address = reverse("approve-say", args=[link.token])
    assert strict.post(say_address, {"word": "approve", "mark": mark}).status_code == 403
    later = a_link_to(invoice, people["bea"])
    assert (later.expires_at - later.issued_at).days == settings.APPROVE_BY_LINK_FOR.days == 7
    mailed()
    with acting(FEED):
        ApprovalLink.objects.filter(pk=later.pk).update(expires_at=timezone.now())
    assert (page(later).status_code, say(later, mark=mark).status_code) == (410, 410)

    thanks = Client().post(reverse("approve-refuse", args=[link.token]))
    assert "The link has ended" in thanks.content.decode()
    assert (page(link).status_code, say(link, mark=mark).status_code) == (410, 410)
    with acting(FEED):
        told = AuditEvent.objects.get(kind="invoice.approval_refused")
    assert (told.internal, told.facts["to"]) == (True, "Bea Buyer")
    (letter,) = mailed()
    assert letter.to == ["Otto Payer <otto@northmoor.example>"]
    assert letter.subject == "The mail about the approval of invoice INV-1 went to the wrong person"
    assert "It was meant for Bea Buyer, and the approval is asked still. Call it off" in letter.body
    assert f"/payables/{invoice.key}/" in letter.body
    assert state(invoice) == ("held", ["asked"])


@pytest.mark.django_db(transaction=True)
def test_beyond_the_limit_one_signs_in_whatever_the_link_was_made_for(people, settings):
    invoice, link = asked_by_mail(people)
    mark = MARK.search(page(link).content.decode())[1]
    settings.APPROVE_BY_LINK_LIMIT = {"EUR": Decimal("840.13")}
    mailed()

    text = page(link).content.decode()
    pressed = say(link, mark=mark)

    assert "is approved after signing in" in text
    assert "840.14" not in text
    assert (pressed.status_code, "Sign in and decide" in pressed.content.decode()) == (403, True)
    assert state(invoice) == ("held", ["asked"])
    other = an_invoice_over_price(people, "INV-2", order="4500000002", at=timezone.now())
    desk(accept_invoice, other, people["otto"], "Fine.", at=timezone.now())
    (letter,) = mailed()
    assert re.search(rf"Sign in and decide: http\S+/payables/{other.key}/\n", letter.body)
    assert "/approve/" not in letter.body
    assert not may_by_link(
        Decimal("0.01"), "EUR", "NM", limits=env.amounts("UNSET"), sign_in=()
    )  # as it is set up


@pytest.mark.parametrize(
    ("amount", "currency", "company", "may"),
    [
        ("500.00", "EUR", "NM", True),
        ("500.01", "EUR", "NM", False),
        ("1", "USD", "NM", False),
        ("1", "EUR", "SW", False),
    ],
)
def test_up_to_how_much_a_link_approves(amount, currency, company, may):
    limits = {"EUR": Decimal(500)}
    assert may_by_link(Decimal(amount), currency, company, limits=limits, sign_in=["SW"]) is may
    assert not may_by_link(Decimal(amount), currency, company, limits=limits, sign_in=["*"])


def doors():
    return sorted(
        one.name for one in patterns(get_resolver()) if str(one.pattern).startswith("approve/<str:token>/")
    )


def test_no_other_token_opens_it_and_opening_changes_nothing(people):
    invoice, link = asked_by_mail(people)
    with acting(FEED):
        order = invoice.lines.get().order
        others = issue_link(
            Addressee("clerk@acme.example"),
            supplier_id=order.supplier_id,
            stream=order.stream,
            order_id=order.pk,
            purpose="answer",
            actor=FEED,
            at=timezone.now(),
        )
    wrong = ["A" * 46, link.token[:-1] + ("A" if link.token[-1] != "A" else "B"), others.token]
    wrong.append(seal_key(link.key, "another secret"))
    before = everything(invoice)

    assert doors() == ["approve", "approve-refuse", "approve-say"]
    for name in doors():
        for token in wrong:
            for method in ("get", "post"):
                response = getattr(Client(), method)(reverse(name, args=[token]), {"word": "approve"})
                assert response.status_code in (405, 410), (name, token, method)
        opened = Client().get(reverse(name, args=[link.token]))
        assert opened.status_code == (200 if name == "approve" else 405)
    assert Client().get(reverse("link", args=[link.token])).status_code == 410
    assert everything(invoice) == before
    assert without_secrets(f"GET /approve/{link.token}/say/") == "GET /approve/[hidden]/say/"
