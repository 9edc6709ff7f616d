"""Bank details, with walls that a supplier's scope only reads through, and a memory of whom one could reach."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.kernel.walls import same_supplier, supplier_may, wall

# Note [Nobody is forgotten]: triggers, because whatever removes somebody from a supplier, today's code or a later
# version's, must leave behind that they were there. They run as the owner, whose policy sees all rows.
REMEMBER = """
CREATE FUNCTION suppliers_remember_member() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' THEN
        UPDATE suppliers_bankcontact SET until_at = now()
        WHERE supplier_id = OLD.supplier_id AND user_id = OLD.user_id AND until_at IS NULL;
    END IF;
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' THEN
        INSERT INTO suppliers_bankcontact (supplier_id, user_id, address, name, language, since_at)
        SELECT NEW.supplier_id, u.id, u.email, u.name, u.language, now() FROM suppliers_user u WHERE u.id = NEW.user_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER remember_member AFTER INSERT OR DELETE ON suppliers_membership
    FOR EACH ROW EXECUTE FUNCTION suppliers_remember_member();
CREATE TRIGGER remember_member_moved AFTER UPDATE OF user_id, supplier_id ON suppliers_membership
    FOR EACH ROW WHEN (OLD.user_id <> NEW.user_id OR OLD.supplier_id <> NEW.supplier_id)
    EXECUTE FUNCTION suppliers_remember_member();

CREATE FUNCTION suppliers_remember_address() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO suppliers_bankcontact (supplier_id, user_id, address, name, language, since_at)
    SELECT supplier_id, NEW.id, NEW.email, NEW.name, NEW.language, now() FROM suppliers_bankcontact
    WHERE user_id = NEW.id AND until_at IS NULL AND address = OLD.email;
    UPDATE suppliers_bankcontact SET until_at = now()
    WHERE user_id = NEW.id AND until_at IS NULL AND address = OLD.email;
    RETURN NULL;
END $$;
CREATE TRIGGER remember_address AFTER UPDATE OF email ON suppliers_user
    FOR EACH ROW WHEN (OLD.email IS DISTINCT FROM NEW.email) EXECUTE FUNCTION suppliers_remember_address();

CREATE FUNCTION suppliers_remember_new() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO suppliers_bankcontact (supplier_id, user_id, address, name, language, since_at)
    SELECT id, NULL, email, name, language, now() FROM fresh WHERE email <> '';
    RETURN NULL;
END $$;
CREATE TRIGGER remember_new AFTER INSERT ON suppliers_supplier
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION suppliers_remember_new();

CREATE FUNCTION suppliers_remember_other() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE suppliers_bankcontact c SET until_at = now() FROM was JOIN fresh ON fresh.id = was.id
    WHERE was.email IS DISTINCT FROM fresh.email AND c.supplier_id = was.id AND c.user_id IS NULL AND c.until_at IS NULL;
    INSERT INTO suppliers_bankcontact (supplier_id, user_id, address, name, language, since_at)
    SELECT fresh.id, NULL, fresh.email, fresh.name, fresh.language, now() FROM was JOIN fresh ON fresh.id = was.id
    WHERE was.email IS DISTINCT FROM fresh.email AND fresh.email <> '';
    RETURN NULL;
END $$;
CREATE TRIGGER remember_other AFTER UPDATE ON suppliers_supplier
    REFERENCING OLD TABLE AS was NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION suppliers_remember_other();

-- Who is there already: people since they joined at the earliest, a supplier's own address since now.
INSERT INTO suppliers_bankcontact (supplier_id, user_id, address, name, language, since_at)
SELECT m.supplier_id, u.id, u.email, u.name, u.language, u.date_joined
FROM suppliers_membership m JOIN suppliers_user u ON u.id = m.user_id;
INSERT INTO suppliers_bankcontact (supplier_id, user_id, address, name, language, since_at)
SELECT id, NULL, email, name, language, now() FROM suppliers_supplier WHERE email <> '';
"""
FORGET = """
DROP TRIGGER remember_other ON suppliers_supplier;
DROP TRIGGER remember_new ON suppliers_supplier;
DROP TRIGGER remember_address ON suppliers_user;
DROP TRIGGER remember_member_moved ON suppliers_membership;
DROP TRIGGER remember_member ON suppliers_membership;
DROP FUNCTION suppliers_remember_other();
DROP FUNCTION suppliers_remember_new();
DROP FUNCTION suppliers_remember_address();
DROP FUNCTION suppliers_remember_member();
"""
TABLES = (
    "account",
    "call",
    "change",
    "contact",
    "freeze",
    "notice",
    "number",
    "proof",
    "shortening",
    "signal",
    "vote",
)
OF_A_CHANGE = ("call", "notice", "proof", "shortening", "signal", "vote", "freeze")

WALLS = [
    *(wall(f"suppliers_bank{name}") for name in TABLES),
    *(same_supplier(f"suppliers_bank{name}", "change_id", "suppliers_bankchange") for name in OF_A_CHANGE),
    same_supplier("suppliers_bankaccount", "number_id", "suppliers_banknumber"),
    same_supplier("suppliers_bankaccount", "by_change_id", "suppliers_bankchange"),
    same_supplier("suppliers_bankchange", "number_id", "suppliers_banknumber"),
    same_supplier("suppliers_bankchange", "account_id", "suppliers_bankaccount"),
    # A supplier reads its own accounts, changes and papers, and writes nothing: see models, Note [Written by nobody's scope].
    supplier_may("suppliers_bankaccount", "SELECT"),
    supplier_may("suppliers_bankchange", "SELECT"),
    supplier_may("suppliers_bankproof", "SELECT"),
    # What was said and told is never unsaid.
    migrations.RunSQL(
        """
        REVOKE DELETE ON suppliers_bankaccount, suppliers_bankcall, suppliers_bankchange, suppliers_bankcontact,
            suppliers_bankfreeze, suppliers_banknotice, suppliers_banknumber, suppliers_bankproof, suppliers_bankshortening,
            suppliers_banksignal, suppliers_bankvote FROM quayside_app, quayside_company;
        REVOKE UPDATE ON suppliers_bankcall, suppliers_bankvote, suppliers_bankproof, suppliers_banksignal
            FROM quayside_app, quayside_company;
        """,
        migrations.RunSQL.noop,
    ),
    migrations.RunSQL(REMEMBER, FORGET),
]


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0011_documents"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.CreateModel(
            name="BankAccount",
            fields=[
                (
                    "form",
                    models.CharField(
                        blank=True,
                        choices=[("iban", "IBAN"), ("local", "National account number")],
                        max_length=5,
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("holder", models.CharField(blank=True, max_length=140)),
                ("bic", models.CharField(blank=True, max_length=11)),
                ("bank_name", models.CharField(blank=True, max_length=140)),
                ("shown", models.CharField(blank=True, max_length=4)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("in_force", "In force"),
                            ("held", "Held: nothing is paid to it"),
                            ("ended", "Ended"),
                        ],
                        default="in_force",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("since_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_accounts",
                        to="suppliers.supplier",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BankChange",
            fields=[
                (
                    "form",
                    models.CharField(
                        blank=True,
                        choices=[("iban", "IBAN"), ("local", "National account number")],
                        max_length=5,
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("holder", models.CharField(blank=True, max_length=140)),
                ("bic", models.CharField(blank=True, max_length=11)),
                ("bank_name", models.CharField(blank=True, max_length=140)),
                ("shown", models.CharField(blank=True, max_length=4)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("add", "One account more"),
                            ("replace", "Another account in the place of one"),
                            ("end", "An account ends"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("portal", "A page"),
                            ("api", "A program"),
                            ("file", "A sheet"),
                            ("erp", "The ERP"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("requested", "Requested"),
                            ("first_approved", "Approved by one"),
                            ("approved", "Approved by two"),
                            ("waiting", "Waiting"),
                            ("in_force", "In force"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("frozen", "Frozen"),
                        ],
                        default="proposed",
                        max_length=15,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("round", models.PositiveIntegerField(default=1)),
                ("reason", models.TextField(blank=True)),
                ("proposed_at", models.DateTimeField()),
                ("proposed_by", models.CharField(max_length=200)),
                ("requested_at", models.DateTimeField(null=True)),
                ("requested_by", models.CharField(blank=True, max_length=200)),
                ("requested_by_user_id", models.BigIntegerField(null=True)),
                ("on_behalf", models.BooleanField(default=False)),
                ("called_at", models.DateTimeField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("wait_hours", models.PositiveIntegerField(default=0)),
                ("waits_until", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, max_length=200)),
                ("close_reason", models.TextField(blank=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="suppliers.bankaccount",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_changes",
                        to="suppliers.supplier",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="bankaccount",
            name="by_change",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="made", to="suppliers.bankchange"
            ),
        ),
        migrations.CreateModel(
            name="BankNumber",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("sealed", models.TextField()),
                ("trace", models.CharField(db_index=True, max_length=64)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="bankchange",
            name="number",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="suppliers.banknumber",
            ),
        ),
        migrations.AddField(
            model_name="bankaccount",
            name="number",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accounts",
                to="suppliers.banknumber",
            ),
        ),
        migrations.CreateModel(
            name="BankProof",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=100)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                ("added_at", models.DateTimeField()),
                ("added_by", models.CharField(max_length=200)),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proofs",
                        to="suppliers.bankchange",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BankShortening",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("round", models.PositiveIntegerField()),
                ("hours", models.PositiveIntegerField()),
                ("reason", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_by_user_id", models.BigIntegerField()),
                ("granted_at", models.DateTimeField(null=True)),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shortenings",
                        to="suppliers.bankchange",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BankSignal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("round", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("hours", models.PositiveIntegerField()),
                ("facts", models.JSONField(default=dict)),
                ("seen_at", models.DateTimeField()),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signals",
                        to="suppliers.bankchange",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BankVote",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("round", models.PositiveIntegerField()),
                (
                    "purpose",
                    models.CharField(
                        choices=[("approve", "The change"), ("shorten", "A shorter waiting time")],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("note", models.TextField(blank=True)),
                ("said_at", models.DateTimeField()),
                ("factor_at", models.DateTimeField()),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="votes",
                        to="suppliers.bankchange",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BankCall",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("round", models.PositiveIntegerField()),
                ("contact", models.CharField(max_length=60)),
                ("contact_name", models.CharField(max_length=200)),
                ("contact_since_at", models.DateTimeField()),
                ("telephone", models.CharField(max_length=40)),
                ("number_from", models.CharField(blank=True, max_length=200)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("confirmed", "Confirmed"),
                            ("not_reached", "Not reached"),
                            ("denied", "Knows nothing of it"),
                        ],
                        max_length=15,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("called_at", models.DateTimeField()),
                ("called_by", models.CharField(max_length=200)),
                ("called_by_user_id", models.BigIntegerField()),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="suppliers.bankchange",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["confirmed", "not_reached", "denied"])),
                        name="bank_call_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("contact_since_at__lt", models.F("called_at"))),
                        name="bank_call_to_an_earlier_contact",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BankContact",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("user_id", models.BigIntegerField(null=True)),
                ("address", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("language", models.CharField(default="en", max_length=10)),
                ("since_at", models.DateTimeField()),
                ("until_at", models.DateTimeField(null=True)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["supplier", "address"], name="bank_contact_of_supplier")],
            },
        ),
        migrations.CreateModel(
            name="BankFreeze",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("frozen_at", models.DateTimeField()),
                ("frozen_by", models.CharField(max_length=200)),
                ("frozen_by_user_id", models.BigIntegerField(null=True)),
                ("reason", models.TextField()),
                ("thaw_asked_at", models.DateTimeField(null=True)),
                ("thaw_asked_by", models.CharField(blank=True, max_length=200)),
                ("thaw_asked_by_user_id", models.BigIntegerField(null=True)),
                ("thaw_reason", models.TextField(blank=True)),
                ("releases", models.BooleanField(default=False)),
                ("thawed_at", models.DateTimeField(null=True)),
                ("thawed_by", models.CharField(blank=True, max_length=200)),
                ("thawed_by_user_id", models.BigIntegerField(null=True)),
                ("thawed_reason", models.TextField(blank=True)),
                (
                    "change",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="freezes",
                        to="suppliers.bankchange",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_freezes",
                        to="suppliers.supplier",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("thawed_at__isnull", True)),
                        fields=("supplier",),
                        name="bank_freeze_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("thawed_at__isnull", True),
                            models.Q(
                                ("thaw_asked_by_user_id__isnull", False),
                                ("thawed_by_user_id__isnull", False),
                                models.Q(
                                    ("thaw_asked_by_user_id", models.F("thawed_by_user_id")), _negated=True
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="bank_freeze_thawed_by_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BankNotice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("requested", "A change was requested"),
                            ("in_force", "A change is in force"),
                            ("frozen", "Bank details are frozen"),
                        ],
                        max_length=10,
                    ),
                ),
                ("of_company", models.BooleanField(default=False)),
                ("address", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("language", models.CharField(default="en", max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "On its way"), ("sent", "Sent"), ("failed", "Failed")],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("fault", models.CharField(blank=True, max_length=300)),
                ("pressed_at", models.DateTimeField(null=True)),
                (
                    "change",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="suppliers.bankchange",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["requested", "in_force", "frozen"])),
                        name="bank_notice_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "sent", "failed"])),
                        name="bank_notice_state_known",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="banknumber",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="bank_number_wall"),
        ),
        migrations.AddIndex(
            model_name="bankchange",
            index=models.Index(fields=["state", "-id"], name="bank_change_by_state"),
        ),
        migrations.AddIndex(
            model_name="bankchange",
            index=models.Index(fields=["supplier", "-id"], name="bank_change_of_supplier"),
        ),
        migrations.AddIndex(
            model_name="bankchange",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["waits_until"], name="bank_change_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankchange",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="bank_change_wall"),
        ),
        migrations.AddConstraint(
            model_name="bankchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "proposed",
                            "requested",
                            "first_approved",
                            "approved",
                            "waiting",
                            "in_force",
                            "refused",
                            "withdrawn",
                            "frozen",
                        ],
                    )
                ),
                name="bank_change_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["add", "replace", "end"])), name="bank_change_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["portal", "api", "file", "erp"])),
                name="bank_change_origin_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "add"), ("account__isnull", True)),
                    models.Q(models.Q(("kind", "add"), _negated=True), ("account__isnull", False)),
                    _connector="OR",
                ),
                name="bank_change_of_an_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "end"), ("number__isnull", True)),
                    models.Q(models.Q(("kind", "end"), _negated=True), ("number__isnull", False)),
                    _connector="OR",
                ),
                name="bank_change_has_a_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["requested", "first_approved", "approved", "waiting", "frozen"])
                ),
                fields=("account",),
                name="bank_change_one_undecided",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "proposed"),
                    ("state", "withdrawn"),
                    ("state", "refused"),
                    models.Q(("requested_at__isnull", False), ("requested_by_user_id__isnull", False)),
                    _connector="OR",
                ),
                name="bank_change_requested_by_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "waiting"), ("state", "in_force"), _connector="OR", _negated=True),
                    models.Q(
                        ("approved_at__isnull", False),
                        ("called_at__isnull", False),
                        ("waits_until__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="bank_change_waits_after_all_is_said",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "in_force"), _negated=True),
                    ("closed_at__gte", models.F("waits_until")),
                    _connector="OR",
                ),
                name="bank_change_in_force_after_its_wait",
            ),
        ),
        migrations.AddIndex(
            model_name="bankaccount",
            index=models.Index(fields=["supplier", "state"], name="bank_account_of_supplier"),
        ),
        migrations.AddConstraint(
            model_name="bankaccount",
            constraint=models.UniqueConstraint(fields=("id", "supplier"), name="bank_account_wall"),
        ),
        migrations.AddConstraint(
            model_name="bankaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["in_force", "held", "ended"])),
                name="bank_account_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("state", "ended")),
                    models.Q(models.Q(("state", "ended"), _negated=True), ("ended_at__isnull", True)),
                    _connector="OR",
                ),
                name="bank_account_ended_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankproof",
            constraint=models.CheckConstraint(
                condition=models.Q(("size__gt", 0), ("size__lte", 10485760)), name="bank_proof_size"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankshortening",
            constraint=models.UniqueConstraint(
                fields=("change", "round"), name="bank_shortening_once_a_round"
            ),
        ),
        migrations.AddConstraint(
            model_name="banksignal",
            constraint=models.UniqueConstraint(
                fields=("change", "round", "kind"), name="bank_signal_once_a_round"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankvote",
            constraint=models.UniqueConstraint(
                fields=("change", "round", "purpose", "user"), name="bank_vote_once_a_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankvote",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["approve", "shorten"])), name="bank_vote_purpose_known"
            ),
        ),
        *WALLS,
    ]
