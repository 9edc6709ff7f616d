"""The drop folder on disk: who may move what where, so that a crash at any step leaves nothing half read and
nothing lost.

Note [Steps of a file]: a file is in exactly one place at any moment, and every step is one rename within one
file system. in/ (the ERP's) → in/.claimed/<claim>/ (ours, being read) → archive/<day>/<claim>/ or
rejected/<day>/<claim>/. Reports are written before the file moves beside them. A process that dies leaves
its claim behind; the next reader finds it and reads it again, which changes nothing that was already stored
(content hashes).

Note [Read again]: what was put away can be put back, by the same rename the other way. Its claim then ends with
`.again`. Of an order that several files carry only the last one counts, so that reading old files again never makes
an order go back to what it once was (see `FilesConnector.read`).
"""

import errno
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from procurement.erp.ports import Busy, Feed, PermissionRefused, Transient
from procurement.erp.problems import Problem

MANIFEST = ".manifest.json"
AGAIN = ".again"
_BATCH_NAME = re.compile(r"(?P<batch>[A-Za-z0-9][A-Za-z0-9_-]{0,99})\.(?P<feed>[a-z_]+)\.csv")
_LONE_NAME = re.compile(r"(?P<feed>[a-z_]+)(-[A-Za-z0-9_-]{1,100})?\.csv")
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".swp")
_FEEDS = {feed.value: feed for feed in Feed}
_LONGEST_MANIFEST = 1_000_000
_CLAIM = re.compile(r"\d{8}T\d{12}-")


@dataclass(frozen=True, slots=True)
class Listed:
    """One file as a manifest promises it."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """One file that is ours to read: the feed it carries, and the claim (a batch or a lone file) it came
    with."""

    path: Path
    feed: Feed
    claim: str

    @property
    def is_again(self) -> bool:
        """Whether the file was read before and put back."""
        return self.claim.endswith(AGAIN)


class BatchWaits(Exception):
    """A batch whose files are not all as its manifest says: still being written, most likely."""


def feed_of(name: str) -> Feed | None:
    """The feed that a file name says it carries, if it says one."""
    match = _BATCH_NAME.fullmatch(name) or _LONE_NAME.fullmatch(name)
    return _FEEDS.get(match["feed"]) if match else None


def batch_of(name: str) -> str | None:
    """The batch that a file belongs to by its name; a lone file has none."""
    match = _BATCH_NAME.fullmatch(name)
    return match["batch"] if match and match["feed"] in _FEEDS else None


class DropFolder:
    """The folder that an ERP and the portal share.

    `quiet` is how long a lone file must have been left alone before it is read, for programs that cannot
    rename; `patience` is how long a batch may stay incomplete before it is moved aside.
    """

    def __init__(
        self,
        root: Path,
        *,
        clock: Callable[[], datetime],
        quiet: timedelta = timedelta(seconds=5),
        patience: timedelta = timedelta(hours=1),
    ) -> None:
        self.root = root
        self.inbox = root / "in"
        self.claims = root / "in" / ".claimed"
        self.outbox = root / "out"
        self.sent = root / "sent"
        self.archive = root / "archive"
        self.rejected = root / "rejected"
        self.complete = root / "complete"
        self._clock = clock
        self._claimed_at = datetime.min.replace(tzinfo=UTC)
        self._quiet = quiet
        self._patience = patience

    def prepare(self) -> None:
        """Make the folders that are missing."""
        try:
            for folder in (self.claims, self.outbox, self.sent, self.archive, self.rejected):
                make_folder(folder)
        except PermissionError as error:
            raise PermissionRefused(f"The portal may not write in {self.root}.") from error
        except OSError as error:
            raise Transient(f"The drop folder {self.root} cannot be used: {error.strerror}.") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only reader. The lock ends with the process, however it ends."""
        self.prepare()
        with (self.root / ".reader.lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN):
                    raise
                raise Busy("Another process is reading the drop folder.") from error
            yield

    # --- taking in
    # ------------------------------------------------------------------------------------------------

    def claim_new(self) -> None:
        """Make every complete batch and every finished lone file ours, in the order in which they were written.

        After an outage several files of one feed lie here, and what was written last must be read last.
        """
        for path in sorted(self.inbox.iterdir(), key=_when_written):
            if not self._is_plain(path):
                continue
            if path.name.endswith(MANIFEST):
                self._claim_batch(path)
            elif feed_of(path.name) and batch_of(path.name) is None and self._is_left_alone(path):
                self._claim_lone(path)

    def claimed(self) -> list[Claimed]:
        """The files that are ours to read, oldest claim first; what a dead reader left comes first of all."""
        found: list[Claimed] = []
        for claim in sorted(self.claims.iterdir()):
            self._finish_claim(claim)
            for path in sorted(claim.iterdir()):
                feed = feed_of(path.name)
                if feed is not None:
                    found.append(Claimed(path, feed, claim.name))
            self._drop_empty(claim)
        return found

    def ready(self) -> list[Claimed]:
        """The files that a reader would read now, in its order, left where they are: no claim is made."""
        found: list[Claimed] = []
        claims = sorted(self.claims.iterdir()) if self.claims.is_dir() else []
        places = [(claim.name, path) for claim in claims for path in sorted(claim.iterdir())]
        for path in sorted(self.inbox.iterdir(), key=_when_written) if self.inbox.is_dir() else ():
            if self._is_plain(path) and path.name.endswith(MANIFEST):
                try:
                    self._check_batch(path)
                except (BatchWaits, ValueError):
                    continue
                batch = path.name.removesuffix(MANIFEST)
                places += [(batch, self.inbox / listed.name) for listed in read_manifest(path)]
            elif self._is_plain(path) and batch_of(path.name) is None and self._is_left_alone(path):
                places.append((path.stem, path))
        for claim_name, path in places:
            feed = feed_of(path.name)
            if feed is not None:
                found.append(Claimed(path, feed, claim_name))
        return found

    def unread_before(self, moment: datetime) -> Path | None:
        """A file of any feed that was written before a moment and is not read yet, whole or not, if there is one."""
        places = [*self.inbox.glob("*"), *self.claims.glob("*/*")]
        unread = [path for path in places if feed_of(path.name) is not None and self._is_plain(path)]
        return next((path for path in sorted(unread) if _was_written_before(path, moment)), None)

    def strangers(self) -> list[Path]:
        """Files in in/ that are finished and of no feed we know, and files of a batch nobody wrote a
        manifest for."""
        return [
            path
            for path in sorted(self.inbox.iterdir())
            if self._is_plain(path)
            and not path.name.endswith(MANIFEST)
            and (feed_of(path.name) is None or batch_of(path.name) is not None)
            and self._age(path) > (self._quiet if feed_of(path.name) is None else self._patience)
            and not (self.inbox / f"{batch_of(path.name)}{MANIFEST}").exists()
        ]

    def overdue_batches(self) -> Iterator[tuple[Path, Problem]]:
        """Manifests whose files have not come right within our patience, with what is wrong."""
        for path in sorted(self.inbox.glob(f"*{MANIFEST}")):
            if self._is_plain(path) and self._age(path) > self._patience:
                try:
                    self._check_batch(path)
                except BatchWaits as reason:
                    minutes = int(self._age(path).total_seconds() // 60)
                    facts: Mapping[str, str | int] = {
                        "batch": path.name.removesuffix(MANIFEST),
                        "minutes": minutes,
                        "reason": str(reason),
                    }
                    yield path, Problem("batch_incomplete", path.name, facts=facts)
                except ValueError as error:
                    yield path, Problem("bad_manifest", path.name, facts={"reason": str(error)})

    def batch_files(self, manifest: Path) -> list[Path]:
        """The files in in/ that belong to a batch by their names."""
        batch = manifest.name.removesuffix(MANIFEST)
        return [path for path in sorted(self.inbox.iterdir()) if batch_of(path.name) == batch]

    def _claim_batch(self, manifest: Path) -> None:
        try:
            self._check_batch(manifest)
        except (BatchWaits, ValueError):
            return  # overdue_batches tells, once it has gone on for too long
        claim = self.claims / self._claim_name(manifest.name.removesuffix(MANIFEST))
        claim.mkdir()
        # The manifest first: whoever finds the claim after a crash knows which files still have to follow.
        move(manifest, claim / manifest.name)
        self._finish_claim(claim)

    def _claim_lone(self, path: Path) -> None:
        claim = self.claims / self._claim_name(path.stem)
        claim.mkdir()
        move(path, claim / path.name)

    def put_back(self, feed: Feed, since: datetime) -> int:
        """Make the files of a feed that were claimed since a moment ours to read once more; returns how many.

        Those that were refused in part as well: what was taken of them counts. Under the lock of a reader.
        """
        first = f"{since.astimezone(UTC):%Y%m%dT%H%M%S%f}"
        back = 0
        for shelf in (self.archive, self.rejected):
            for claim in sorted(shelf.glob("*/*")):
                if claim.name < first or not _CLAIM.match(claim.name) or not claim.is_dir():
                    continue
                name = claim.name.removesuffix(AGAIN)
                for path in sorted(claim.iterdir()):
                    if feed_of(path.name) is feed and self._is_plain(path) and self._was_read(path, name):
                        move(path, make_folder(self.claims / f"{name}{AGAIN}") / path.name)
                        back += 1
        return back

    def _was_read(self, path: Path, claim: str) -> bool:
        """Whether a file that was put away is what the claim was made for and had been read: not the rows handed back
        for correction, and not the files of a batch that never came right."""
        claimed = claim.partition("-")[2]
        batch = batch_of(path.name)
        if batch is None:
            return path.stem == claimed
        manifest = self.archive / _day_of(claim) / claim / f"{batch}{MANIFEST}"
        return batch == claimed and manifest.exists()

    def clock_ahead(self) -> timedelta:
        """How far the clock of the disk is ahead of ours: whether a file was left alone is told by its time stamp."""
        trial = self.root / ".clock"
        before = self._clock().timestamp()
        trial.write_bytes(b"")
        stamp = trial.stat().st_mtime
        trial.unlink()
        ahead, behind = max(stamp - self._clock().timestamp(), 0.0), max(before - stamp, 0.0)
        return timedelta(seconds=round(ahead - behind, 1))

    def _finish_claim(self, claim: Path) -> None:
        for manifest in claim.glob(f"*{MANIFEST}"):
            for listed in read_manifest(manifest):
                waiting = self.inbox / listed.name
                if self._is_plain(waiting) and not (claim / listed.name).exists():
                    move(waiting, claim / listed.name)

    def _check_batch(self, manifest: Path) -> None:
        promised = read_manifest(manifest)
        for listed in promised:
            if not self._is_plain(self.inbox / listed.name):
                raise BatchWaits(f"{listed.name} is missing")
        for listed in promised:
            path = self.inbox / listed.name
            sha256, rows = fingerprint(path)
            if sha256 != listed.sha256:
                raise BatchWaits(f"{listed.name} is not the file that was meant (its SHA-256 differs)")
            if rows != listed.rows:
                raise BatchWaits(f"{listed.name} has {rows} rows below its header, not {listed.rows}")

    def _claim_name(self, stem: str) -> str:
        """Sorts as it was claimed, however fast, and two claims of one name never meet."""
        self._claimed_at = max(self._clock(), self._claimed_at + timedelta(microseconds=1))
        return f"{self._claimed_at:%Y%m%dT%H%M%S%f}-{stem}"

    def _is_plain(self, path: Path) -> bool:
        if path.name.startswith(".") or path.name.endswith(_UNFINISHED):
            return False
        return path.is_file() and not path.is_symlink()

    def _is_left_alone(self, path: Path) -> bool:
        return self._age(path) >= self._quiet

    def _age(self, path: Path) -> timedelta:
        try:
            changed = path.stat().st_mtime
        except FileNotFoundError:
            return timedelta(0)
        return timedelta(seconds=self._clock().timestamp() - changed)

    # --- putting away
    # ---------------------------------------------------------------------------------------------

    def put_in_archive(self, file: Claimed) -> Path:
        """A file that was read without a refusal goes to the archive of its day."""
        return self._put(file, self.archive)

    def place_in_archive(self, claim: str) -> Path:
        """Where a file that was read without a refusal goes, with what was noticed in it."""
        return make_folder(self.archive / _day_of(claim) / claim)

    def place_for_rejected(self, claim: str) -> Path:
        """Where a file that was refused, wholly or in part, goes with its report. Always the same for the
        same claim, so that a repeated reading writes the same report again."""
        return make_folder(self.rejected / _day_of(claim) / claim)

    def put_in_rejected(self, file: Claimed) -> Path:
        """A file with refused records goes beside its report."""
        return self._put(file, self.rejected)

    def take_away(self, file: Claimed) -> None:
        """A file that is kept nowhere, once it was read: its numbers stand in the clear in it."""
        file.path.unlink(missing_ok=True)
        _remember(file.path.parent)
        self._drop_empty(file.path.parent)

    def place_for_stranger(self, path: Path) -> Path:
        """Where a file of in/ goes that cannot be claimed at all. The same for the same file, a new one for
        a new file."""
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return self.place_for_rejected(f"{changed:%Y%m%dT%H%M%S%f}-{path.name.split('.')[0] or 'file'}")

    def _put(self, file: Claimed, where: Path) -> Path:
        place = make_folder(where / _day_of(file.claim) / file.claim)
        move(file.path, place / file.path.name)
        self._drop_empty(file.path.parent)
        return place / file.path.name

    def _drop_empty(self, claim: Path) -> None:
        """Once only its manifest is left, a claim has been dealt with."""
        left = list(claim.iterdir())
        if any(not path.name.endswith(MANIFEST) for path in left):
            return
        for manifest in left:
            place = make_folder(self.archive / _day_of(claim.name) / claim.name)
            move(manifest, place / manifest.name)
        claim.rmdir()


def _when_written(path: Path) -> tuple[int, list[str | int]]:
    """Sorts files by their last change, and those of one moment by name as people count: orders-9 before orders-10."""
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:  # its writer renames it at this moment
        changed = 0
    parts = re.split(r"(\d+)", path.name)
    return changed, [int(part) if index % 2 else part for index, part in enumerate(parts)]


def _was_written_before(path: Path, moment: datetime) -> bool:
    """Whether a file was last written before a moment; one that is gone has been taken."""
    try:
        return path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False


def _day_of(claim: str) -> str:
    return f"{claim[:4]}-{claim[4:6]}-{claim[6:8]}"


def read_manifest(path: Path) -> tuple[Listed, ...]:
    """The files a manifest promises. Raises `ValueError` with the reason where it is not a manifest."""
    if path.stat().st_size > _LONGEST_MANIFEST:
        raise ValueError("it is longer than a manifest can be")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):  # the second: brackets nested without end
        raise ValueError("it is not JSON") from None
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, list) or not files:
        raise ValueError('it has no list "files"')
    batch = path.name.removesuffix(MANIFEST)
    return tuple(_listed(entry, batch) for entry in files)


def _listed(entry: object, batch: str) -> Listed:
    match entry:
        case {"name": str(name), "rows": int(rows), "sha256": str(sha256)}:
            if batch_of(name) != batch:
                raise ValueError(f"“{name}” is not named {batch}.<feed>.csv")
            return Listed(name, rows, sha256.lower())
    raise ValueError('each of "files" needs "name", "rows" and "sha256"')


def fingerprint(path: Path) -> tuple[str, int]:
    """The SHA-256 of a file, and its lines below the first (blank lines at the end not counted)."""
    digest = hashlib.sha256()
    lines = 0
    last = b"\n"
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            lines += block.count(b"\n")
            last = block[-1:]
    return digest.hexdigest(), max(lines + (last != b"\n") - 1, 0)


def write_manifest(folder: Path, batch: str, names: list[str], *, made_at: datetime) -> Path:
    """Make a batch readable: the last file to be written."""
    files = []
    for name in names:
        sha256, rows = fingerprint(folder / name)
        files.append({"name": name, "rows": rows, "sha256": sha256})
    content = {"batch": batch, "made_at": made_at.isoformat(), "files": files}
    return write_file(folder / f"{batch}{MANIFEST}", json.dumps(content, indent=2).encode() + b"\n")


def write_file(path: Path, content: bytes) -> Path:
    """Write a file so that it is either wholly there under its name or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except PermissionError as error:
        raise PermissionRefused(f"The portal may not write in {path.parent}.") from error
    except OSError as error:
        raise Transient(f"{path.name} could not be written: {error.strerror}.") from error
    move(part, path)
    return path


def move(source: Path, target: Path) -> None:
    """Rename within the drop folder, and have the disk remember it."""
    try:
        os.replace(source, target)
    except PermissionError as error:
        raise PermissionRefused(f"The portal may not move {source.name} to {target.parent}.") from error
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise PermissionRefused("All of the drop folder must be on one file system.") from error
        raise
    for folder in {source.parent, target.parent}:
        _remember(folder)


def make_folder(path: Path) -> Path:
    """Make a folder, with those above it, and have the disk remember them."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        _remember(path.parent)
    return path


def _remember(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
