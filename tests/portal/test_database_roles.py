"""The test run itself stands on what production stands on: a login that owns nothing."""

from __future__ import annotations

import threading

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import ProgrammingError, connection, transaction


@pytest.mark.django_db
def test_tests_run_as_the_login_that_owns_nothing():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        who = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        owned = cursor.fetchone()

    assert who == ("quayside_app", False, False)
    assert owned == (0,)


@pytest.mark.django_db
def test_the_login_may_not_change_tables():
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute("TRUNCATE django_content_type CASCADE")


@pytest.mark.django_db
def test_the_login_may_use_every_table_there_is():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND NOT has_table_privilege(oid, 'SELECT')"
        )
        closed = [row[0] for row in cursor.fetchall()]

    assert closed == []


@pytest.mark.django_db(transaction=True)
def test_what_a_committing_test_leaves_is_seen_by_other_connections():
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    seen = []

    def look():
        seen.append(Session.objects.count())
        connection.close()

    Session.objects.create(session_key="k" * 32, session_data="", expire_date=timezone.now())
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [1]


@pytest.mark.django_db(transaction=True)
def test_and_the_owner_has_emptied_the_tables_before_the_next_test():
    from django.contrib.sessions.models import Session

    assert Session.objects.count() == 0
    assert ContentType.objects.exists()
