"""Ports of servers that go down and come back."""

from __future__ import annotations

import pytest

from tests.machines import servers
from tests.machines.servers import lasting_port


@pytest.fixture(autouse=True)
def nothing_is_given_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "GIVEN", set())


def test_a_port_is_given_once_though_nobody_listens_there_yet() -> None:
    given = [lasting_port() for _server in range(300)]

    assert len(set(given)) == 300


def test_processes_of_one_run_do_not_give_each_others(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, set[int]] = {}
    for process in ("gw0", "gw1"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", process)
        given[process] = {lasting_port() for _server in range(300)}

    assert not given["gw0"] & given["gw1"]
