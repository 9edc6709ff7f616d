"""The worked example of docs/gateways.md is run as it stands there."""

import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.gateways.policies import MILESTONES_OF, X12_STATUS
from procurement.gateways.ways.rows import COLUMNS, read_rows
from procurement.shipments.models import Milestone
from tests.builders.changes import an_agreed_order
from tests.builders.gateways import a_carrier, an_event
from tests.builders.shipments import a_sent_notice, fresh_notice
from tests.people import FEED

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "gateways.md").read_text()


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


@pytest.fixture(autouse=True)
def no_hints(settings):
    settings.OUTBOX_WAKE = "tests.kernel.test_reactions.no_hint"


@pytest.fixture
def notice(people):
    return a_sent_notice(an_agreed_order(people["asha"]), people["asha"])


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl")), reason="no curl or no openssl here"
)
@pytest.mark.django_db(transaction=True)
def test_the_shell_of_the_page_tells_an_event(people, notice, live_server):
    carrier = a_carrier(people["ines"])
    expected = timezone.now().date() + timedelta(days=30)
    env = {
        **os.environ,
        "NO_PROXY": "*",
        "GATEWAY": f"{live_server.url}{reverse('gateway-in', args=[carrier.gateway.key])}",
        "SECRET": carrier.secret,
        "HAPPENED": timezone.now().isoformat(timespec="seconds"),
        "EXPECTED": expected.isoformat(),
    }

    ran = subprocess.run(["bash", "-c", block("bash")], env=env, capture_output=True, check=True, timeout=60)

    told, shown = json.loads(ran.stdout), json.loads(block("json"))
    assert told["message"] != shown["message"]
    assert {**told, "message": ""} == {**shown, "message": ""}
    assert fresh_notice(notice).expected_on == expected


@pytest.mark.django_db(transaction=True)
def test_the_python_of_the_page_signs(people, notice):
    carrier = a_carrier(people["ines"])
    names: dict = {}
    exec(block("python"), names)
    event = an_event(happened_at=timezone.now().isoformat(), notice="DN-1", supplier="ACME")
    body = json.dumps({"id": "m-1", "events": [event]}).encode()

    answer = Client().post(
        reverse("gateway-in", args=[carrier.gateway.key]),
        body,
        content_type="application/json",
        headers=names["sign"](body, carrier.secret),
    )

    assert answer.status_code == 202
    with acting(FEED):
        assert Milestone.objects.get().kind == "departed"


def test_the_file_of_the_page_can_be_read():
    (event,) = read_rows(block("csv").encode(), one_supplier=False).events

    assert event.problems == ()
    assert event.said["consignment"] == {"notice": "DN-1", "supplier": "ACME"}


def test_every_code_and_every_column_stands_on_the_page():
    rows = re.findall(r"^\| (`.+?`) \|", PAGE, re.MULTILINE)
    said = {word for row in rows for word in re.findall(r"`([^`]+)`", row)}

    assert set(MILESTONES_OF[X12_STATUS]) <= said
    assert {name for name in COLUMNS if f"`{name}`" not in PAGE} == set()
