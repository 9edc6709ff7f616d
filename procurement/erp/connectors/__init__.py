"""One adapter per ERP. Wire formats stay in here; what leaves is a neutral paper."""

from urllib.parse import SplitResult, unquote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from procurement.erp.connectors.files import FilesConnector
from procurement.erp.connectors.tryton import TrytonConnector
from procurement.erp.ports import ErpConnector


def connect() -> ErpConnector:
    """The connector that this installation is set up with."""
    match settings.ERP_CONNECTOR:
        case "files":
            return FilesConnector(settings.ERP_FILES_ROOT)
        case "tryton":
            return _tryton(settings.ERP_URL)
    raise LookupError(f"ERP_CONNECTOR={settings.ERP_CONNECTOR!r}: there is no such connector")


def _tryton(address: SplitResult | None) -> TrytonConnector:
    if address is None or not address.username or not address.path.strip("/"):
        raise ImproperlyConfigured("ERP_URL must name it all: https://user:password@host/database")
    host = address.netloc.rpartition("@")[2]
    return TrytonConnector(
        f"{address.scheme}://{host}",
        address.path.strip("/"),
        unquote(address.username),
        unquote(address.password or ""),
        patience=settings.ERP_PATIENCE,
    )
