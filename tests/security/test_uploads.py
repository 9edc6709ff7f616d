"""Every door by which a file comes in: told on one page with its limits, and none of them past the virus scanner."""

import ast
import importlib
import re
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.einvoices.terms import SupportingDocument
from procurement.einvoices.writing import write_ubl
from procurement.invoices.models import UploadedInvoices
from tests.builders.documents import EICAR, a_scanner
from tests.builders.invoice_files import an_einvoice
from tests.people import FEED
from tests.tenancy.test_matrix import access_of, our_doors

ROOT = Path(django_settings.BASE_DIR)
PAGE = (ROOT / "docs" / "security" / "uploads.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| `")
]
# Where every form passes by, where a file is named again that another door has taken, and where JSON is read.
NO_DOOR = {"portal/uploads.py", "suppliers/signin/step_up.py", "suppliers/scim/views/way.py"}
UNITS = {"MB": 1024 * 1024, "": 1}


def value_of(path):
    """What a dotted path of the page names: a constant, a table of kinds, a form."""
    module, _dot, name = path.rpartition(".")
    return getattr(django_settings if module == "settings" else importlib.import_module(module), name)


# --- what the page says -------------------------------------------------------------------------------------


def reads_files(tree):
    """Whether a module takes files off a request: of a form, in base64, or the whole body of it."""
    return any(
        isinstance(node, ast.Attribute) and node.attr in ("FILES", "b64decode") for node in ast.walk(tree)
    ) or any(
        isinstance(node, ast.Call) and ast.unparse(node.func) == "request.read" for node in ast.walk(tree)
    )


def test_no_door_for_files_is_missing():
    """ASVS 5.0, 5.1.1."""
    found = {
        str(path.relative_to(ROOT))
        for folder in ("portal", "suppliers", "procurement")
        for path in (ROOT / folder).rglob("*.py")
        if path.name in ("forms.py", "api.py", "uploads.py", "step_up.py") or "views" in str(path)
        if reads_files(ast.parse(path.read_text()))
    }
    assert found - NO_DOOR == {re.search("`(.+)`", row[1])[1] for row in ROWS}


def test_every_door_of_the_page_is_there():
    known = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert {name for row in ROWS for name in re.findall(r"`([\w-]+)`", row[0])} - known == set()


def test_its_figures_are_those_of_the_code():
    told = re.findall(r"(\d[\d,]*)(?: (MB))?[^`,|]*?\(`([\w.]+)`\)", "|".join(row[3] for row in ROWS) + PAGE)
    assert len(told) > 20
    figures = {path: int(number.replace(",", "")) * UNITS[unit] for number, unit, path in told}
    assert figures == {path: value_of(path) for path in figures}


def test_its_kinds_are_those_of_the_code():
    told = re.findall(r"([a-z]+(?:, [a-z]+)*) \(`([\w.]+)`\)", "|".join(row[2] for row in ROWS))
    assert len(told) == 10
    for kinds, path in told:
        known = value_of(path)
        if path.endswith("Form"):
            (accept,) = {
                field.widget.attrs["accept"]
                for field in known.base_fields.values()
                if "accept" in field.widget.attrs
            }
            known = [one.removeprefix(".") for one in accept.split(",")]
        assert set(kinds.split(", ")) == set(known), path


# --- past the scanner ---------------------------------------------------------------------------------------


@pytest.fixture
def scanner(settings):
    cache.clear()
    with a_scanner() as server:
        settings.CLAMD_URL, settings.CLAMD_TIMEOUT = urlsplit(server.url), 2.0
        yield server


def browser(person):
    client = Client()
    client.force_login(person.user)
    return client


def some_address(pattern):
    """An address of this door, of something that may not be there: the file is looked at before anything is."""
    made_up = {"uuid": uuid.uuid4(), "int": 1, "str": "x", "slug": "x", "path": "x"}
    kinds = {
        name: type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
        for name, converter in pattern.pattern.converters.items()
    }
    return reverse(pattern.name, kwargs={name: made_up.get(kind, "x") for name, kind in kinds.items()})


def pages_that_take_forms():
    return [
        pattern
        for pattern in our_doors()
        if "POST" in access_of(pattern).methods and not access_of(pattern).public
    ]


@pytest.mark.django_db(transaction=True)
def test_no_form_of_any_page_brings_a_harmful_file_in(people, scanner):
    """ASVS 5.0, 5.4.3: whatever the page, whatever the field."""
    client = browser(people["bea"])
    let_through, asked = {}, 0
    for pattern in pages_that_take_forms():
        try:
            url = some_address(pattern)
        except NoReverseMatch:
            let_through[pattern.name] = "no address"
            continue
        if url.startswith(("/api/", "/scim/")):
            continue
        before, asked = len(scanner.seen), asked + 1
        answer = client.post(url, {"whatever": SimpleUploadedFile("a.pdf", EICAR, "application/pdf")})
        if (answer.status_code, scanner.seen[before:]) != (422, [EICAR]):
            let_through[pattern.name] = answer.status_code
        elif b"carries malware (Eicar-Test-Signature)" not in answer.content:
            let_through[pattern.name] = "not said"
    assert let_through == {}
    assert asked > 150
    with acting(FEED):
        assert AuditEvent.objects.filter(kind="security.malware_refused").count() == asked


@pytest.mark.django_db(transaction=True)
def test_what_an_electronic_invoice_carries_is_looked_at_too(people, scanner):
    """In XML it is letters, and the file as a whole is clean: found so."""
    hidden = SupportingDocument(
        reference="PL-7", content=EICAR, mime="application/pdf", filename="packing.pdf"
    )
    content = write_ubl(an_einvoice(documents=[hidden]))
    assert EICAR not in content

    answer = browser(people["asha"]).post(
        reverse("invoice-upload"), {"file": SimpleUploadedFile("invoice.xml", content)}
    )

    assert scanner.seen == [content, EICAR]
    assert answer.status_code == 422
    assert "packing.pdf carries malware (Eicar-Test-Signature)" in answer.text
    with acting(FEED):
        assert UploadedInvoices.objects.count() == 0
