"""Imports and foreign keys go down the stairs."""

import tomllib
from pathlib import Path

from django.apps import apps
from importlinter import configuration
from importlinter.application.use_cases import lint_imports

ROOT = Path(__file__).resolve().parents[2]


def stairs() -> list[set[str]]:
    """The floors of procurement, top first, as pyproject.toml draws them for import-linter."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one.get("containers") == ["procurement"]]
    return [{name.strip(" ()") for name in floor.split("|")} for floor in layers]


def test_imports_go_down_the_stairs(monkeypatch):
    monkeypatch.chdir(ROOT)
    configuration.configure()
    assert lint_imports(config_filename="pyproject.toml", cache_dir=None)


def test_foreign_keys_go_down_the_stairs():
    floors = {name: height for height, names in enumerate(reversed(stairs())) for name in names}

    upward = []
    for model in apps.get_app_config("procurement").get_models():
        for field in model._meta.concrete_fields:
            if not field.is_relation or field.related_model._meta.app_label != "procurement":
                continue
            mine = model.__module__.split(".")[1]
            theirs = field.related_model.__module__.split(".")[1]
            if mine != theirs and floors[theirs] >= floors[mine]:
                upward.append(f"{model.__name__}.{field.name} -> {field.related_model.__name__}")
    assert upward == []
