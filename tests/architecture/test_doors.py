"""Doors are thin: they read through `visible_to`, and rules live elsewhere."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOORS = sorted(
    path
    for app in ("procurement", "suppliers")
    for pattern in (
        "**/views.py",
        "**/views/*.py",
        "**/api.py",
        "**/api/*.py",
        "**/views_*.py",
        "**/token_views.py",
    )
    for path in (ROOT / app).glob(pattern)
)


def manager_uses(tree: ast.AST) -> list[tuple[int, str]]:
    """Each `.objects.something` with its line."""
    return [
        (node.lineno, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "objects"
    ]


@pytest.mark.parametrize("path", DOORS, ids=lambda path: str(path.relative_to(ROOT)))
def test_doors_read_only_what_the_actor_may_see(path):
    wrong = [use for use in manager_uses(ast.parse(path.read_text())) if use[1] != "visible_to"]
    assert wrong == []


@pytest.mark.parametrize("path", DOORS, ids=lambda path: str(path.relative_to(ROOT)))
def test_doors_do_not_save(path):
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert calls.isdisjoint({"save", "bulk_create", "bulk_update", "select_for_update"})


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "procurement").glob("**/*.py")) + sorted((ROOT / "suppliers").glob("**/*.py")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_rules_do_not_hide_in_signals_or_save(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
            assert not methods & {"save", "delete"}, f"{node.name} hides a rule in save() or delete()"
        if isinstance(node, ast.ImportFrom):
            assert node.module != "django.db.models.signals", "signals hide who calls whom"
