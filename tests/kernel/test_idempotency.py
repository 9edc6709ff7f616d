"""The seen-before guard of the kernel; tests/procurement/acknowledgments/test_api.py shows it at a door."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.kernel.idempotency.models import SeenRequest
from portal.kernel.idempotency.services import KEPT_FOR, KeyReused, fingerprints_of, recall, remember
from portal.kernel.idempotency.tasks import forget
from portal.kernel.scope import NoScope, acting
from tests.people import FEED

pytestmark = pytest.mark.django_db


def keep(key, person, at):
    with acting(person.actor):
        remember(key, "f" * 64, 201, {"number": 1}, actor=person.actor, at=at)


def test_the_first_answer_is_found_again_by_who_asked_and_by_nobody_else(people):
    keep("a", people["asha"], timezone.now())

    with acting(people["asha"].actor):
        seen = recall("a", ["f" * 64], actor=people["asha"].actor)
    with acting(people["gil"].actor):
        assert recall("a", ["f" * 64], actor=people["gil"].actor) is None
        assert SeenRequest.objects.count() == 0

    assert (seen.status, seen.answer) == (201, {"number": 1})


def test_one_person_may_use_a_key_for_each_supplier(people):
    sam = people["sam"]
    other = replace(sam.actor, supplier_ids=sam.actor.all_supplier_ids[1:])
    keep("a", sam, timezone.now())

    with acting(other):
        assert recall("a", ["0" * 64], actor=other) is None
        remember("a", "0" * 64, 201, {}, actor=other, at=timezone.now())

    with acting(FEED):
        assert SeenRequest.objects.count() == 2


def test_another_request_under_the_key_is_refused(people):
    keep("a", people["asha"], timezone.now())

    with acting(people["asha"].actor), pytest.raises(KeyReused):
        recall("a", ["0" * 64], actor=people["asha"].actor)


def test_a_fingerprint_is_keyed_and_known_again_after_the_key_was_changed(settings):
    body = b'POST\n/api/v1/bank-changes\n\n{"number": "DE89370400440532013000"}'
    plain, before = hashlib.sha256(body).hexdigest(), fingerprints_of(body)[0]
    assert before != plain  # nobody tries numbers until one fits
    assert fingerprints_of(body)[-1] == plain  # as rows have it that were kept before
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of this installation, long enough to be one"
    assert fingerprints_of(body)[:2] == [fingerprints_of(body)[0], before]
    assert fingerprints_of(body)[0] != before


def test_it_needs_a_door(people):
    with pytest.raises(NoScope):
        recall("a", ["f" * 64], actor=people["asha"].actor)


def test_old_answers_of_everybody_are_forgotten_and_young_ones_kept(people):
    now = timezone.now()
    keep("old", people["asha"], now - KEPT_FOR - timedelta(hours=1))
    keep("older", people["gil"], now - KEPT_FOR * 2)
    keep("young", people["asha"], now - KEPT_FOR + timedelta(hours=1))

    assert forget() == 2

    with acting(FEED):
        assert list(SeenRequest.objects.values_list("key", flat=True)) == ["young"]
