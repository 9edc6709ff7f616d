"""docs/operations.md tells every setting there is and none that is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

READ = re.compile(r'env\.\w+\(\s*"([A-Z_]+)"')
READERS = ("settings.py", "gunicorn.py")
# Read by the library that uses it, or set for web processes in portal/wsgi.py.
OTHERS = {"PROMETHEUS_MULTIPROC_DIR"}


def settings_read() -> set[str]:
    portal = Path(settings.BASE_DIR) / "portal"
    return {name for file in READERS for name in READ.findall((portal / file).read_text())} | OTHERS


def settings_told() -> set[str]:
    page = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text()
    table = page.partition("## Settings")[2].partition("\n## ")[0]
    firsts = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    return {name for first in firsts for name in re.findall(r"`([A-Z_]+)`", first)}


def test_every_setting_is_told():
    assert settings_read() - settings_told() == set()


def test_every_told_setting_is_read():
    assert settings_told() - settings_read() == set()


@pytest.mark.parametrize("name", ["quayside_owner", "quayside_app", "quayside_supplier", "quayside_company"])
def test_every_role_is_told(name):
    page = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text()

    assert f"CREATE ROLE {name}" in page
