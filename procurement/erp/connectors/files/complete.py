"""The complete export: all that exists in the ERP at one moment, for the nightly comparison. It is only looked at:
nothing of it is taken in, and its files stay where the ERP puts them."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils.translation import gettext_noop

from procurement.erp.connectors.files.folder import MANIFEST, feed_of, fingerprint, read_manifest
from procurement.erp.connectors.files.formats import INBOUND
from procurement.erp.connectors.files.papers import papers_of
from procurement.erp.connectors.files.records import Found
from procurement.erp.connectors.files.rows import BadFile, Limits, Row, open_table
from procurement.erp.content import content_hash
from procurement.erp.ports import Feed, Paper, RecordMark, Transient, Unsupported, ValidationRefused, key_of
from procurement.orders.messages import OrderPaper
from procurement.orders.messages import content_hash as order_hash

BATCH = "complete"
# Kept in English and translated where they are shown.
NO_EXPORT = gettext_noop("There is no complete export to compare with (complete/complete.manifest.json).")
NO_FILE = gettext_noop("The complete export has no file of this feed.")


@dataclass(frozen=True, slots=True)
class Export:
    """The file of one feed in the complete export, and the moment of which it tells."""

    path: Path
    feed: Feed
    made_at: datetime


def find_export(folder: Path, feed: Feed) -> Export:
    """The complete export of a feed. Raises `Unsupported` where there is none, `Transient` while it is written."""
    manifest = folder / f"{BATCH}{MANIFEST}"
    if not manifest.is_file():
        raise Unsupported(NO_EXPORT)
    try:
        listed = {feed_of(one.name): one for one in read_manifest(manifest)}
        made_at = _made_at(manifest)
    except ValueError as error:
        raise ValidationRefused(f"The manifest of the complete export cannot be used: {error}.") from error
    if feed not in listed:
        raise Unsupported(NO_FILE)
    wanted = listed[feed]
    path = folder / wanted.name
    if not path.is_file() or fingerprint(path) != (wanted.sha256, wanted.rows):
        raise Transient(f"{wanted.name} is not yet as the manifest of the complete export says.")
    return Export(path, feed, made_at)


def _made_at(manifest: Path) -> datetime:
    said = json.loads(manifest.read_bytes()).get("made_at")
    moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    if moment is None or moment.tzinfo is None:
        raise ValueError('it does not say in "made_at", with a time zone, of which moment the export tells')
    return moment


def marks_of(export: Export, limits: Limits) -> Iterator[RecordMark]:
    """Every record of the export. One that cannot be read exists all the same, and has no paper."""
    for found in _records(export, limits):
        if found.sighting is not None:
            paper = found.sighting.paper
            digest = order_hash(paper) if isinstance(paper, OrderPaper) else content_hash(paper)
            yield RecordMark(key_of(paper), digest, paper=paper)
        else:
            yield RecordMark(_key_of_rows(found, export))


def papers_in(export: Export, keys: Collection[tuple[str, ...]], limits: Limits) -> Iterator[Paper]:
    """These records as the export has them, in one pass over it."""
    wanted = set(keys)
    for found in _records(export, limits):
        if found.sighting is not None and key_of(found.sighting.paper) in wanted:
            yield found.sighting.paper


def _records(export: Export, limits: Limits) -> Iterator[Found]:
    try:
        yield from papers_of(open_table(export.path, INBOUND[export.feed], limits), export.feed)
    except BadFile as bad:
        raise ValidationRefused(f"{export.path.name}: {bad.problems[0].explain()}") from bad
    except FileNotFoundError as error:  # the ERP is putting the next one in its place
        raise Transient(f"{export.path.name} was taken away while it was read.") from error


def _key_of_rows(found: Found, export: Export) -> tuple[str, ...]:
    names = INBOUND[export.feed].key
    for row in found.rows:
        if isinstance(row, Row) and all(row.cells.get(name) for name in names):
            return tuple(row.cells[name] for name in names)
    # Whose row it is nobody can say: any record that seems to be missing might be this one.
    problem = found.problems[0]
    raise ValidationRefused(f"{export.path.name}, row {problem.row}: {problem.explain()}")
