"""What the door of a page does to what comes in, and where it leads back to."""

import pytest
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.models import DraftAnswer
from procurement.threads.models import Message
from tests.builders.world import an_order
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db


def test_a_nul_in_what_was_typed_is_left_out(people):
    order = an_order()
    asha = signed_in(people["asha"])

    said = asha.post(reverse("message-send", args=[order.key]), {"body": "See\x00 drawing."})
    kept = asha.post(
        reverse("order-answer", args=[order.key]),
        {"version": "1", "note": "no\x00te", "supplier_reference": "S\x00O", "note.L10.0": "a\x00b"},
    )
    pasted = asha.post(
        reverse("order-answer", args=[order.key]), {"version": "1", "paste": "10\t\x00", "fill": "1"}
    )

    assert [said.status_code, kept.status_code, pasted.status_code < 500] == [303, 303, True]
    with acting(FEED):
        assert Message.objects.get().body == "See drawing."
        assert "\x00" not in str(list(DraftAnswer.objects.values_list("pieces", flat=True)))


def test_a_nul_in_an_address_is_left_out(people):
    an_order("1")

    assert signed_in(people["asha"]).get("/orders/?q=1%00&\x00=").status_code == 200


@pytest.mark.parametrize(
    ("referrer", "leads_to"),
    [
        ("http://testserver/orders/?turn=supplier", "/orders/?turn=supplier"),
        ("http://testserver//evil.example/x", "/"),
        ("http://testserver/\\evil.example/x", "/"),
        ("http://evil.example/orders/", "/"),
        ("http://[", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_is_a_page_of_ours(people, referrer, leads_to):
    asha = signed_in(people["asha"])

    response = asha.post(reverse("view-forget"), {}, headers={"Referer": referrer})

    assert (response.status_code, response.context["back"]) == (422, leads_to)


@pytest.mark.parametrize("view", ["9" * 5000, "9" * 30, "x", ""])
def test_a_view_that_cannot_be_is_refused_with_a_sentence(people, view):
    posted = {"page": "lines", "name": "x", "view": view}

    response = signed_in(people["asha"]).post(reverse("view-forget"), posted)

    assert response.status_code == 422
    assert "Say which view to remove." in response.content.decode()
