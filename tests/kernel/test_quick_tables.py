"""Tables are made quickly: what a step of a migration sees is what Django would have made. See Note [Quick tables]."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.state import ModelState, ProjectState

from portal.kernel.management.commands.migrate import classes_that_stay


def an_app() -> ProjectState:
    """A supplier and its order, as classes."""
    key = ("id", models.BigAutoField(primary_key=True))
    supplier = ModelState("shop", "Supplier", [key, ("number", models.TextField())])
    of = ("supplier", models.ForeignKey("shop.Supplier", models.CASCADE))
    order = ModelState("shop", "Order", [key, of], {"indexes": [], "constraints": []})
    state = ProjectState({("shop", one.name_lower): one for one in (supplier, order)})
    assert len(state.apps.get_models()) == 2
    return state


STEPS = [
    migrations.AddIndex("Order", models.Index(fields=["supplier"], name="by_supplier")),
    migrations.AddConstraint("Order", models.UniqueConstraint(fields=["supplier"], name="only_one")),
    migrations.AddConstraint("Order", models.CheckConstraint(condition=models.Q(id__gt=0), name="positive")),
    migrations.RemoveConstraint("Order", "only_one"),
    migrations.CreateModel(
        "Line",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("order", models.ForeignKey("shop.Order", models.CASCADE, related_name="lines")),
        ],
    ),
    migrations.AddField("Line", "text", models.TextField(default="")),
    migrations.AddField("Order", "note", models.TextField(default="none"), preserve_default=False),
    migrations.AddField("Supplier", "parent", models.ForeignKey("self", models.CASCADE, null=True)),
    migrations.AddField(
        "Line", "maker", models.ForeignKey("shop.Supplier", models.CASCADE, null=True, related_name="made")
    ),
    migrations.AlterField("Line", "text", models.CharField(max_length=9)),
]


def step(state: ProjectState) -> None:
    for one in STEPS:
        one.state_forwards("shop", state)


def looks(state: ProjectState) -> dict[str, object]:
    """What a statement could be made from, of each class."""
    return {
        model.__name__: (
            [(field.name, field.deconstruct()) for field in model._meta.local_fields],
            [one.deconstruct() for one in model._meta.indexes],
            [one.deconstruct() for one in model._meta.constraints],
            sorted((one.name, one.related_model.__name__) for one in model._meta.related_objects),
        )
        for model in state.apps.get_models()
    }


def test_classes_look_as_if_they_were_made_anew():
    usual, quick = an_app(), an_app()
    supplier = quick.apps.get_model("shop", "Supplier")

    step(usual)
    with classes_that_stay():
        for one in STEPS[:-1]:
            one.state_forwards("shop", quick)
        assert quick.apps.get_model("shop", "Supplier") is supplier
        pointing = {"order", "supplier", "made"}
        assert {field.name for field in supplier._meta.get_fields()} == pointing | {"id", "number", "parent"}
        STEPS[-1].state_forwards("shop", quick)

    assert looks(quick) == looks(usual)
    assert {key: state.options for key, state in quick.models.items()} == {
        key: state.options for key, state in usual.models.items()
    }
    quick.clear_delayed_apps_cache()  # as before code of ours is run
    assert quick.apps.get_model("shop", "Supplier") is not supplier
    assert looks(quick) == looks(usual)


def test_afterwards_all_is_as_django_has_it():
    with classes_that_stay():
        pass
    state = an_app()
    order = state.apps.get_model("shop", "Order")

    STEPS[0].state_forwards("shop", state)

    assert state.apps.get_model("shop", "Order") is not order


@pytest.mark.django_db
def test_every_index_and_constraint_of_every_table_is_there():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class UNION SELECT conname FROM pg_constraint")
        there = {name for (name,) in cursor.fetchall()}
    wanted = {
        one.name
        for model in apps.get_models(include_auto_created=True)
        for one in (*model._meta.indexes, *model._meta.constraints)
    }

    assert len(wanted) > 300
    assert wanted - there == set()
