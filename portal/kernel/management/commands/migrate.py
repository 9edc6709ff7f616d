"""Django's migrate, which makes the tables of a new portal in a fraction of the time.

Note [Quick tables]: after each step of a migration Django makes the classes of all tables anew that the changed table
is related to. Here nearly every table is related to that of the suppliers, and through it to every other: of a minute's
work most went into classes that nobody looks at. An index, a constraint or a new column changes no class but its own,
and a new table has nobody yet who knows it; there the one class is changed, or made, and the others stay. What is sent
to PostgreSQL is the same, statement by statement. (Other databases make a table anew out of its class; they are none of
ours.) A step that runs code of ours is given classes made anew, as Django does it after what it calls a delayed step.

A portal that has tables is migrated in Django's own way: this spares a new one its time and risks nobody's data.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.fields import NOT_PROVIDED


class Command(migrate.Command):
    """`python manage.py migrate`: as Django's, and see Note [Quick tables]."""

    def handle(self, *args: Any, **options: Any) -> None:
        if MigrationRecorder(connections[options["database"]]).applied_migrations():
            super().handle(*args, **options)
            return
        with classes_that_stay():
            super().handle(*args, **options)


@contextmanager
def classes_that_stay() -> Iterator[None]:
    """Meanwhile an index, a constraint, a new column or a new table makes no class anew but its own."""
    quick = {
        "_append_option": _append_option,
        "_remove_option": _remove_option,
        "add_model": _add_model,
        "add_field": _add_field,
    }
    usual = {name: getattr(ProjectState, name) for name in quick}
    for name, method in quick.items():
        setattr(ProjectState, name, method)
    try:
        yield
    finally:
        for name, method in usual.items():
            setattr(ProjectState, name, method)


def _append_option(state: Any, app_label: str, model_name: str, option: str, added: Any) -> None:
    options = state.models[app_label, model_name].options
    _set_option(state, app_label, model_name, option, [*options[option], added])


def _remove_option(state: Any, app_label: str, model_name: str, option: str, name: str) -> None:
    options = state.models[app_label, model_name].options
    _set_option(state, app_label, model_name, option, [one for one in options[option] if one.name != name])


def _set_option(state: Any, app_label: str, model_name: str, option: str, now: list[Any]) -> None:
    state.models[app_label, model_name].options[option] = now
    if "apps" in vars(state):
        setattr(state.apps.get_model(app_label, model_name)._meta, option, now)
        state.is_delayed = True


def _add_model(state: Any, added: ModelState) -> None:
    key = added.app_label, added.name_lower
    state.models[key] = added
    if state._relations is not None:
        state.resolve_model_relations(key)
    if "apps" in vars(state):
        state.apps.render_multiple([added])
        state.is_delayed = True


_add_field_as_usual = ProjectState.add_field


def _add_field(
    state: Any, app_label: str, model_name: str, name: str, field: Any, preserve_default: bool
) -> None:
    if "apps" not in vars(state) or field.many_to_many:
        _add_field_as_usual(state, app_label, model_name, name, field, preserve_default)
        return
    if not preserve_default:
        field = field.clone()
        field.default = NOT_PROVIDED
    key = app_label, model_name
    state.models[key].fields[name] = field
    if state._relations is not None:
        state.resolve_model_field_relations(key, name, field)
    state.apps.get_model(app_label, model_name).add_to_class(name, field.clone())
    state.apps.clear_cache()  # what the classes know of each other
    state.is_delayed = True
