"""A small mail server that speaks as much IMAP as a poller asks for, over a real socket."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

PASSWORD = 'pass word"\\'


@dataclass
class Folder:
    """Mails by UID, and their flags."""

    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    next_uid: int = 1

    def add(self, raw: bytes) -> int:
        uid = self.next_uid
        self.mails[uid], self.flags[uid] = raw, set()
        self.next_uid += 1
        return uid


@dataclass
class MailServer:
    """The folders of one account. `said` is every command it was told; `breaks_at` ends the session at one."""

    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder(), "Done": Folder()})
    validity: int = 7
    can: str = "IMAP4rev1 UIDPLUS MOVE"
    said: list[str] = field(default_factory=list)
    breaks_at: str = ""
    port: int = 0

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]

    def address(self, scheme: str = "imap", password: str = "pass%20word%22%5C") -> SplitResult:
        """How it is reached."""
        return urlsplit(f"{scheme}://orders%40northmoor.example:{password}@localhost:{self.port}/INBOX")


@contextmanager
def serving(server: MailServer, tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """Let it answer, one session after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _address = listening.accept()
                except OSError:
                    return
                try:
                    with tls.wrap_socket(connection, server_side=True) if tls else connection as talked:
                        _Session(server, talked).talk()
                except OSError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            ended.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)


class _Session:
    def __init__(self, server: MailServer, connection: socket.socket) -> None:
        self.server, self.file = server, connection.makefile("rwb")
        self.folder: Folder | None = None

    def say(self, line: bytes) -> None:
        self.file.write(line + b"\r\n")
        self.file.flush()

    def talk(self) -> None:
        self.say(b"* OK ready")
        while line := self.file.readline():
            tag, _space, rest = line.decode().strip().partition(" ")
            self.server.said.append(rest)
            if self.server.breaks_at and rest.startswith(self.server.breaks_at):
                self.file.close()
                return
            answer = self.do(rest)
            self.say(f"{tag} {answer}".encode())
            if rest == "LOGOUT":
                return

    def do(self, rest: str) -> str:
        if rest == "CAPABILITY":
            self.say(f"* CAPABILITY {self.server.can}".encode())
            return "OK done"
        if rest.startswith("LOGIN"):
            right = rest == 'LOGIN "orders@northmoor.example" "pass word\\"\\\\"'
            return "OK done" if right else "NO wrong password"
        if rest.startswith("SELECT"):
            self.folder = self.server.folders[rest.partition('"')[2].rstrip('"')]
            self.say(f"* {len(self.folder.mails)} EXISTS".encode())
            self.say(f"* OK [UIDVALIDITY {self.server.validity}] fine".encode())
            return "OK [READ-WRITE] done"
        if rest.startswith("UID "):
            return self.uid(rest[4:])
        return "OK done"

    def uid(self, rest: str) -> str:
        folder = self.folder
        assert folder is not None
        if found := re.fullmatch(r"SEARCH UID (\d+):\*", rest):
            first = int(found[1])
            uids = [uid for uid in folder.mails if uid >= first]
            if folder.mails and not uids:
                uids = [max(folder.mails)]  # as the standard says of n:*
            self.say(b"* SEARCH " + b" ".join(b"%d" % uid for uid in uids))
        elif found := re.fullmatch(r"FETCH (\d+) \(UID BODY\.PEEK\[\]<0\.(\d+)>\)", rest):
            uid = int(found[1])
            if uid in folder.mails:
                raw = folder.mails[uid][: int(found[2])]
                self.say(b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)" % (uid, len(raw), raw))
        elif found := re.fullmatch(r"STORE (\d+) \+FLAGS\.SILENT \((.*)\)", rest):
            folder.flags.setdefault(int(found[1]), set()).update(found[2].split())
        elif found := re.fullmatch(r'(MOVE|COPY) (\d+) "(.*)"', rest):
            self.server.folders[found[3]].add(folder.mails[int(found[2])])
            if found[1] == "MOVE":
                del folder.mails[int(found[2])]
        elif found := re.fullmatch(r"EXPUNGE (\d+)", rest):
            del folder.mails[int(found[1])]
        else:
            return "BAD what?"
        return "OK done"
