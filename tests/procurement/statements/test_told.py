"""Who is mailed about a statement: accounts payable once that it differs, the supplier what it is asked."""

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.statements.messages import RowSaid, SettleStatement
from procurement.statements.services import answer_row, ask_row, settle_statement
from tests.builders.changes import an_agreed_order
from tests.builders.notices import mailed, react
from tests.builders.statements import a_statement, an_item, compared

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_statement_that_differs_is_told_and_its_questions_reach_the_other_side(people):
    asha, otto = people["asha"], people["otto"]
    now = timezone.now()  # what is months old is no news
    an_agreed_order(asha)
    react()
    mailed()
    statement = compared(a_statement(asha, [an_item(2, "R-1", 5)], at=now), asha, at=now)
    compared(statement, asha, at=now)
    told = mailed()
    assert [(one.to, one.subject) for one in told] == [
        (
            ["Otto Payer <otto@northmoor.example>"],
            "The statement of Acme Valves of 2 Mar 2026 differs from our books",
        )
    ]
    assert "One row does not agree." in told[0].body
    assert f"/statements/{statement.key}/" in told[0].body
    with acting(otto.actor):
        ask_row(RowSaid(statement.key, 2, "Which order?"), actor=otto.actor, at=now)
    (asked,) = mailed()
    assert (asked.to, asked.subject) == (
        ["Asha Acme <asha@supplier.example>"],
        "A question about your statement of 2 Mar 2026",
    )
    assert "Which order?" in asked.body
    with acting(asha.actor):
        answer_row(RowSaid(statement.key, 2, "4500000001"), actor=asha.actor, at=now)
    (answered,) = mailed()
    assert answered.subject == "Asha Acme answered about the statement of 2 Mar 2026"
    version = compared(statement, otto, at=now).version
    with acting(otto.actor):
        settle_statement(SettleStatement(statement.key, version, "Never sent."), actor=otto.actor, at=now)
    (settled,) = mailed()
    assert settled.subject == "The balance of your statement of 2 Mar 2026 is agreed"
