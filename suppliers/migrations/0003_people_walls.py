"""Wall two around people, their sessions and their second factors."""

from typing import ClassVar

from django.db import migrations

from portal.kernel.walls import company_only, people_wall


class Migration(migrations.Migration):
    """Under a supplier's scope only its own people are to be seen, and nobody's session or second factor."""

    dependencies: ClassVar = [
        ("suppliers", "0002_walls"),
        ("account", "0001_initial"),
        ("mfa", "0001_initial"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations: ClassVar = [
        people_wall("suppliers_user", "suppliers_membership"),
        company_only("django_session"),
        company_only("account_emailaddress"),
        company_only("account_emailconfirmation"),
        company_only("mfa_authenticator"),
        company_only("usersessions_usersession"),
    ]
