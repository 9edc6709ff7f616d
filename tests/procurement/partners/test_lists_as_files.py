"""The suppliers, and the funnel of onboarding, as files: what the list shows, all of it, in cells that run nothing."""

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from portal.kernel.scope import acting
from procurement.orders.files import exports
from suppliers.details.models import CompanyNames
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.services import invite_suppliers
from suppliers.services import receive_suppliers
from tests.people import FEED

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(people):
    client = Client()
    client.force_login(people["max"].user)
    return client


def bytes_of(answer):
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def lines(answer):
    return list(csv.reader(io.StringIO(bytes_of(answer).decode("utf-8-sig"))))


def more_suppliers(count):
    with acting(FEED):
        receive_suppliers(
            [
                SupplierPaper(f"B{n:02}", f"Bolt {n:02}", "DE", "EUR", "de", "UTC", "core", f"b{n}@b.example")
                for n in range(count)
            ]
        )


def invited(people, *numbers):
    actor = people["root"].actor
    with acting(actor):
        command = InviteSuppliers(tuple(Target(one, f"new@{one.lower()}.example") for one in numbers))
        assert len(invite_suppliers(command, actor=actor, at=timezone.now()).runs) == len(numbers)


def test_the_suppliers_are_saved_as_the_list_shows_them(people, max_):
    with acting(FEED):
        Supplier.objects.filter(number="GLOBEX").update(
            name="=1+1", country="DE", email="desk@globex.example"
        )
        CompanyNames.objects.create(
            supplier=Supplier.objects.get(number="GLOBEX"), legal_name="Globex GmbH", trading_name="@Globex"
        )

    head, *rows = lines(max_.get("/suppliers/export.csv?q=globex"))
    assert dict(zip(head, rows[0], strict=True)) == {
        "Supplier number": "GLOBEX",
        "Supplier": "'=1+1",
        "Legal name": "Globex GmbH",
        "Trading name": "'@Globex",
        "Country": "Germany",
        "Segment": "Long tail",
        "Channel": "Portal",
        "State": "Active",
        "Mail address": "desk@globex.example",
        "Language": "de",
        "Business ends on": "",
    }
    assert len(rows) == 1
    assert [row[0] for row in lines(max_.get("/suppliers/export.csv"))[1:]] == ["GLOBEX", "ACME"]

    answer = max_.get("/suppliers/export.xlsx")
    day = timezone.localdate().isoformat()
    assert f'filename="suppliers-{day}.xlsx"' in answer["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(bytes_of(answer))).active
    assert [(row[0].value, row[1].value, row[1].data_type) for row in sheet.iter_rows(min_row=2)] == [
        ("GLOBEX", "=1+1", "s"),
        ("ACME", "Acme Valves", "s"),
    ]


def test_the_funnel_is_saved_with_the_step_at_which_each_waits(people, max_):
    invited(people, "ACME", "GLOBEX")
    with acting(FEED):
        Supplier.objects.filter(number="GLOBEX").update(name="-Globex")

    head, *rows = lines(max_.get("/onboarding/export.csv"))
    by_number = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert {name: by_number["GLOBEX"][name] for name in head if name not in ("Invited on",)} == {
        "Supplier number": "GLOBEX",
        "Supplier": "'-Globex",
        "Mail address": "new@globex.example",
        "State": "Under way",
        "Waits at": "Company data",
        "Steps done": "1/8",
        "Paying waits for": "Tax numbers, Bank details",
        "Reminders": "0",
    }
    assert [row[0] for row in lines(max_.get("/onboarding/export.csv?q=acme"))[1:]] == ["ACME"]
    assert lines(max_.get("/onboarding/export.csv?step=terms")) == [head]
    sheet = load_workbook(io.BytesIO(bytes_of(max_.get("/onboarding/export.xlsx")))).active
    assert sheet.max_row == 3


@pytest.mark.parametrize("path", ["/suppliers/export.csv", "/onboarding/export.csv"])
def test_a_list_that_is_too_long_is_refused_and_never_cut(people, max_, monkeypatch, path):
    invited(people, "ACME", "GLOBEX")
    monkeypatch.setattr(exports, "MOST_ROWS", 1)
    refused = max_.get(path)
    assert (refused.status_code, "more than 1 rows" in refused.content.decode()) == (422, True)


@pytest.mark.parametrize("path", ["/suppliers/export.csv", "/onboarding/export.xlsx"])
def test_they_are_the_buying_sides(people, path):
    for who, status in (("asha", 403), ("bea", 200)):
        client = Client()
        client.force_login(people[who].user)
        answer = client.get(path)
        assert answer.status_code == status
        assert not answer.streaming or bytes_of(answer)


@pytest.mark.parametrize("path", ["/suppliers/export.csv", "/onboarding/export.csv"])
def test_as_many_queries_for_thirty_as_for_one(people, max_, path):
    lines(max_.get(path))  # what is read once is read
    counts = []
    for numbers in (["ACME"], [f"B{n:02}" for n in range(30)]):
        more_suppliers(30)
        invited(people, *numbers)
        with CaptureQueriesContext(connection) as queries:
            lines(max_.get(path))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("page", "path"), [("/suppliers/", "/suppliers"), ("/onboarding/", "/onboarding")])
def test_the_page_leads_to_the_files_of_what_it_shows(max_, page, path):
    shown = max_.get(f"{page}?q=a%26b&state=active").content.decode()
    for kind in ("csv", "xlsx"):
        assert f'href="{path}/export.{kind}?q=a%26b&amp;state=active"' in shown
