"""The documents say what the code says."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parents[2]
ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.name)
def test_the_heading_of_a_decision_has_the_number_of_its_file(path):
    number = int(path.name[:4])
    assert path.read_text().startswith(f"# {number}. ")


def test_decisions_are_numbered_without_gaps():
    assert [int(path.name[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_drawn_lifecycles_are_the_ones_in_the_code():
    printed = StringIO()
    call_command("draw_lifecycles", stdout=printed)
    assert (ROOT / "docs" / "lifecycles.md").read_text() == printed.getvalue()


def test_what_forms_take_is_told_as_the_code_has_it():
    """ASVS 5.0, 2.1.1."""
    printed = StringIO()
    call_command("tell_inputs", stdout=printed)
    page = printed.getvalue()
    assert (ROOT / "docs" / "security" / "inputs.md").read_text() == page
    assert [path for path in re.findall(r"`(\w+/[\w/]+\.py)`", page) if not (ROOT / path).exists()] == []


def glossary() -> dict[str, str]:
    """Word: the class or module it is called in the code."""
    rows = re.findall(
        r"^\| ([^|]+?) \| `([^`]+)` \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE
    )
    return dict(rows)


def test_the_glossary_knows_every_paper():
    papers = {model.__name__ for model in apps.get_app_config("procurement").get_models()}
    assert papers <= {path.rsplit(".", 1)[1] for path in glossary().values()}


@pytest.mark.parametrize("path", sorted(set(glossary().values())))
def test_every_word_of_the_glossary_leads_into_the_code(path):
    assert import_string(path)
