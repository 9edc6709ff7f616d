"""The desk in a browser's eyes: what waits, ranked; the case side by side; what rules approved; what is due when."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kernel.scope import acting
from procurement.invoices.models import Invoice
from procurement.invoices.states import LIVE
from procurement.matching.models import Match, MatchCheck
from procurement.payables.policies import week_of
from procurement.payables.queries.forecast import forecast
from tests.people import FEED

pytestmark = pytest.mark.django_db


def copies(invoice, count, **changed):
    """The same invoice so many times more, each under a number of its own, with what the match said of it."""
    with acting(FEED):
        rows = []
        for n in range(count):
            row = Invoice.objects.get(pk=invoice.pk)
            row.pk, row.key, row.document = None, uuid.uuid4(), uuid.uuid4()
            row.number = row.number_key = f"C{n}"
            for name, value in changed.items():
                setattr(row, name, value(n) if callable(value) else value)
            rows.append(row)
        made = Invoice.objects.bulk_create(rows)
        for row in made:
            for line in list(invoice.lines.all()):
                line.pk, line.invoice = None, row
                line.save()
            match = Match.objects.get(invoice=invoice, is_current=True)
            checks = list(MatchCheck.objects.filter(match=match))
            match.pk, match.key, match.invoice = None, uuid.uuid4(), row
            match.save()
            for check in checks:
                check.pk, check.match = None, match
                check.save()
        return made


def to_the_desk(invoice, acts="payables"):
    soon = {"invoiced_on": today, "due_on": today + timedelta(days=30)}
    copies(
        invoice, 1, number="SOON", number_key="soon", discount_percent=Decimal(2), discount_days=10, **soon
    )
    copies(
        invoice,
        1,
        number="CN",
        number_key="cn",
        kind="credit_note",
        discount_percent=None,
        discount_days=None,
        invoiced_on=today,
        due_on=today + timedelta(days=30),
    )
    monday = week_of(today + timedelta(days=30))

    with acting(people["asha"].actor):
        rows = forecast(people["asha"].actor, today)
    assert [(one.week, one.currency, one.amount, one.discount, one.count, one.is_past) for one in rows] == [
        (week_of(today) - timedelta(days=7), "EUR", Decimal("840.14"), Decimal(0), 1, True),
        (monday, "EUR", Decimal(0), Decimal("16.8028"), 2, False),
    ]
    with acting(people["gil"].actor):
        assert forecast(people["gil"].actor, today) == []
    page = at("asha").get(f"/payables/due/?week={monday.isoformat()}").content.decode()
    assert "SOON" in page
    assert "INV-1" not in page
    assert "INV-1" in at("otto").get("/payables/due/?week=2026-01-05").content.decode()
    assert at("asha").get("/payables/due/?week=never").status_code == 200
    assert set(LIVE)
