"""Every template compiles, carries no inline script or style, and changes nothing by a link."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.template import TemplateSyntaxError
from django.template.loader import get_template

from portal.checks.source import ROOT, Finding

FOLDER = ROOT / "templates"
# The policy `script-src 'self'; style-src 'self'` would block these silently, in the reader's browser.
FORBIDDEN = (
    (
        "a script in the page; put it into static/js",
        re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)", re.I),
    ),
    ("a style sheet in the page; put it into static/css", re.compile(r"<style\b", re.I)),
    ("a style attribute; use a class", re.compile(r"<[a-z][^>]*\sstyle\s*=", re.I)),
    ("a handler in an attribute; use static/js", re.compile(r"<[a-z][^>]*\son[a-z]+\s*=\s*[\"']", re.I)),
    ("htmx that needs eval; use static/js", re.compile(r"\bhx-(?:on\b|vals=[\"']js:|vars=)", re.I)),
    ("a javascript: address", re.compile(r"(?:href|src|action)\s*=\s*[\"']\s*javascript:", re.I)),
    (
        "a file from another host",
        re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"'](?:https?:)?//", re.I),
    ),
    (
        "text marked as safe; say why beside it",
        re.compile(r"(?<!help_text)\|\s*safe\b(?!.*\{#)|\{%\s*autoescape off"),
    ),
)
# Mail has no style sheet of ours, and print-outs are not served under the policy.
WITHOUT_POLICY = ("mail/", "pdf/")


def main() -> int:
    django.setup()
    findings = [finding for path in sorted(FOLDER.rglob("*.html")) for finding in look_into(path)]
    findings += [finding for path in sorted(FOLDER.rglob("*.txt")) for finding in compile_problems(path)]
    for finding in findings:
        print(finding)
    return bool(findings)


def look_into(path: Path) -> Iterator[Finding]:
    yield from compile_problems(path)
    if not path.relative_to(FOLDER).as_posix().startswith(WITHOUT_POLICY):
        for line, problem in look_at(path.read_text(encoding="utf-8")):
            yield Finding(path, line, problem)


def look_at(text: str) -> Iterator[tuple[int, str]]:
    """What the page's source may not contain, with the line."""
    blank = re.sub(
        r"\{%\s*comment\s*%\}.*?\{%\s*endcomment\s*%\}",
        lambda m: "\n" * m.group().count("\n"),
        text,
        flags=re.S,
    )
    for problem, pattern in FORBIDDEN:
        for match in pattern.finditer(blank):
            yield blank.count("\n", 0, match.start()) + 1, problem


def compile_problems(path: Path) -> Iterator[Finding]:
    try:
        get_template(path.relative_to(FOLDER).as_posix())
    except TemplateSyntaxError as problem:
        token = getattr(problem, "token", None)
        yield Finding(path, getattr(token, "lineno", None) or 1, str(problem))


if __name__ == "__main__":
    sys.exit(main())
