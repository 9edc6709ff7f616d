"""What runs with the owner's rights looks names up in our schema alone."""

from django.db import migrations

# Temporary tables come first in every search path that does not name them: whoever may make one would have the owner
# write into it. Named last, they hide nothing. A test asks it of every such function (tests/tenancy/test_walls.py).
OURS = (
    "suppliers_remember_member",
    "suppliers_remember_address",
    "suppliers_remember_new",
    "suppliers_remember_other",
    "suppliers_approver_since",
    "procurement_traces_follow",
)


def searching(path):
    return "".join(f"ALTER FUNCTION {name}() SET search_path = {path};" for name in OURS)


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0029_who_entered"),
        ("procurement", "0053_traces_follow"),
    ]

    operations = [migrations.RunSQL(searching("public, pg_temp"), searching("public"))]
