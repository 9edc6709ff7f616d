"""The contract of `procurement.erp.ports`, asked of every connector: of each kind of ERP one, and what is done with it.
A connector's capabilities decide what is asked.

Every promise is asked of every kind of ERP, and of one version of it: half of them meet the older one, half the newer,
always the same ones. `make test EVERYTHING=1 ARGS=tests/erp/contract` asks all of all; do so before a release, and
when a version is added.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from procurement.erp.messages import InvoiceCommand
from procurement.erp.ports import (
    CommandResult,
    Conflict,
    ErpConnector,
    Feed,
    Outcome,
    PermissionRefused,
    ReadBack,
    Unsupported,
    ValidationRefused,
)
from procurement.orders.messages import PromiseCommand
from procurement.shipments.messages import NoticeCommand
from tests.erp.contract.caller import (
    LEFT_TO_A_PERSON,
    Announce,
    Answer,
    Enter,
    Reader,
    Send,
    to_the_end,
)
from tests.erp.contract.harness import HARNESSES, ConnectorHarness
from tests.thoroughly import EVERYTHING

VERSIONS = sorted(name for name in HARNESSES if name.startswith("tryton"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the versions that are not this promise's turn."""
    if EVERYTHING:
        return
    left_out = [item for item in items if not is_its_turn(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if is_its_turn(item)]


def is_its_turn(item: pytest.Item) -> bool:
    named = getattr(item, "callspec", None)
    version = named.params.get("erp") if named and item.path.parent.name == "contract" else None
    if version not in VERSIONS:
        return True
    turn = zlib.crc32(item.originalname.encode()) % len(VERSIONS)  # type: ignore[attr-defined]  # a function's own name
    return bool(version == VERSIONS[turn])


# --- what each promise is asked with ---


LIVE = pytest.mark.slow  # a server of its own


@pytest.fixture(
    params=[name if name == "files" else pytest.param(name, marks=LIVE) for name in sorted(HARNESSES)]
)
def erp(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ConnectorHarness]:
    with HARNESSES[request.param](tmp_path) as harness:
        yield harness


@pytest.fixture
def reader(erp: ConnectorHarness) -> Reader:
    return Reader(erp)


@pytest.fixture
def send(erp: ConnectorHarness, reader: Reader) -> Send:
    def send_and_hear(command: PromiseCommand) -> Answer:
        with erp.connector() as connector:
            if connector.capabilities.cannot_write(command):
                pytest.skip(LEFT_TO_A_PERSON)
            try:
                result = connector.write_promise(command)
            except Conflict as error:
                current = {line.key: (line.quantity, line.price, line.delivery_on) for line in error.current}
                return Answer(Outcome.CONFLICT, error.reason, current)
            except (ValidationRefused, PermissionRefused) as error:
                return Answer(Outcome.REFUSED, error.reason, {})
            if result.outcome is Outcome.CONFIRMED:
                return Answer(result.outcome, "", {})
            assert connector.capabilities.read_back is ReadBack.BY_FEED
        erp.let_erp_work()
        reader.read()
        reader.read(Feed.COMMAND_RESULTS)
        told = reader.results.get(command.key, CommandResult(command.key, Outcome.SENT))
        current = {line.key: (line.quantity, line.price, line.delivery_on) for line in told.lines}
        return Answer(told.outcome, told.reason, current)

    return send_and_hear


@pytest.fixture
def announce(reader: Reader) -> Announce:
    def write(command: NoticeCommand, connector: ErpConnector) -> CommandResult:
        if not connector.capabilities.takes_notices:
            pytest.skip(LEFT_TO_A_PERSON)
        return connector.write_notice(command)

    return lambda command: to_the_end(reader, command.key, partial(write, command))


@pytest.fixture
def enter(reader: Reader) -> Enter:
    def write(command: InvoiceCommand, connector: ErpConnector) -> CommandResult:
        if connector.capabilities.cannot_book(command):
            with pytest.raises(Unsupported):
                connector.book_invoice(command)
            pytest.skip(LEFT_TO_A_PERSON)
        return connector.book_invoice(command)

    return lambda command: to_the_end(reader, command.key, partial(write, command))
