"""The companies that take invoices. They are everybody's on the buying side."""

from procurement.catalogue.models import Company


def companies() -> list[Company]:
    """All of them, by name."""
    return list(Company.objects.order_by("name", "id")[:200])
