"""Wall two around every table of a paper, and supplier ids held equal from parent to child."""

from typing import ClassVar

from django.db import migrations

from portal.kernel.walls import append_only, same_supplier, wall

ORDER = "procurement_purchaseorder"
LINE = "procurement_purchaseorderline"


class Migration(migrations.Migration):
    """Row level security, composite foreign keys, append-only revisions."""

    dependencies: ClassVar = [("procurement", "0001_initial"), ("suppliers", "0002_walls")]

    operations: ClassVar = [
        wall("procurement_supplieritem"),
        wall(ORDER),
        wall("procurement_orderrevision"),
        append_only("procurement_orderrevision"),
        same_supplier("procurement_orderrevision", "order_id", ORDER),
        wall(LINE),
        same_supplier(LINE, "order_id", ORDER),
        wall("procurement_scheduleline"),
        same_supplier("procurement_scheduleline", "line_id", LINE),
        wall("procurement_promise"),
        same_supplier("procurement_promise", "line_id", LINE),
        wall("procurement_savedview"),
        wall("procurement_orderacknowledgment"),
        same_supplier("procurement_orderacknowledgment", "order_id", ORDER),
        wall("procurement_draftanswer"),
        same_supplier("procurement_draftanswer", "order_id", ORDER),
        wall("procurement_draftheader"),
        same_supplier("procurement_draftheader", "order_id", ORDER),
        wall("procurement_message", visible="NOT internal"),
        same_supplier("procurement_message", "order_id", ORDER),
        wall("procurement_attachment", visible="NOT internal"),
        same_supplier("procurement_attachment", "order_id", ORDER),
        same_supplier("procurement_attachment", "message_id", "procurement_message"),
    ]
