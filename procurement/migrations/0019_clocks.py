"""Clocks: opening hours for everybody to read; policies, ladders and running clocks for the buying side alone."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import append_only, company_wall, supplier_may, wall

OF_THE_COMPANY = (
    "procurement_servicepolicy",
    "procurement_ladderstep",
    "procurement_clockstep",
    "procurement_duemove",
)


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0018_stock_and_demand"),
        ("suppliers", "0003_people_walls"),
    ]

    operations = [
        migrations.CreateModel(
            name="ServicePolicy",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=100)),
                ("kind", models.CharField(blank=True, max_length=60)),
                ("supplier_number", models.CharField(blank=True, max_length=40)),
                ("segment", models.CharField(blank=True, max_length=20)),
                ("order_kind", models.CharField(blank=True, max_length=30)),
                ("lead_days", models.PositiveSmallIntegerField(null=True)),
                ("value_from", models.DecimalField(decimal_places=4, max_digits=20, null=True)),
                ("target", models.DecimalField(decimal_places=2, max_digits=7)),
                (
                    "target_unit",
                    models.CharField(choices=[("hours", "hours"), ("days", "days")], max_length=5),
                ),
                (
                    "whose",
                    models.CharField(
                        choices=[("supplier", "supplier"), ("company", "company")], max_length=10
                    ),
                ),
                ("note", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("authors", models.JSONField(default=list)),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.CharField(blank=True, max_length=200)),
                ("retired_at", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, max_length=200)),
                (
                    "replaces",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.servicepolicy",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LadderStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("remind", "remind"),
                            ("second_contact", "second_contact"),
                            ("buyer", "buyer"),
                            ("manager", "manager"),
                            ("stand_in", "stand_in"),
                        ],
                        max_length=20,
                    ),
                ),
                ("anchor", models.CharField(choices=[("start", "start"), ("due", "due")], max_length=10)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=7)),
                ("unit", models.CharField(choices=[("hours", "hours"), ("days", "days")], max_length=5)),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="procurement.servicepolicy",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("kind", models.CharField(max_length=60)),
                ("stream", models.CharField(max_length=120)),
                ("label", models.CharField(blank=True, max_length=200)),
                (
                    "whose",
                    models.CharField(
                        choices=[("supplier", "supplier"), ("company", "company")], max_length=10
                    ),
                ),
                ("policy_name", models.CharField(blank=True, max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("paused", "Paused"), ("stopped", "Stopped")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("started_at", models.DateTimeField()),
                ("first_due_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("spells", models.JSONField()),
                ("rungs", models.JSONField(default=list)),
                ("done", models.PositiveSmallIntegerField(default=0)),
                ("overdue_told_at", models.DateTimeField(null=True)),
                ("wakes_at", models.DateTimeField(null=True)),
                ("stopped_at", models.DateTimeField(null=True)),
                ("stopped_because", models.CharField(blank=True, max_length=200)),
                (
                    "company",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.site",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.servicepolicy",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClockStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("remind", "remind"),
                            ("second_contact", "second_contact"),
                            ("buyer", "buyer"),
                            ("manager", "manager"),
                            ("stand_in", "stand_in"),
                        ],
                        max_length=20,
                    ),
                ),
                ("taken_at", models.DateTimeField()),
                ("was_overdue", models.BooleanField(default=False)),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="procurement.clock",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("clock", "number"), name="clock_step_once")],
            },
        ),
        migrations.CreateModel(
            name="DueMove",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("moved_at", models.DateTimeField()),
                ("moved_by", models.CharField(max_length=200)),
                ("reason", models.TextField()),
                ("old_due_at", models.DateTimeField()),
                ("new_due_at", models.DateTimeField()),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
                        to="procurement.clock",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="due_move_has_a_reason"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OfficeCalendar",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("time_zone", models.CharField(blank=True, max_length=60)),
                ("holidays_of", models.CharField(blank=True, max_length=2)),
                ("subdivision", models.CharField(blank=True, max_length=10)),
                ("hours", models.JSONField()),
                ("closed_on", models.JSONField(default=list)),
                ("version", models.PositiveIntegerField(default=1)),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                (
                    "company",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.company",
                    ),
                ),
                (
                    "site",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procurement.site",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("company__isnull", True), ("country", ""), ("site__isnull", False)),
                            models.Q(("company__isnull", False), ("country", ""), ("site__isnull", True)),
                            models.Q(
                                ("company__isnull", True),
                                ("site__isnull", True),
                                models.Q(("country", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="office_is_of_one_place",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("country", ""), models.Q(("time_zone", ""), _negated=True)),
                            models.Q(models.Q(("country", ""), _negated=True), ("time_zone", "")),
                            _connector="OR",
                        ),
                        name="office_zone_is_its_own",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("country", ""), _negated=True),
                        fields=("country",),
                        name="office_country_once",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="servicepolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "active", "retired"])), name="service_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="servicepolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__gt", 0)), name="service_target_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="servicepolicy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")),
                fields=("kind", "supplier_number", "segment", "order_kind", "lead_days", "value_from"),
                name="service_one_active_for_the_same",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="servicepolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "active"), _negated=True),
                    models.Q(("approved_at__isnull", False), models.Q(("approved_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="service_active_is_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="servicepolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("retired_at__isnull", False), ("state", "retired")),
                    models.Q(models.Q(("state", "retired"), _negated=True), ("retired_at__isnull", True)),
                    _connector="OR",
                ),
                name="service_retired_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.UniqueConstraint(fields=("policy", "number"), name="ladder_step_once"),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="ladder_step_from_one"
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(("state", "running")), fields=["wakes_at", "id"], name="clock_wakes"
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(fields=["stream", "-id"], name="clock_of_stream"),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["running", "paused", "stopped"])), name="clock_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("running", "paused"))),
                fields=("stream", "kind"),
                name="clock_one_runs",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "stopped"), ("stopped_at__isnull", False), ("wakes_at__isnull", True)),
                    models.Q(("state", "paused"), ("stopped_at__isnull", True), ("wakes_at__isnull", True)),
                    models.Q(("state", "running"), ("stopped_at__isnull", True)),
                    _connector="OR",
                ),
                name="clock_wakes_while_it_runs",
            ),
        ),
        *(company_wall(table) for table in OF_THE_COMPANY),
        append_only("procurement_clockstep"),
        append_only("procurement_duemove"),
        # It names the supplier whose time it is, and no supplier has a right on it.
        wall("procurement_clock"),
        # When offices are open is master data, as sites are: a deadline is shown in working time on both sides.
        supplier_may("procurement_officecalendar", "SELECT"),
    ]
