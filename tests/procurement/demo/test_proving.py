"""The demo's suppliers have given most of what they owe: one is asked, one waits, one is late."""

from collections import Counter

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.demo.proving import prove_some
from suppliers.documents.models import Document
from tests.builders.documents import states
from tests.people import FEED

pytestmark = pytest.mark.django_db


def test_some_documents_are_there_and_one_is_late(people):
    assert prove_some(at=timezone.now()) == 5  # of two suppliers: the last has given no insurance

    assert Counter(state for _number, state in states()) == Counter({"accepted": 5})
    with acting(FEED):
        asked = Document.objects.exclude(asked_for="").order_by("supplier__number")
        told = [(one.supplier.number, one.asked_for, one.late_at is not None) for one in asked]
    assert told == [("ACME", "ending", False), ("GLOBEX", "missing", True)]
