"""Where a demo keeps what it makes, and how it says what it does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Places:
    """Where a demo keeps what it makes. Remove the folder and everything is gone."""

    var: Path

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def people(self) -> Path:
        return self.var / "people.json"

    @property
    def address_book(self) -> Path:
        return self.var / "demo.json"


def say(sentence: str) -> None:
    """One step begins."""
    print(f"{sentence} …", flush=True)
