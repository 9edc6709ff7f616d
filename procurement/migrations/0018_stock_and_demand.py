"""Stock and customers' demand, told by the ERP: for the buying side alone; and by when each answer was owed."""

import django.db.models.deletion
from django.db import migrations, models

from portal.kernel.walls import company_wall

QUANTITY = {"max_digits": 18, "decimal_places": 6}
OF_THE_COMPANY = ("procurement_stockposition", "procurement_customerdemand", "procurement_supplytold")
FEEDS = [
    (name, name)
    for name in (
        "companies",
        "units",
        "sites",
        "suppliers",
        "supplier_sites",
        "items",
        "supplier_items",
        "orders",
        "receipts",
        "invoices",
        "command_results",
        "stock",
        "customer_demand",
    )
]


def _of(model: str, related_name: str, *, indexed: bool = True) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=indexed,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to=f"procurement.{model}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("procurement", "0017_change_requests"),
        ("suppliers", "0003_people_walls"),
    ]

    operations = [
        migrations.AlterField("drift", "feed", models.CharField(choices=FEEDS, max_length=30)),
        migrations.AlterField(
            "feedcursor", "feed", models.CharField(choices=FEEDS, max_length=30, unique=True)
        ),
        migrations.AlterField("feedrun", "feed", models.CharField(choices=FEEDS, max_length=30)),
        migrations.AlterField(
            "reconciliationrun", "feed", models.CharField(blank=True, choices=FEEDS, max_length=30)
        ),
        migrations.AlterField("sweptrecord", "feed", models.CharField(choices=FEEDS, max_length=30)),
        migrations.CreateModel(
            name="StockPosition",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("item", _of("item", "positions")),
                ("site", _of("site", "positions", indexed=False)),
                ("unit", models.CharField(max_length=20)),
                ("on_hand", models.DecimalField(**QUANTITY)),
                ("safety_stock", models.DecimalField(**QUANTITY, null=True)),
                ("daily_demand", models.DecimalField(**QUANTITY, null=True)),
                ("as_of", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CustomerDemand",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=80, unique=True)),
                ("item", _of("item", "demands", indexed=False)),
                ("site", _of("site", "demands", indexed=False)),
                ("customer", models.CharField(blank=True, max_length=200)),
                ("reference", models.CharField(blank=True, max_length=80)),
                ("quantity", models.DecimalField(**QUANTITY)),
                ("unit", models.CharField(max_length=20)),
                ("needed_on", models.DateField()),
                ("as_of", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SupplyTold",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=20, unique=True)),
                ("whole_as_of", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddConstraint(
            "stockposition", models.UniqueConstraint(fields=("item", "site"), name="stock_position_once")
        ),
        migrations.AddConstraint(
            "stockposition",
            models.CheckConstraint(
                condition=models.Q(("safety_stock__gte", 0)), name="stock_safety_not_negative"
            ),
        ),
        migrations.AddConstraint(
            "stockposition",
            models.CheckConstraint(
                condition=models.Q(("daily_demand__gte", 0)), name="stock_demand_not_negative"
            ),
        ),
        migrations.AddConstraint(
            "customerdemand",
            models.CheckConstraint(condition=models.Q(("quantity__gt", 0)), name="customer_demand_positive"),
        ),
        migrations.AddIndex(
            "customerdemand",
            models.Index(fields=["item", "site", "needed_on"], name="customer_demand_by_day"),
        ),
        migrations.AddConstraint(
            "supplytold",
            models.CheckConstraint(
                condition=models.Q(("kind__in", ["stock", "customer_demand"])), name="supply_told_kind"
            ),
        ),
        migrations.AddIndex(
            "purchaseorderline",
            models.Index(
                condition=models.Q(
                    ("cancelled", False),
                    ("closed", False),
                    ("received_quantity__lt", models.F("quantity")),
                ),
                fields=["item_number", "id"],
                name="line_open_of_item",
            ),
        ),
        migrations.AddIndex(
            "purchaseorderline",
            models.Index(fields=["item_number", "supplier", "-delivery_on"], name="line_of_item"),
        ),
        migrations.AddField("orderacknowledgment", "due_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "orderacknowledgment",
            models.Index(fields=["supplier", "-sent_at"], name="acknowledgment_of_supplier"),
        ),
        *(company_wall(table) for table in OF_THE_COMPANY),
    ]
