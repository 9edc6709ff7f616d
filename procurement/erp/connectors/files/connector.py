"""The drop folder as an `ErpConnector`. See docs/file-formats.md for what an ERP has to write and read."""

import csv
import io
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from procurement.catalogue.messages import CustomerDemandPaper, StockPaper
from procurement.erp.connectors.files.complete import find_export, marks_of, papers_in
from procurement.erp.connectors.files.folder import (
    MANIFEST,
    Claimed,
    DropFolder,
    make_folder,
    move,
    write_file,
    write_manifest,
)
from procurement.erp.connectors.files.formats import INBOUND, Format
from procurement.erp.connectors.files.papers import papers_of
from procurement.erp.connectors.files.records import Found
from procurement.erp.connectors.files.report import write_report
from procurement.erp.connectors.files.rows import BadFile, Limits, Table, open_table
from procurement.erp.connectors.files.writing import (
    counts_csv,
    early_payments_csv,
    invoices_csv,
    notices_csv,
    promises_csv,
)
from procurement.erp.messages import EarlyPaymentCommand, InvoiceCommand, Picture
from procurement.erp.ports import (
    Capabilities,
    Cursor,
    Deletions,
    Discovery,
    Feed,
    Identity,
    InvoicePart,
    Outcome,
    Page,
    Paper,
    PermissionRefused,
    ReadBack,
    RecordMark,
    Sighting,
    Transient,
    Unsupported,
    ValidationRefused,
    WriteField,
    WriteResult,
)
from procurement.erp.problems import Problem, Severity
from procurement.orders.messages import OrderPaper, PromiseCommand
from procurement.receipts.messages import ReceiptCommand
from procurement.shipments.messages import NoticeCommand

CAPABILITIES = Capabilities(
    reads=frozenset(Feed),
    writes=frozenset(WriteField),
    read_back=ReadBack.BY_FEED,
    optimistic_lock=False,
    deletions=Deletions.STATED,
    takes_notices=True,
    books_receipts=True,
    invoices_out=frozenset(InvoicePart) - {InvoicePart.ATTACHMENT},
    plans_early_payments=True,
)
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(slots=True)
class Reading:
    """What has been found in a file so far, and how much of it the portal has taken."""

    file: Claimed
    limits: Limits
    problems: list[Problem] = field(default_factory=list)
    left_out: int = 0
    refused_rows: list[Sequence[str]] = field(default_factory=list)
    taken: int = 0
    table: Table | None = None

    def note(self, problems: Sequence[Problem]) -> tuple[Problem, ...]:
        """Keep findings for the report, up to a limit; the rest is counted."""
        room = max(self.limits.problems - len(self.problems), 0)
        self.problems += problems[:room]
        self.left_out += len(problems[room:])
        return tuple(problems[:room])

    def keep(self, rows: Sequence[Sequence[str]]) -> None:
        """Keep refused rows to hand back. Where most are refused, correcting the whole file is easier."""
        if len(self.refused_rows) <= self.limits.refused_rows:
            self.refused_rows += rows

    @property
    def has_refusals(self) -> bool:
        """Whether anything of the file was not taken."""
        return self.left_out > 0 or any(problem.severity is Severity.REFUSED for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Token:
    """What a page remembers of the file it came from; the last page of a file puts the file away."""

    reading: Reading
    last: bool
    rows: dict[int, tuple[Sequence[str], ...]]


@dataclass(slots=True)
class Telling:
    """Whether a file of a feed that is told whole can be taken at its word: one moment, and every row of it readable.

    Where it cannot, its good rows are taken all the same, and nothing that it does not name is taken away.
    """

    feed: Feed
    as_of: datetime | None = None
    is_whole: bool = True
    has_several_moments: bool = False

    def hear(self, found: Found) -> None:
        """Note what a record says of the moment, or that it could not be read."""
        if not self.feed.is_told_whole:
            return
        if found.sighting is None:
            self.is_whole &= all(problem.severity is not Severity.REFUSED for problem in found.problems)
            return
        paper = found.sighting.paper
        assert isinstance(paper, StockPaper | CustomerDemandPaper)
        self.has_several_moments |= self.as_of not in (None, paper.as_of)
        self.as_of = self.as_of or paper.as_of

    @property
    def whole_as_of(self) -> datetime | None:
        """The moment of which the whole file told, if it did."""
        is_told = self.feed.is_told_whole and self.is_whole and not self.has_several_moments
        return self.as_of if is_told else None

    def doubts(self, source: str) -> list[Problem]:
        """Why nothing is taken away although the file should be all there is."""
        if self.has_several_moments:
            return [Problem("several_moments", source, column="as_of")]
        return [] if self.is_whole else [Problem("not_told_whole", source)]


class FilesConnector:
    """An ERP that writes CSV into a folder and reads CSV from another."""

    def __init__(
        self,
        root: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        page_size: int = 500,
        limits: Limits = Limits(),  # noqa: B008 -- frozen
        quiet: timedelta = timedelta(seconds=5),
        patience: timedelta = timedelta(hours=1),
    ) -> None:
        self.folder = DropFolder(root, clock=clock, quiet=quiet, patience=patience)
        self._clock = clock
        self._page_size = page_size
        self._limits = limits

    @property
    def capabilities(self) -> Capabilities:
        """A folder takes any command; whether the ERP took it, the feeds tell."""
        return CAPABILITIES

    def discover(self) -> Discovery:
        """Whether the folder is there, is one file system, and may be written; and what lies in it."""
        self.folder.prepare()
        folder = self.folder
        places = (folder.inbox, folder.outbox, folder.sent, folder.archive, folder.rejected)
        if len({place.stat().st_dev for place in places}) > 1:
            raise PermissionRefused("All of the drop folder must be on one file system.")
        for place in places:
            if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionRefused(f"The portal may not read and write in {place}.")
        waiting = [path.name for path in folder.strangers()]
        warnings = (f"in/ holds files that are not read: {', '.join(waiting)}",) if waiting else ()
        facts = {"formats": ", ".join(f"{feed}({len(form.columns)})" for feed, form in INBOUND.items())}
        identity = Identity("files", f"drop folder {folder.root.name}")
        return Discovery(identity, CAPABILITIES, facts, warnings, folder.clock_ahead())

    # --- reading
    # --------------------------------------------------------------------------------------------------

    def read(self, feed: Feed, since: Cursor | None) -> Iterator[Page]:
        """The papers in the files of a feed that are ready, page by page.

        A file waits while a file of a feed before it is still unread, so that an order never arrives before
        its supplier only because of the moment we looked.
        """
        with self.folder.locked():
            yield from self._set_strangers_aside(feed)
            self.folder.claim_new()
            files = [file for file in self.folder.claimed() if file.feed is feed]
            last = self._last_word_on(files) if any(file.is_again for file in files) else {}
            for file in files:
                if not self._waits_for_another(feed):
                    yield from self._read_file(file, last)

    def _waits_for_another(self, feed: Feed) -> bool:
        return any(file.feed in feed.upstream for file in self.folder.claimed())

    def _last_word_on(self, files: Sequence[Claimed]) -> dict[tuple[str, str], str]:
        """Of each order in files that are read again: the claim of the last file that carries it. See Note [Read
        again]."""
        last: dict[tuple[str, str], str] = {}
        for file in files:
            try:
                table = open_table(file.path, INBOUND[file.feed], self._limits)
                for found in papers_of(table, file.feed):
                    if found.sighting and isinstance(paper := found.sighting.paper, OrderPaper):
                        last[paper.company, paper.number] = file.claim
            except BadFile:
                continue  # said by the reading itself
        return last

    def _read_file(self, file: Claimed, last: Mapping[tuple[str, str], str]) -> Iterator[Page]:
        reading = Reading(file, self._limits)
        cursor = Cursor(file.feed, {"last_file": file.path.name, "claim": file.claim})
        telling = Telling(file.feed)
        sightings: list[Sighting] = []
        problems: list[Problem] = []
        rows: dict[int, tuple[Sequence[str], ...]] = {}

        def page(last: bool) -> Page:
            token = Token(reading, last, dict(rows))
            source = f"{file.claim}/{file.path.name}"
            whole_as_of = telling.whole_as_of if last else None
            made = Page(
                file.feed, tuple(sightings), cursor, tuple(problems), None, source, token, whole_as_of
            )
            sightings.clear()
            problems.clear()
            rows.clear()
            return made

        form = INBOUND[file.feed]
        try:
            reading.table = open_table(file.path, form, self._limits)
            problems += reading.note(reading.table.notices)
            for found in papers_of(reading.table, file.feed):
                problems += reading.note(unsaid(found.problems, form))
                telling.hear(found)
                cells = () if form.is_secret else _cells(found)
                if found.sighting is None:
                    reading.keep(cells)
                elif file.is_again and _is_overtaken(found.sighting, file, last):
                    continue
                else:
                    sightings.append(found.sighting)
                    rows[found.sighting.row or 0] = cells
                if len(sightings) + len(problems) >= self._page_size:
                    yield page(last=False)
            problems += reading.note(telling.doubts(file.path.name))
        except BadFile as bad:
            problems += reading.note(unsaid(bad.problems, form))
            telling.is_whole = False
        except PermissionError as error:
            raise PermissionRefused(f"The portal may not read {file.path.name}.") from error
        yield page(last=True)

    def _set_strangers_aside(self, feed: Feed) -> Iterator[Page]:
        """Files that will never be read are moved aside with a report; reported with the first feed that is
        asked for."""
        aside: list[tuple[list[Path], Problem]] = []
        for manifest, problem in self.folder.overdue_batches():
            aside.append(([*self.folder.batch_files(manifest), manifest], problem))
        known = ", ".join(Feed)
        for path in self.folder.strangers():
            aside.append(([path], Problem("unknown_file", path.name, facts={"feeds": known})))
        if not aside:
            return
        for paths, problem in aside:
            place = self.folder.place_for_stranger(paths[-1])
            write_report(place, paths[-1].name, [problem], taken=0, left_out=0)
            for path in paths:
                move(path, place / path.name)
        yield Page(feed, (), Cursor(feed), tuple(problem for _, problem in aside), None, "in/")

    def settle(self, page: Page, refused: Sequence[Problem] = ()) -> None:
        """After the last page of a file: write its report if anything was refused, and put the file away."""
        if not isinstance(page.token, Token):
            return
        reading, rows = page.token.reading, page.token.rows
        refused_rows = {problem.row or 0 for problem in refused}
        reading.note(refused)
        reading.taken += len(page.sightings) - len(refused_rows & rows.keys())
        for row in sorted(refused_rows & rows.keys()):
            reading.keep(rows[row])
        if page.token.last:
            self._put_away(reading)

    def _put_away(self, reading: Reading) -> None:
        file = reading.file
        if reading.problems or reading.left_out:
            refused = reading.has_refusals
            place = (
                self.folder.place_for_rejected(file.claim)
                if refused
                else self.folder.place_in_archive(file.claim)
            )
            taken, left_out = reading.taken, reading.left_out
            write_report(place, file.path.name, reading.problems, taken=taken, left_out=left_out)
            if reading.table and 0 < len(reading.refused_rows) <= reading.limits.refused_rows:
                content = _rows_to_correct(reading.table, reading.refused_rows)
                write_file(place / f"{file.feed}-refused.csv", content)
        if file.feed.is_secret:
            self.folder.take_away(file)
        elif reading.has_refusals:
            self.folder.put_in_rejected(file)
        else:
            self.folder.put_in_archive(file)

    def peek(self, feed: Feed) -> Iterator[Page]:
        """The papers in the files of a feed that are ready, without claiming them. Who reads waits meanwhile."""
        with self.folder.locked():
            for file in self.folder.ready():
                if file.feed is feed:
                    yield from self._read_file(file, {})

    # --- comparing
    # ------------------------------------------------------------------------------------------------

    def sweep(self, feed: Feed) -> Iterator[RecordMark]:
        """Every record of the complete export, where the ERP writes one."""
        _require_comparable(feed)
        export = find_export(self.folder.complete, feed)
        waiting = self.folder.unread_before(export.made_at)
        if waiting is not None:
            raise Transient(f"{waiting.name} is older than the complete export and not read yet.")
        return marks_of(export, self._limits)

    def look_up(self, feed: Feed, keys: Collection[tuple[str, ...]]) -> Iterator[Paper]:
        """These records as the complete export has them."""
        _require_comparable(feed)
        return papers_in(find_export(self.folder.complete, feed), keys, self._limits)

    def seen_as_of(self, feed: Feed) -> datetime | None:
        """When the ERP began to write its complete export."""
        return find_export(self.folder.complete, feed).made_at

    def rewind(self, feed: Feed, cursor: Cursor | None, since: datetime) -> Cursor | None:
        """Put back the files that were read since then. The cursor says nothing here: what lies in in/ is read."""
        with self.folder.locked():
            self.folder.put_back(feed, since)
        return cursor

    # --- writing
    # --------------------------------------------------------------------------------------------------

    def write_promise(self, command: PromiseCommand) -> WriteResult:
        """Put the command into out/ as a batch of its own, once.

        Note [Written once]: the command is first kept under sent/, then published to out/, then marked as
        published. A crash before the mark makes the next attempt publish the same file under the same name
        again; an ERP that has taken the first one meanwhile sees the same command key and leaves it. That is
        the ERP's one duty here.
        """
        if not command.lines or any(not line.pieces for line in command.lines):
            raise ValidationRefused("The command asks for nothing on one of its lines.")
        return self._publish(command.key, promises_csv(command), "promise", "promises")

    def write_notice(self, command: NoticeCommand) -> WriteResult:
        """Put the ship notice into out/ as a batch of its own, once: see Note [Written once]."""
        if not command.lines:
            raise ValidationRefused("There is no line in the ship notice.")
        return self._publish(command.key, notices_csv(command), "notice", "ship_notices")

    def write_receipt(self, command: ReceiptCommand) -> WriteResult:
        """Put the count into out/ as a batch of its own, once: see Note [Written once]."""
        if not command.lines:
            raise ValidationRefused("There is no line in the count.")
        return self._publish(command.key, counts_csv(command), "count", "counts")

    def book_invoice(self, command: InvoiceCommand, picture: Picture | None = None) -> WriteResult:
        """Put the invoice into out/ as a batch of its own, once: see Note [Written once]. Its picture stays here."""
        if not command.lines and not command.charges:
            raise ValidationRefused("There is no line in the invoice.")
        return self._publish(command.key, invoices_csv(command), "invoice", "invoices_out")

    def plan_early_payment(self, command: EarlyPaymentCommand) -> WriteResult:
        """Put the early payment into out/ as a batch of its own, once: see Note [Written once]."""
        return self._publish(command.key, early_payments_csv(command), "early", "early_payments")

    def _publish(self, key: str, text: str, noun: str, form: str) -> WriteResult:
        self.folder.prepare()
        content = text.encode()
        kept = self._kept(key)
        published = kept.with_suffix(".published")
        if not kept.exists():
            make_folder(kept.parent)
            write_file(kept, content)
        elif kept.read_bytes() != content:
            raise ValidationRefused(f"The command {key} was already sent with other content.")
        batch = f"{noun}-{kept.stem}"
        if not published.exists():
            name = f"{batch}.{form}.csv"
            if not (self.folder.outbox / f"{batch}{MANIFEST}").exists():
                write_file(self.folder.outbox / name, content)
                write_manifest(self.folder.outbox, batch, [name], made_at=self._clock())
            write_file(published, self._clock().isoformat().encode())
        return WriteResult(Outcome.SENT, reference=batch)

    def find_command(self, key: str) -> WriteResult | None:
        """Whether the command was published; what the ERP made of it comes by feed."""
        kept = self._kept(key)
        if not kept.with_suffix(".published").exists():
            return None
        return WriteResult(Outcome.SENT, reference=f"promise-{kept.stem}")

    def read_back(self, company: str, number: str) -> OrderPaper | None:
        """A folder cannot be asked about one order."""
        raise Unsupported("A drop folder cannot be asked; the orders feed tells what the ERP holds.")

    def _kept(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValidationRefused(f"“{key}” cannot be the key of a command: letters, digits, - and _ only.")
        return self.folder.sent / key[:2] / f"{key}.csv"

    def close(self) -> None:
        """Nothing is held between calls."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _require_comparable(feed: Feed) -> None:
    if feed.is_secret:
        raise Unsupported("Bank accounts are held against what is on record each time they are read.")


def unsaid(problems: Sequence[Problem], form: Format) -> Sequence[Problem]:
    """Findings as they may be kept: of a file with numbers of accounts nothing is quoted but cells that hold none."""
    if not form.is_secret:
        return problems
    safe = {column.name for column in form.columns if not column.secret}
    return [one if one.column in safe else replace(one, value="") for one in problems]


def _is_overtaken(sighting: Sighting, file: Claimed, last: Mapping[tuple[str, str], str]) -> bool:
    paper = sighting.paper
    if not isinstance(paper, OrderPaper):
        return False
    return last.get((paper.company, paper.number), file.claim) != file.claim


def _cells(found: Found) -> tuple[Sequence[str], ...]:
    return tuple(
        tuple(row.cells.values()) if isinstance(row.cells, dict) else row.cells for row in found.rows
    )


def _rows_to_correct(table: Table, rows: Sequence[Sequence[str]]) -> bytes:
    """The refused records as a file of the same shape: correct it, and put it back into in/ under the name
    it has."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=table.separator, lineterminator="\r\n")
    writer.writerow(table.header)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8", "surrogateescape")
