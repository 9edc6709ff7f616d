"""Tryton's JSON-RPC: values as they travel, a session, and every way in which a call can fail.

Sources: trytond 8.0, `trytond/protocols/jsonrpc.py` and `dispatcher.py` for the wire, seen on running 8.0 and 8.2
servers. A request has exactly the keys id, method and params; the last parameter is always the context. Moments are
naive UTC. A business error comes with HTTP 200 and `error`; everything else by its status with an HTML body.
"""

import base64
import itertools
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from portal.kernel.correlation import current as current_correlation
from procurement.erp.ports import (
    ErpError,
    ExpiredCredentials,
    Locked,
    PermissionRefused,
    Throttled,
    Transient,
    UnknownOutcome,
    ValidationRefused,
)

logger = logging.getLogger(__name__)

# Tryton answers with gzip or says so wrongly; asking for it is the one way in which both agree.
HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
CONNECT_WITHIN = 5.0


def encoded(value: Any) -> Any:
    """A Python value as Tryton's JSON has it."""
    match value:
        case Decimal():
            return {"__class__": "Decimal", "decimal": str(value)}
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value
            names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
            return {"__class__": "datetime"} | {name: getattr(moment, name) for name in names}
        case timedelta():
            return {"__class__": "timedelta", "seconds": value.total_seconds()}
        case date():
            return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
        case bytes():
            return {"__class__": "bytes", "base64": base64.b64encode(value).decode()}
        case Mapping():
            return {key: encoded(one) for key, one in value.items()}
        case list() | tuple():
            return [encoded(one) for one in value]
    return value


def decoded(value: Any) -> Any:
    """The other way round: a moment gets its time zone, bytes and time spans become Python's."""
    if isinstance(value, list):
        return [decoded(one) for one in value]
    if not isinstance(value, dict):
        return value
    match value.get("__class__"):
        case "Decimal":
            return Decimal(value["decimal"])
        case "date":
            return date(value["year"], value["month"], value["day"])
        case "datetime":
            parts = {name: value[name] for name in ("year", "month", "day", "hour", "minute", "second")}
            return datetime(**parts, microsecond=value.get("microsecond", 0), tzinfo=UTC)
        case "timedelta":
            return timedelta(seconds=value["seconds"])
        case "bytes":
            return base64.b64decode(value["base64"])
    return {key: decoded(one) for key, one in value.items()}


class Answer(Exception):
    """An error that Tryton worded: its class and its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class Rpc:
    """One authenticated connection to a Tryton database. Sign-in is slow (a password hash), so sessions are kept."""

    _sessions: dict[tuple[str, str], dict[str, Any]] = {}  # of this process, by address and user
    _guard = threading.Lock()

    def __init__(self, url: str, database: str, user: str, password: str, *, patience: float) -> None:
        self.server = url.rstrip("/")
        self.database = database
        self.user = user
        self._password = password
        self._patience = patience
        self._http = requests.Session()
        self._numbers = itertools.count(1)
        self.clock_skew = timedelta(0)

    @property
    def _address(self) -> str:
        return f"{self.server}/{self.database}/rpc/"

    def close(self) -> None:
        self._http.close()

    # --- sessions

    @property
    def context(self) -> dict[str, Any]:
        """What every call carries: the user's company, groups and language."""
        return dict(self._session()["context"])

    def _session(self) -> dict[str, Any]:
        with self._guard:
            known = self._sessions.get((self._address, self.user))
            if known is None:
                known = self._sign_in()
                self._sessions[self._address, self.user] = known
            return known

    def _sign_in(self) -> dict[str, Any]:
        asked = {"password": self._password}
        try:
            user_id, token, *_bus = self._post("common.db.login", [self.user, asked], {}, writes=False)
        except Answer as answer:
            raise ExpiredCredentials(f"Tryton does not let {self.user} in: {answer.message}") from answer
        packed = base64.b64encode(f"{self.user}:{user_id}:{token}".encode()).decode()
        headers = {"Authorization": f"Session {packed}"}
        context = self._post("model.res.user.get_preferences", [True, {}], headers, writes=False)
        return {"headers": headers, "context": {**context, "language": "en"}}

    def forget_session(self) -> None:
        """Sign in again at the next call."""
        with self._guard:
            self._sessions.pop((self._address, self.user), None)

    # --- calls

    def read(self, method: str, *params: Any, **context: Any) -> Any:
        """A call that changes nothing: whatever stops it, it may be made again."""
        return self._call(f"model.{method}", params, context, writes=False)

    def write(self, method: str, *params: Any, **context: Any) -> Any:
        """A call that changes something: an answer that never came is an unknown outcome."""
        return self._call(f"model.{method}", params, context, writes=True)

    def _call(self, method: str, params: Sequence[Any], context: Mapping[str, Any], *, writes: bool) -> Any:
        for is_last in (False, True):
            session = self._session()
            asked = [*params, {**session["context"], **context}]
            try:
                return self._post(method, asked, session["headers"], writes=writes)
            except ExpiredCredentials:
                # Sessions end with the server's patience or its database: sign in again, once.
                self.forget_session()
                if is_last:
                    raise
            except Answer as answer:
                raise as_port_error(answer) from answer
        raise AssertionError("unreachable")

    def wizard(self, name: str, values: Mapping[str, Any], state: str, **context: Any) -> Any:
        """Run one state of a wizard in a session of its own."""
        number = self.start_wizard(name)
        try:
            return self.run_wizard(name, number, values, state, **context)
        finally:
            self.end_wizard(name, number)

    def start_wizard(self, name: str) -> int:
        """Open a wizard; its number goes into every later call."""
        number, _start, _end = self._call(f"wizard.{name}.create", (), {}, writes=False)
        return int(number)

    def run_wizard(
        self, name: str, number: int, values: Mapping[str, Any], state: str, **context: Any
    ) -> Any:
        """One state of an open wizard with what was filled in so far."""
        return self._call(f"wizard.{name}.execute", (number, values, state), context, writes=True)

    def end_wizard(self, name: str, number: int) -> None:
        """Close a wizard."""
        self._call(f"wizard.{name}.delete", (number,), {}, writes=False)

    def version(self) -> str:
        """The series the server runs: 8.0."""
        body = {"id": 1, "method": "common.server.version", "params": []}
        return str(self._send(f"{self.server}/rpc/", body, {}, writes=False)["result"])

    def _post(self, method: str, params: Sequence[Any], headers: Mapping[str, str], *, writes: bool) -> Any:
        body = {"id": next(self._numbers), "method": method, "params": encoded(list(params))}
        answer = self._send(self._address, body, headers, writes=writes)
        if answer.get("error"):
            raise _answer(answer["error"])
        return decoded(answer.get("result"))

    def _send(
        self, address: str, body: Mapping[str, Any], headers: Mapping[str, str], *, writes: bool
    ) -> dict[str, Any]:
        story = {"X-Request-ID": current_correlation()} if current_correlation() else {}
        asked_at = time.time()
        try:
            response = self._http.post(
                address,
                json=body,
                headers={**HEADERS, **story, **headers},
                timeout=(CONNECT_WITHIN, self._patience),
                allow_redirects=False,
            )
            self._compare_clocks(response.headers.get("Date", ""), asked_at, time.time())
            if response.status_code != requests.codes.ok:
                raise as_error_of_status(response.status_code, response.headers, writes=writes)
            found = response.json()
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise Transient("Tryton does not answer.") from error
        except requests.ConnectionError as error:
            # A refused connection never carried the call; one that broke may have.
            if not writes or "Connection refused" in str(error) or "NewConnectionError" in str(error):
                raise Transient("Tryton does not answer.") from error
            raise UnknownOutcome("The connection to Tryton broke during the call.") from error
        except requests.Timeout as error:
            if writes:
                raise UnknownOutcome(f"Tryton did not answer within {self._patience:g} s.") from error
            raise Transient(f"Tryton did not answer within {self._patience:g} s.") from error
        except (requests.RequestException, ValueError) as error:
            # Half an answer, or none that can be read: the call itself may well have been carried out.
            if writes:
                raise UnknownOutcome("What Tryton answered cannot be read.") from error
            raise Transient("What Tryton answered cannot be read.") from error
        if not isinstance(found, dict):
            raise (UnknownOutcome if writes else Transient)("What Tryton answered cannot be read.")
        return found

    def _compare_clocks(self, told: str, asked_at: float, heard_at: float) -> None:
        """How far the server's clock is ahead of ours, by the header `Date`, which has whole seconds.

        It was written at some moment between question and answer; what that leaves open counts as no difference.
        """
        try:
            second = parsedate_to_datetime(told).timestamp()
        except ValueError:
            return  # no such header, or one that nobody can read
        ahead = max(second - heard_at, 0.0)
        behind = max(asked_at - (second + 1), 0.0)
        self.clock_skew = timedelta(seconds=round(ahead - behind, 1))


def _answer(error: Any) -> Answer:
    kind, *rest = error if isinstance(error, list) and error else [str(error)]
    said = rest[0] if rest else ""
    message = said[0] if isinstance(said, list) and said else said
    if kind == "UserWarning" and isinstance(said, list) and len(said) > 1:
        message = said[1]
    return Answer(str(kind), str(message or kind))


def as_port_error(answer: Answer) -> ErpError:
    """What a worded error means for a command.

    A warning is a question to a person, and nobody answers it here: none is ever skipped by machine.
    """
    match answer.kind:
        case "ConcurrencyException":
            return Locked("Somebody else is working on this record in Tryton.")
        case "UserError" if "allowed" in answer.message or "access" in answer.message.lower():
            return PermissionRefused(answer.message)
        case "UserError":
            return ValidationRefused(answer.message)
        case "UserWarning":
            return ValidationRefused(f"Tryton asks: {answer.message}")
        case "LoginException":
            return ExpiredCredentials(answer.message)
    logger.warning("fault in Tryton", extra={"kind": answer.kind, "said": answer.message})
    return ValidationRefused(f"Tryton failed on this: {answer.kind}")


def as_error_of_status(status: int, headers: Mapping[str, str], *, writes: bool) -> ErpError:
    """What an HTTP status means. The bodies are HTML and say nothing more."""
    match status:
        case 401:
            return ExpiredCredentials("Tryton does not know this session or password.")
        case 403:
            return PermissionRefused("Tryton does not allow this call to the user of the portal.")
        case 404:
            return PermissionRefused("There is no such database in Tryton.")
        case 429:
            return Throttled(
                "Tryton asks to slow down.", retry_after=_seconds(headers.get("Retry-After", ""))
            )
        case 409 | 423:
            return Locked(
                "Tryton is busy with another change.", retry_after=_seconds(headers.get("Retry-After", ""))
            )
        case 503:
            return Transient(
                "Tryton is busy with another change.", retry_after=_seconds(headers.get("Retry-After", ""))
            )
        case 500 | 502 | 504 if writes:
            return UnknownOutcome(f"Tryton failed during the call (HTTP {status}).")
    return Transient(f"Tryton answered with HTTP {status}.")


def _seconds(text: str) -> timedelta | None:
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() else None
