"""How docks work, and who has which time there; mails about times."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.kernel.walls import company_wall, supplier_may, supplier_writes_only, wall

APPOINTMENT = "procurement_appointment"
# What a supplier writes of its own time. The first word of it is a wish; a door is the dock's to give.
WRITTEN = (
    "state, version, starts_at, ends_at, door, note, reason, updated_at, written_by, confirmed_at, ended_at"
)
# Nobody has a door while somebody else has it. Ranges of one number stand for "the same", so that the index needs no
# extension of the database.
ONE_DOOR = """
    ALTER TABLE procurement_appointment ADD CONSTRAINT appointment_door_once EXCLUDE USING gist (
        int8range(site_id, site_id, '[]') WITH &&,
        int4range(door, door, '[]') WITH &&,
        tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (state IN ('proposed', 'confirmed'));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0027_reached_numbers"),
        ("suppliers", "0004_shipments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Appointment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("consignment", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Asked for"),
                            ("proposed", "Proposed by the dock"),
                            ("confirmed", "Confirmed"),
                            ("kept", "Kept"),
                            ("missed", "Missed"),
                            ("refused", "Refused"),
                            ("cancelled", "Given up"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("door", models.PositiveSmallIntegerField(null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("asked_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="DockPlan",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("doors", models.PositiveSmallIntegerField()),
                ("hours", models.JSONField(null=True)),
                ("slot_minutes", models.PositiveSmallIntegerField()),
                ("pallets_per_hour", models.PositiveSmallIntegerField()),
                ("ask_hours", models.PositiveSmallIntegerField()),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="noticepreference",
            name="preference_kind_known",
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("order_new", "New orders"),
                    ("order_revised", "Changed and cancelled orders"),
                    ("answer_decided", "The buyer’s word on an answer"),
                    ("change_asked", "Change requests that wait for me"),
                    ("change_answered", "What became of a change request"),
                    ("message", "Messages about an order"),
                    ("reminder", "Reminders and escalations"),
                    ("rule_agreed", "What a rule agreed to"),
                    ("mention", "Where somebody names me"),
                    ("link", "Links that were asked for or forwarded"),
                    ("question", "Questions that are put to me"),
                    ("dock_time", "Times at the dock"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="noticepreference",
            name="kind",
            field=models.CharField(
                choices=[
                    ("order_new", "New orders"),
                    ("order_revised", "Changed and cancelled orders"),
                    ("answer_decided", "The buyer’s word on an answer"),
                    ("change_asked", "Change requests that wait for me"),
                    ("change_answered", "What became of a change request"),
                    ("message", "Messages about an order"),
                    ("reminder", "Reminders and escalations"),
                    ("rule_agreed", "What a rule agreed to"),
                    ("mention", "Where somebody names me"),
                    ("link", "Links that were asked for or forwarded"),
                    ("question", "Questions that are put to me"),
                    ("dock_time", "Times at the dock"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "order_new",
                            "order_revised",
                            "answer_decided",
                            "change_asked",
                            "change_answered",
                            "message",
                            "reminder",
                            "rule_agreed",
                            "mention",
                            "link",
                            "question",
                            "dock_time",
                        ],
                    )
                ),
                name="notice_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "order_new",
                            "order_revised",
                            "answer_decided",
                            "change_asked",
                            "change_answered",
                            "message",
                            "reminder",
                            "rule_agreed",
                            "mention",
                            "link",
                            "question",
                            "dock_time",
                        ],
                    )
                ),
                name="preference_kind_known",
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="appointments",
                to="procurement.site",
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="supplier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
            ),
        ),
        migrations.AddField(
            model_name="dockplan",
            name="site",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="dock_plan", to="procurement.site"
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("state__in", ["asked", "proposed", "confirmed"])),
                fields=["site", "starts_at"],
                name="appointment_of_site",
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["consignment", "-id"], name="appointment_of_consignment"),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["updated_at", "id"], name="appointment_moved"),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["asked", "proposed", "confirmed", "kept", "missed", "refused", "cancelled"],
                    )
                ),
                name="appointment_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("starts_at__lt", models.F("ends_at"))),
                name="appointment_begins_before_it_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["asked", "proposed", "confirmed"])),
                fields=("consignment",),
                name="appointment_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["proposed", "confirmed"]), _negated=True),
                    ("door__isnull", False),
                    _connector="OR",
                ),
                name="appointment_holds_a_door",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["refused", "cancelled"]), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="appointment_ends_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="dockplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("doors__gte", 1), ("doors__lte", 99)), name="dock_plan_has_doors"
            ),
        ),
        migrations.AddConstraint(
            model_name="dockplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("pallets_per_hour__gte", 1), ("slot_minutes__gte", 5)),
                name="dock_plan_moves",
            ),
        ),
        migrations.RunSQL(ONE_DOOR, f"ALTER TABLE {APPOINTMENT} DROP CONSTRAINT appointment_door_once;"),
        wall(APPOINTMENT),
        supplier_may(APPOINTMENT, "SELECT", "INSERT", f"UPDATE ({WRITTEN})"),
        supplier_writes_only(APPOINTMENT, "state = 'asked' AND door IS NULL"),
        # How a dock works is the buying side's; a supplier sees which times are free.
        company_wall("procurement_dockplan"),
    ]
