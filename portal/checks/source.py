"""Which files are ours to look at."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Finding:
    """One thing wrong, where, and in which words."""

    path: Path
    line: int
    problem: str

    def __str__(self) -> str:
        path = self.path.relative_to(ROOT) if self.path.is_relative_to(ROOT) else self.path
        return f"{path}:{self.line}: {self.problem}"


def tracked_files() -> list[Path]:
    """What is or would be handed over: known to git or not ignored; without git, all but what a run makes."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        made = {".venv", "var", ".git"}
        paths = [path for path in ROOT.rglob("*") if path.relative_to(ROOT).parts[0] not in made]
    return sorted(path for path in paths if path.is_file())
