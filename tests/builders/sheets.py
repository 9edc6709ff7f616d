"""Files with ship notices on demand: read and kept as the door does it."""

import hashlib
import io
from datetime import datetime

from portal.kernel.scope import acting
from procurement.shipments.files.reading import read_file, read_rows
from procurement.shipments.models import UploadedNotices
from procurement.shipments.services import KeepSheet, keep_upload, look_at_upload
from tests.people import Person

HEAD = "order,line,quantity,number,ship_on,delivery_on,carrier,tracking,package,package_kind,parent,sscc,lot,serials"


def csv_of(*rows: str, head: str = HEAD) -> bytes:
    """A CSV file with these rows."""
    return "\n".join([head, *rows]).encode()


def keep(content: bytes, person: Person, *, at: datetime, look: bool = False) -> tuple[UploadedNotices, bool]:
    """Somebody uploads a file; `look`: and looks at what would become of it."""
    found = read_file(io.BytesIO(content), len(content))
    rows = read_rows(found.table, found.head, found.columns, "en")
    digest = hashlib.sha256(content).hexdigest()
    command = KeepSheet("ship.csv", digest, found.table, found.head, found.columns, rows)
    with acting(person.actor):
        kept, is_new = keep_upload(command, actor=person.actor, at=at)
        if look:
            kept = look_at_upload(kept.key, actor=person.actor, at=at)
    return kept, is_new
