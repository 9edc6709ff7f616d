"""What a consignment is known by, in one writing and by an index: a carrier's word is looked for among all there are."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import F, Func, Q


def one_writing(column):
    return Func(
        F(column),
        template=r"upper(regexp_replace(%(expressions)s, '\s', '', 'g'))",
        output_field=models.TextField(),
    )


class Migration(migrations.Migration):
    dependencies = [("procurement", "0033_what_was_counted")]

    operations = [
        # A list inside a row has no index without a function that takes it apart.
        migrations.RunSQL(
            sql=r"""
                CREATE FUNCTION procurement_one_writing(numbers jsonb) RETURNS text[]
                LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
                    SELECT coalesce(array_agg(upper(regexp_replace(one, '\s', '', 'g'))), '{}')
                    FROM jsonb_array_elements_text(numbers) AS one
                $$;
            """,
            reverse_sql="DROP FUNCTION procurement_one_writing(jsonb);",
        ),
        migrations.AddIndex(
            model_name="shipnotice",
            index=GinIndex(
                Func(
                    F("tracking_numbers"),
                    function="procurement_one_writing",
                    output_field=ArrayField(models.TextField()),
                ),
                name="ship_notice_tracked",
            ),
        ),
        migrations.AddIndex(
            model_name="shipnotice",
            index=models.Index(
                one_writing("bill_of_lading"), condition=~Q(bill_of_lading=""), name="ship_notice_lading"
            ),
        ),
        migrations.RemoveIndex(model_name="package", name="package_tracked"),
        migrations.AddIndex(
            model_name="package",
            index=models.Index(
                one_writing("tracking_number"), condition=~Q(tracking_number=""), name="package_tracked"
            ),
        ),
        migrations.AddIndex(
            model_name="gatewayevent",
            index=GinIndex(fields=["names"], condition=Q(state="unplaced"), name="gateway_event_names"),
        ),
    ]
