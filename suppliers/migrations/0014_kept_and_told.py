"""Who was told stays who was told, papers are sealed, and an address waits from when its reader was told."""

from django.conf import settings
from django.db import migrations, models

from portal.kernel.sealing import seal_bytes
from portal.kernel.walls import supplier_may

# Note [Told for good]: to whom a notice goes, and through whom a supplier could be reached, is rewritten by nobody of
# the application, an erasure included: whoever could, would send the notices elsewhere. The owner's command takes an
# erased person's address away once nobody needs it any more (forget_bank_contacts).
KEPT = """
REVOKE UPDATE ON suppliers_bankcontact, suppliers_banknotice FROM quayside_app, quayside_company;
GRANT UPDATE (state, sent_at, fault, pressed_at, waived_at, waived_by, waived_by_user_id)
    ON suppliers_banknotice TO quayside_company;
-- Whoever comes from another system may have been known for longer than the row is old.
GRANT UPDATE (since_at) ON suppliers_bankcontact TO quayside_company;
"""
REWRITTEN = """
REVOKE UPDATE (since_at) ON suppliers_bankcontact FROM quayside_company;
REVOKE UPDATE (state, sent_at, fault, pressed_at, waived_at, waived_by, waived_by_user_id)
    ON suppliers_banknotice FROM quayside_company;
GRANT UPDATE ON suppliers_bankcontact, suppliers_banknotice TO quayside_app, quayside_company;
"""
TELLING = "added_at, added_by, change_id, content_type, id, key, name, sha256, size, supplier_id"


def seal_papers(apps, schema_editor):
    """Seal what stands in the clear. Where no paper was sent yet no key is needed."""
    for proof in apps.get_model("suppliers", "BankProof").objects.order_by("id").iterator(chunk_size=10):
        place = f"bank_proof:{proof.supplier_id}:{proof.key}"
        proof.content = seal_bytes(bytes(proof.content), place, settings.BANK_KEYS)
        proof.save(update_fields=["content"])


class Migration(migrations.Migration):
    dependencies = [
        ("suppliers", "0013_who_approves"),
        # Takes back what suppliers may do to every table there is: what is granted here must come after it.
        ("procurement", "0009_narrow_grants"),
    ]

    operations = [
        migrations.AddField("banknotice", "waived_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "banknotice", "waived_by", models.CharField(blank=True, db_default="", max_length=200)
        ),
        migrations.AddField("banknotice", "waived_by_user_id", models.BigIntegerField(null=True)),
        migrations.AddField("addresschange", "told_at", models.DateTimeField(null=True)),
        migrations.RunSQL(KEPT, REWRITTEN),
        # A supplier sees that there is a paper; what is in it, only through the service that opens it.
        migrations.RunSQL(
            "REVOKE SELECT ON suppliers_bankproof FROM quayside_supplier;",
            "GRANT SELECT ON suppliers_bankproof TO quayside_supplier;",
        ),
        supplier_may("suppliers_bankproof", f"SELECT ({TELLING})"),
        # Sealed anew when a key is turned.
        migrations.RunSQL(
            "GRANT UPDATE (content) ON suppliers_bankproof TO quayside_company;",
            "REVOKE UPDATE (content) ON suppliers_bankproof FROM quayside_company;",
        ),
        migrations.RunPython(seal_papers, migrations.RunPython.noop),
    ]
