"""The companies that take invoices. They are everybody's on the buying side."""

from django.utils.translation import gettext as _

from portal.kernel.errors import NotFound
from procurement.catalogue.models import Company


def companies() -> list[Company]:
    """All of them, by name."""
    return list(Company.objects.order_by("name", "id")[:200])


def find_company(code: str) -> Company:
    """One by its code. Raises `NotFound`."""
    company: Company | None = Company.objects.filter(code=code).first()
    if company is None:
        raise NotFound(_("There is no such company."))
    return company
