"""Two save one part of the company data, and one approves while another withdraws, at one moment: real threads."""

from collections import Counter

import pytest

from portal.kernel.scope import acting
from suppliers.details.messages import ChangeDetail
from suppliers.details.models import ChangeRequest, Contact
from suppliers.details.queries import fingerprint, present
from suppliers.details.services import approve_detail_change, change_detail, withdraw_detail_change
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier
from suppliers.services import receive_suppliers
from tests.builders.world import MONDAY
from tests.concurrency.at_once import at_once, kinds
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)
LEGAL = {"legal_name": "Acme Valves Private Limited", "country": "IN"}


def changing(person, supplier, part, values, **rest):
    def work():
        with acting(person.actor):
            command = ChangeDetail(supplier.key, part, values, **rest)
            return change_detail(command, actor=person.actor, at=MONDAY)

    return work


def standing(supplier, part):
    with acting(FEED):
        return present(Supplier.objects.get(pk=supplier.pk), part)


def test_of_two_who_save_one_part_the_second_is_told_and_one_request_waits(people, world):
    acme = world["ACME"]
    seen = fingerprint(standing(acme, "names"))
    saves = [
        changing(people[who], acme, "names", {"trading_name": who}, seen=seen) for who in ("asha", "root")
    ]
    assert kinds(at_once(*saves)) == Counter({"ChangeRequest": 1, "StaleDocument": 1})
    assert standing(acme, "names")["trading_name"] in ("asha", "root")

    asks = [changing(people[who], acme, "legal", LEGAL) for who in ("asha", "root")]
    assert kinds(at_once(*asks)) == Counter({"ChangeRequest": 1, "IllegalTransition": 1})

    # A contact and a number need not wait for one another's page, and both are kept.
    rita = {"name": "Rita", "roles": ["orders"], "email": "r@acme.example", "language": "en"}
    gln = {"kind": "gln", "value": "4006381333931"}
    both = at_once(
        changing(people["asha"], acme, "contact", rita), changing(people["root"], acme, "number", gln)
    )
    assert kinds(both) == Counter({"ChangeRequest": 2})
    with acting(FEED):
        assert Contact.objects.count() == 1


def test_approved_or_withdrawn_and_never_both(people, world):
    acme = world["ACME"]
    asked = changing(people["asha"], acme, "legal", LEGAL)()

    def approving():
        with acting(people["max"].actor):
            return approve_detail_change(asked.key, 1, actor=people["max"].actor, at=MONDAY)

    def withdrawing():
        with acting(people["asha"].actor):
            return withdraw_detail_change(asked.key, 1, actor=people["asha"].actor, at=MONDAY)

    assert kinds(at_once(approving, withdrawing)) == Counter({"ChangeRequest": 1, "IllegalTransition": 1})
    with acting(FEED):
        state = ChangeRequest.objects.get(pk=asked.pk).state
    name = standing(acme, "legal")["legal_name"]
    assert (state, name) in (("in_force", LEGAL["legal_name"]), ("withdrawn", ""))


def test_the_feed_and_a_person_at_one_moment_lose_neither_word(people, world):
    paper = SupplierPaper(
        "ACME", "Acme Valves", "IN", "EUR", "fr", "Asia/Kolkata", "core", "sales@acme.example"
    )

    def feeding():
        with acting(FEED):
            return receive_suppliers([paper])

    values = {"language": "de", "time_zone": "Asia/Kolkata", "email": "sales@acme.example"}
    at_once(feeding, changing(people["asha"], world["ACME"], "preferences", values))
    with acting(FEED):
        acme = Supplier.objects.get(pk=world["ACME"].pk)
    assert (acme.language, acme.erp_says["language"]) in (("de", "fr"), ("de", "en"))
    feeding()
    with acting(FEED):
        acme.refresh_from_db()
    assert (acme.language, acme.erp_says["language"]) == ("de", "fr")
