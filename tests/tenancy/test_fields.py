"""Which columns a supplier's scope may read, add, change and take away: told on a page, as the database has it."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from tests.tenancy.test_walls import rights_of_suppliers

pytestmark = pytest.mark.django_db

PAGE = Path(settings.BASE_DIR) / "docs" / "security" / "fields.md"
HEAD = "| what | read | added | changed later | taken away |\n|---|---|---|---|---|\n"


def written():
    """The table of the page, from the rights in the database."""
    names = {
        model._meta.db_table: model.__name__ for model in apps.get_models() if model._meta.app_label in OURS
    }
    rows = []
    for table, rights in rights_of_suppliers().items():
        verbs = dict(re.findall(r"([A-Z]+)(?:\(([^)]*)\))?", rights))
        cells = [said(verbs, verb) for verb in ("SELECT", "INSERT", "UPDATE", "DELETE")]
        rows.append(f"| `{names.get(table, table)}` | " + " | ".join(cells) + " |")
    return HEAD + "\n".join(sorted(rows)) + "\n"


OURS = ("kernel", "procurement", "suppliers")


def said(verbs, verb):
    if verb not in verbs:
        return ""
    return ", ".join(f"`{column}`" for column in verbs[verb].split(",")) if verbs[verb] else "all"


def test_the_page_of_fields_is_what_the_database_lets_a_supplier_do():
    """ASVS 5.0, 8.1.2."""
    told = PAGE.read_text()
    assert told[told.index(HEAD) :] == written()
