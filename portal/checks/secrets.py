"""No secret and no address of somebody's own machine in what is handed over."""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from portal.checks.source import Finding, tracked_files

TEXT_SUFFIXES = {
    *(
        ".py",
        ".toml",
        ".in",
        ".md",
        ".txt",
        ".html",
        ".js",
        ".css",
        ".json",
        ".yaml",
        ".yml",
        ".cfg",
        ".ini",
        ".sh",
    ),
    *(".po", ".csv", ".xml", ".env", ".pem", ".key", ".sql", ""),
}
KNOWN_FORMS = (
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a cloud access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    (
        "a code host's token",
        re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,}|glpat-[\w-]{20})\b"),
    ),
    ("a payment key", re.compile(r"\b[sr]k_live_[0-9a-zA-Z]{20,}\b")),
    ("a chat token", re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{20,}")),
    ("a web token", re.compile(r"\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{15,}")),
    (
        "a password in an address",
        re.compile(r"\w://[^\s/:@{}$<>'\"]+:([^\s/@{}$<>'\"]{7,})@(?!127\.0\.0\.1|localhost)"),
    ),
    ("a package index", re.compile(r"https?://\S+/simple\b|--(?:extra-)?index-url")),
)
ASSIGNED = re.compile(
    r"(?i)\b\w*(?:secret|passw(?:or)?d|api_?key|token)\w*[\"']?\s*[:=]\s*[\"']([A-Za-z0-9+/_=.-]{20,})[\"']"
)
EXAMPLES = re.compile(r"(?i)password|hunter2|example|secret|changeme|user:|…|\.\.\.")
ENTROPY = 4.0


def main() -> int:
    findings = [finding for path in tracked_files() if is_ours(path) for finding in look_into(path)]
    for finding in findings:
        print(finding)
    return bool(findings)


def is_ours(path: Path) -> bool:
    return path.suffix in TEXT_SUFFIXES and "vendor" not in path.parts


def look_into(path: Path) -> Iterator[Finding]:
    """Every line of the file that looks like a secret."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(lines, 1):
        for problem in look_at(line):
            yield Finding(path, number, problem)


def look_at(line: str) -> Iterator[str]:
    """What is wrong with one line. `not a secret` on it, with a reason, lets it pass."""
    if "not a secret:" in line:
        return
    for what, form in KNOWN_FORMS:
        match = form.search(line)
        if match and not (match.groups() and EXAMPLES.search(match.group(0))):
            yield f"this looks like {what}"
    for match in ASSIGNED.finditer(line):
        if entropy(match.group(1)) >= ENTROPY and not EXAMPLES.search(match.group(1)):
            yield "this looks like a secret; say `not a secret: why` if it is none"


def entropy(text: str) -> float:
    """Bits per sign: words have three, keys have four and more."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


if __name__ == "__main__":
    sys.exit(main())
