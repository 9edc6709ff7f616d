"""The table of security events. No foreign keys, no names: numbers of people, which outlive an erasure."""

from django.db import models

from portal.kernel.security.catalogue import CATALOGUE, Severity


class SecurityEvent(models.Model):
    """One event of the catalogue. `account` is a keyed hash of the address that was typed, where nobody is known."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    token_id = models.BigIntegerField(null=True)
    account = models.CharField(max_length=32, blank=True)
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=200, blank=True)
    route = models.CharField(max_length=120, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "-at"], name="security_kind"),
            models.Index(fields=["user_id", "-at"], name="security_person"),
            models.Index(fields=["-at", "-id"], name="security_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(severity__in=Severity.values), name="security_severity_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"

    @property
    def meaning(self) -> str:
        """The sentence of the catalogue; a kind that a newer version wrote is told by its name."""
        known = CATALOGUE.get(self.kind)
        return str(known.meaning) if known else self.kind
