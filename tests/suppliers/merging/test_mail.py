"""What people read when two records are merged."""

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from suppliers.merging.messages import AskMerge
from suppliers.merging.services import approve_merge, ask_merge
from tests.builders.notices import mailed
from tests.builders.programs import a_program

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_acts_for_both_reads_for_whom_and_which_tokens_ended(people, world):
    now = timezone.now()
    root, max_ = people["root"].actor, people["max"].actor
    feed = a_program(world["GLOBEX"])
    kept = a_program(world["ACME"])
    with acting(root):
        command = AskMerge(world["ACME"].key, world["GLOBEX"].key, "One tax number.")
        row = ask_merge(command, actor=root, at=now)
    with acting(max_):
        approve_merge(row.key, row.version, actor=max_, at=now)

    letters = {one.to[0].partition(" <")[0]: one for one in mailed()}

    assert sorted(letters) == ["Arun Acme", "Asha Acme", "Gil Globex", "Olga Acme"]
    gil = letters["Gil Globex"]
    assert gil.subject == "You act for Acme Valves too"
    said = " ".join(gil.body.split())
    assert "Globex and Acme Valves are two numbers of one company here." in said
    assert (
        f"Access tokens of Globex ended with it: Order desk ({feed.token.prefix}…). Where a program goes on with that "
        "record, its administrator makes it a new one."
    ) in said
    assert kept.token.prefix not in said
