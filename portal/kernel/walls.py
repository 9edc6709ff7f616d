"""Building wall two: the migration operations that put row level security around a table.

Every table that has a way to a supplier carries `supplier_id`. Its policies need no joins and keep the indexes;
a composite foreign key holds `supplier_id` equal to the parent's, so that a row can never drift to another
supplier. FORCE makes the policies bind the owner too, who gets one of its own.

Note [Narrow grants]: policies say which rows, grants say what may be done to them at all. A supplier's scope has no
right on a table, read or write, until `supplier_may` gives it one, and writes go by column where a row is not wholly
the supplier's: an answer moves a line's agreement, never the price asked for.
"""

from django.db import migrations

OWN = "{column} = ANY (coalesce(nullif(current_setting('quayside.suppliers', true), ''), '{{}}')::bigint[])"


def wall(table: str, *, column: str = "supplier_id", visible: str = "") -> migrations.RunSQL:
    """Row level security on one table: all rows for the buying side, its own for a supplier, none without scope.

    `visible` narrows what a supplier may see of its own rows further (internal notes, internal events).
    """
    own = OWN.format(column=column)
    seen = f"({own}) AND ({visible})" if visible else own
    return migrations.RunSQL(
        sql=f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY owner_all ON {table} TO quayside_owner USING (true) WITH CHECK (true);
            CREATE POLICY company_all ON {table} TO quayside_company USING (true) WITH CHECK (true);
            CREATE POLICY supplier_own ON {table} TO quayside_supplier USING ({seen}) WITH CHECK ({seen});
        """,
        reverse_sql=f"""
            DROP POLICY supplier_own ON {table};
            DROP POLICY company_all ON {table};
            DROP POLICY owner_all ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def company_wall(table: str) -> migrations.RunSQL:
    """Row level security on a table that no supplier has a way to: the owner and the buying side, nobody else."""
    return migrations.RunSQL(
        sql=f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY owner_all ON {table} TO quayside_owner USING (true) WITH CHECK (true);
            CREATE POLICY company_all ON {table} TO quayside_company USING (true) WITH CHECK (true);
        """,
        reverse_sql=f"""
            DROP POLICY company_all ON {table};
            DROP POLICY owner_all ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def doorkeeper_reads(table: str) -> migrations.RunSQL:
    """Let the login role read a table before any scope: who may act for whom, and which token is whose."""
    return migrations.RunSQL(
        sql=f"CREATE POLICY doorkeeper_reads ON {table} FOR SELECT TO quayside_app USING (true);",
        reverse_sql=f"DROP POLICY doorkeeper_reads ON {table};",
    )


def same_supplier(table: str, column: str, parent: str) -> migrations.RunSQL:
    """Hold a row's supplier equal to its parent's: a composite foreign key on (parent id, supplier_id)."""
    name = f"{table}_{column}_same_supplier"[:63]
    return migrations.RunSQL(
        sql=f"""
            ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, supplier_id)
            REFERENCES {parent} (id, supplier_id) DEFERRABLE INITIALLY DEFERRED;
        """,
        reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {name};",
    )


def append_only(table: str) -> migrations.RunSQL:
    """Facts are added and never rewritten: nobody but the owner may update or delete."""
    roles = "quayside_app, quayside_supplier, quayside_company"
    return migrations.RunSQL(
        sql=f"REVOKE UPDATE, DELETE ON {table} FROM {roles};",
        reverse_sql=f"GRANT UPDATE, DELETE ON {table} TO {roles};",
    )


def keeps_facts(*tables: str) -> list[migrations.RunSQL]:
    """Facts are not rewritten by anybody, the owner and a superuser included, by mistake or with a stolen password.

    A trigger refuses to change, delete and truncate. The owner alone may, and only where it says in that transaction
    what it is about: `SET LOCAL quayside.maintenance = 'audit'` (an erasure, the end of retention).
    """
    function = """
        CREATE FUNCTION quayside_keep_facts() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF current_user = 'quayside_owner'
                AND coalesce(current_setting('quayside.maintenance', true), '') = 'audit' THEN
                IF TG_OP = 'TRUNCATE' THEN RETURN NULL; END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'facts of % are kept as they are', TG_TABLE_NAME USING ERRCODE = '42501';
        END $$;
    """
    triggers = [
        migrations.RunSQL(
            sql=f"""
                CREATE TRIGGER keeps_facts BEFORE UPDATE OR DELETE ON {table}
                    FOR EACH ROW EXECUTE FUNCTION quayside_keep_facts();
                CREATE TRIGGER keeps_all_facts BEFORE TRUNCATE ON {table}
                    FOR EACH STATEMENT EXECUTE FUNCTION quayside_keep_facts();
            """,
            reverse_sql=f"""
                DROP TRIGGER keeps_all_facts ON {table};
                DROP TRIGGER keeps_facts ON {table};
            """,
        )
        for table in tables
    ]
    made = migrations.RunSQL(sql=function, reverse_sql="DROP FUNCTION quayside_keep_facts();")
    return [made, *triggers]


def only_old_ones_go(table: str, column: str, *, days: int) -> migrations.RunSQL:
    """Rows are added and never rewritten, and only those older than so many days may be deleted by anybody but the
    owner."""
    roles = "quayside_app, quayside_supplier, quayside_company"
    return migrations.RunSQL(
        sql=f"""
            REVOKE UPDATE ON {table} FROM {roles};
            CREATE POLICY only_old_ones_go ON {table} AS RESTRICTIVE FOR DELETE TO quayside_company
                USING ({column} < now() - interval '{days} days');
        """,
        reverse_sql=f"""
            DROP POLICY only_old_ones_go ON {table};
            GRANT UPDATE ON {table} TO {roles};
        """,
    )


def default_grants() -> migrations.RunSQL:
    """Tables made from now on may be used by the login and the scope roles; policies say which rows."""
    roles = "quayside_app, quayside_supplier, quayside_company"
    return migrations.RunSQL(
        sql=f"""
            GRANT USAGE ON SCHEMA public TO {roles};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public
                GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {roles};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {roles};
            GRANT SELECT ON django_migrations TO {roles};
        """,
        reverse_sql=migrations.RunSQL.noop,
    )


def supplier_starts_with_nothing() -> migrations.RunSQL:
    """Take back what suppliers could do to every table there is, and to those made from now on."""
    return migrations.RunSQL(
        sql="""
            DO $$
            DECLARE ours text;
            BEGIN
                FOR ours IN
                    SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace
                    AND relkind IN ('r', 'p') AND relowner = current_user::regrole
                LOOP
                    EXECUTE 'REVOKE ALL ON ' || ours || ' FROM quayside_supplier';
                END LOOP;
            END $$;
            ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM quayside_supplier;
        """,
        reverse_sql=migrations.RunSQL.noop,
    )


def supplier_may(table: str, *rights: str) -> migrations.RunSQL:
    """What a supplier's scope may do to a table: `SELECT`, `INSERT`, `UPDATE (columns)`, `DELETE`.

    See Note [Narrow grants]; `tests/tenancy/test_walls.py` names every one of them.
    """
    granted = ", ".join(rights)
    return migrations.RunSQL(
        sql=f"GRANT {granted} ON {table} TO quayside_supplier;",
        reverse_sql=f"REVOKE {granted} ON {table} FROM quayside_supplier;",
    )


def supplier_writes_only(table: str, check: str) -> migrations.RunSQL:
    """Narrow the rows of its own that a supplier may write further than those it may see."""
    return migrations.RunSQL(
        sql=f"""
            CREATE POLICY supplier_writes_only ON {table} AS RESTRICTIVE
                FOR INSERT TO quayside_supplier WITH CHECK ({check});
        """,
        reverse_sql=f"DROP POLICY supplier_writes_only ON {table};",
    )


def company_only(table: str) -> migrations.RunSQL:
    """A table without a supplier on its rows, but not for suppliers: what feeds told, sessions, second factors."""
    return migrations.RunSQL(
        sql=f"REVOKE ALL ON {table} FROM quayside_supplier;",
        reverse_sql=f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO quayside_supplier;",
    )


def people_wall(table: str, membership: str) -> migrations.RunSQL:
    """People sign in before any scope; under a supplier's scope only that supplier's people are to be seen."""
    everybody = ("owner", "app", "company")
    policies = "".join(
        f"CREATE POLICY {role}_all ON {table} TO quayside_{role} USING (true) WITH CHECK (true);"
        for role in everybody
    )
    drops = "".join(f"DROP POLICY {role}_all ON {table};" for role in everybody)
    # The membership table has a wall of its own, which holds inside this policy too.
    colleagues = f"id IN (SELECT user_id FROM {membership})"  # noqa: S608 -- table name is ours
    return migrations.RunSQL(
        sql=f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            {policies}
            CREATE POLICY supplier_own ON {table} TO quayside_supplier
                USING ({colleagues}) WITH CHECK ({colleagues});
        """,
        reverse_sql=f"""
            DROP POLICY supplier_own ON {table};
            {drops}
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )
