"""Wall two around suppliers, their sites, memberships and tokens."""

from typing import ClassVar

from django.db import migrations

from portal.kernel.walls import doorkeeper_reads, wall


class Migration(migrations.Migration):
    """Row level security; memberships and tokens are read by the doorkeeper before any scope."""

    dependencies: ClassVar = [("suppliers", "0001_initial"), ("kernel", "0002_walls")]

    operations: ClassVar = [
        wall("suppliers_supplier", column="id"),
        wall("suppliers_suppliersite"),
        wall("suppliers_membership"),
        doorkeeper_reads("suppliers_membership"),
        wall("suppliers_apitoken"),
        doorkeeper_reads("suppliers_apitoken"),
    ]
