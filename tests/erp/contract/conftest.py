"""Which version of an ERP a promise of the contract is asked of.

Every promise is asked of every kind of ERP, and of one version of it: half of them meet the older one, half the newer,
always the same ones. `make test EVERYTHING=1 ARGS=tests/erp/contract` asks all of all; do so before a release, and
when a version is added.
"""

from __future__ import annotations

import zlib

import pytest

from tests.erp.contract.harness import HARNESSES
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
