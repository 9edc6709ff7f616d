"""One adapter per ERP. Wire formats stay in here; what leaves is a neutral paper."""

from django.conf import settings

from procurement.erp.connectors.files import FilesConnector
from procurement.erp.ports import ErpConnector


def connect() -> ErpConnector:
    """The connector that this installation is set up with."""
    match settings.ERP_CONNECTOR:
        case "files":
            return FilesConnector(settings.ERP_FILES_ROOT)
    raise LookupError(f"ERP_CONNECTOR={settings.ERP_CONNECTOR!r}: there is no such connector")
