"""ERPs tell to which accounts they pay; and a matching policy says whether what claims is held while paying waits for its
supplier's onboarding: unless it says otherwise, it is."""

from django.db import migrations, models

NAMES = (
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
    "bank_accounts",
)
FEEDS = [(name, name) for name in NAMES]


class Migration(migrations.Migration):
    dependencies = [("procurement", "0054_onboarding")]

    operations = [
        migrations.AddField(
            model_name="matchpolicy",
            name="waits_for_onboarding",
            field=models.BooleanField(db_default=True, default=True),
        ),
        *(
            migrations.AlterField(
                model_name=model, name="feed", field=models.CharField(choices=FEEDS, max_length=30, **more)
            )
            for model, more in (
                ("drift", {}),
                ("feedcursor", {"unique": True}),
                ("feedrun", {}),
                ("reconciliationrun", {"blank": True}),
                ("sweptrecord", {}),
            )
        ),
    ]
