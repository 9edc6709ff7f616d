"""What lies where: gatherers gather everything, migrations have one leaf, every package says which paper it is."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

import procurement

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(
    one.name
    for one in pkgutil.iter_modules(procurement.__path__)
    if one.ispkg and one.name not in ("migrations", "management", "templatetags")
)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_which_paper_it_is(package):
    assert (importlib.import_module(f"procurement.{package}").__doc__ or "").strip()


@pytest.mark.parametrize("drawer", ["models", "tasks"])
def test_gatherers_gather_every_package(drawer):
    gatherer = ROOT / "procurement" / f"{drawer}.py"
    imported = (
        {
            node.module
            for node in ast.walk(ast.parse(gatherer.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module
        }
        if gatherer.exists()
        else set()
    )
    wanted = {
        f"procurement.{package}.{drawer}"
        for package in PACKAGES
        if (ROOT / "procurement" / package / f"{drawer}.py").exists()
        or (ROOT / "procurement" / package / drawer).is_dir()
    }
    assert wanted <= imported


def test_no_table_is_forgotten():
    defined = set()
    for path in (ROOT / "procurement").glob("*/**/models.py"):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        defined |= {
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and value.__module__ == module.__name__
            and hasattr(value, "_meta")
            and not value._meta.abstract
        }
    assert defined == set(apps.get_app_config("procurement").get_models())


@pytest.mark.parametrize("app", ["kernel", "suppliers", "procurement"])
def test_migrations_have_one_leaf(app):
    assert len(MigrationLoader(None).graph.leaf_nodes(app)) == 1
