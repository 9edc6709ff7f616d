"""Patterns that never come to an end: each of ours, wherever it stands, on what makes bad ones go round for ever.

Found are those that a module holds, at whatever depth (in tables, in values with slots, in what functions keep), and
those that a call of `re` names on the spot. What each is tried with is read off its own grammar: before every repeat
without an end stands what leads up to it, and then comes a long run of one piece, and what does not fit.
"""

import ast
import gc
import importlib
import pkgutil
import re
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from re import _constants as signs
from re import _parser as grammar
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest

from procurement.reading.clauses import LANGUAGES
from suppliers.banking.engine import LOCAL
from suppliers.details.policies.addresses import FORMS

PACKAGES = ("portal", "suppliers", "procurement")
# Left alone: what only runs in a demo, in a child process with its own limits, or needs what is not installed here.
NOT_HERE = ("procurement.demo.tryton", "portal.embedded", "portal.checks", "portal.gunicorn", "portal.wsgi")
CALLS = frozenset({"compile", "search", "match", "fullmatch", "sub", "subn", "findall", "finditer", "split"})
HELD = ()  # what the call makes is held by a module, and is found there

# Calls whose pattern is made of what a function knows: with what it may know. A new one is red until it is named here.
MADE_OF: dict[str, Any] = {
    "portal.kernel.values.read_decimal": [{"group": ".", "point": ","}, {"group": ",", "point": "."}],
    "suppliers.banking.engine._local_problems": [{"form": form} for form in LOCAL.values()],
    "suppliers.details.policies.addresses.read_postal_code": [
        {"form": form} for form in FORMS.values() if form.postal
    ],
    "procurement.erp.advice": HELD,
    "procurement.erp.connectors.files.kinds.pattern": HELD,
    "procurement.invoices.policies.picture._there": [{"pattern": r"(?<!\d)4[\W_]{0,2}5[\W_]{0,2}0(?!\d)"}],
    "procurement.invoices.policies.picture._is_word": [{"word": "rechnung"}],
    "procurement.reading.clauses._separators": [
        {"words": "|".join(one.separators)} for one in LANGUAGES.values()
    ],
    "procurement.reading.clauses.cue_patterns": [
        {"phrases": phrases} for one in LANGUAGES.values() for phrases in one.cues.values()
    ],
    "procurement.reading.clauses._role_patterns": [
        {"pattern": pattern} for one in LANGUAGES.values() for _role, pattern in one.roles
    ],
    "procurement.reading.dates": HELD,
    "procurement.reading.descriptions": HELD,
    "procurement.reading.folding.compiled": HELD,
    "procurement.reading.marks.order_patterns": [
        {"order": SimpleNamespace(number=number)} for number in ("4500012345", "PO-2026-000123")
    ],
    "procurement.reading.marks.part_patterns": [{"code": code} for code in ("nm-1234/5", "dn 50 abc")],
    "procurement.reading.numbers.read_number": [{"mark": "."}, {"mark": ","}],
    "procurement.reading.numbers._mixed": [{"group_mark": "."}, {"group_mark": ","}],
}
# What these get is no longer than this many characters; why, stands beside each.
LONGEST = {
    "suppliers.details.policies.addresses._filled": 100,  # a line of our own table of forms
    "procurement.einvoices.mapping.STEP": 300,  # our own table of where each term stands
    "procurement.einvoices.mapping.CONDITION": 300,
    "procurement.mailroom.policies.sorting.AWAY": 300,  # a subject is cut when a mail is opened
    "procurement.reading.tables._cells": 500,  # a longer line is no row of a table
    "procurement.reading.tables.SEPARATORS": 500,
    "procurement.reading.columns.HEADS": 500,  # a cell of such a row
    "procurement.reading.clauses.cue_patterns": 2_500,  # a line is cut at 5,000, and a sign stands for a word of it
    "suppliers.scim.policies._FILTER": 600,  # LONGEST_FILTER
}
# How those are used that stand in a table, and are called by the name of a loop.
USED_AS = {
    "procurement.reading.dates.COMPILED": {"finditer"},
    "procurement.erp.advice.KNOWN": {"search"},
    "procurement.reading.columns.HEADS": {"search"},
    "portal.logging.LINK": {"sub"},
    "portal.logging.SECRETS_IN_TEXT": {"sub"},
    "procurement.reading.tables.SEPARATORS": {"finditer"},
    "procurement.reading.listening.OR_ELSE": {"match"},
    "procurement.reading.listening.CHOICE": {"match"},
}
EITHER = frozenset({"search", "fullmatch"})


class Known(NamedTuple):
    """A pattern of ours, where it stands, and which of its methods are called there."""

    pattern: re.Pattern[Any]
    where: str
    methods: frozenset[str]


# --- Where they stand ---------------------------------------------------------------------------------------


def modules() -> Iterator[ModuleType]:
    """Every module of ours that can be imported here."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for one in pkgutil.walk_packages(package.__path__, f"{name}."):
            if ".migrations" in one.name or one.name.startswith(NOT_HERE) or one.name.endswith("__main__"):
                continue
            yield importlib.import_module(one.name)


@cache
def every_pattern() -> tuple[Known, ...]:
    trees = {module: ast.parse(Path(str(module.__file__)).read_text()) for module in modules()}
    used = methods_by_name(trees)
    found: dict[tuple[Any, int], Known] = {}

    def take(pattern: re.Pattern[Any], where: str, methods: frozenset[str]) -> None:
        former = found.get((pattern.pattern, pattern.flags))
        methods |= former.methods if former else frozenset()
        found[pattern.pattern, pattern.flags] = Known(pattern, former.where if former else where, methods)

    kept = []
    for module, tree in trees.items():
        for where, method, pattern in written_in(module, tree):
            if method == "compile":
                kept.append((pattern, where))
            else:
                take(pattern, where, frozenset({method}))
    seen: dict[int, Any] = {}
    for module in trees:
        for name, value in vars(module).items():
            for pattern in held_by(value, seen, module.__name__):
                where = f"{module.__name__}.{name}"
                take(pattern, where, used[id(pattern)] or frozenset(USED_AS.get(where, EITHER)))
    for pattern, where in kept:
        if (pattern.pattern, pattern.flags) not in found:  # made by a function when it is first called
            take(pattern, where, frozenset({"search"}))
    return tuple(found.values())


def methods_by_name(trees: dict[ModuleType, ast.Module]) -> dict[int, frozenset[str]]:
    """Which methods are called of each pattern that has a name. Of one that only stands in a table nothing is known."""
    used: dict[int, frozenset[str]] = defaultdict(frozenset)
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute) or node.attr not in CALLS:
                continue
            called = node.value
            if isinstance(called, ast.Name):
                held = vars(module).get(called.id)
            elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                held = getattr(vars(module).get(called.value.id), called.attr, None)
            else:
                continue
            if isinstance(held, re.Pattern):
                used[id(held)] |= {node.attr}
    return used


def written_in(module: ModuleType, tree: ast.Module) -> Iterator[tuple[str, str, re.Pattern[Any]]]:
    """Each call of `re` in a file, where it stands, and its pattern: more than one where it is made of what varies."""
    for node, function in calls_of_re(tree):
        where = ".".join(filter(None, (module.__name__, function)))
        method = node.func.attr  # type: ignore[attr-defined]
        try:
            made = [compiled(node, vars(module))]
        except NameError:
            assert where in MADE_OF, (
                f"{where}, line {node.lineno}: name in MADE_OF what the pattern is made of"
            )
            made = [one for names in MADE_OF[where] if (one := compiled(node, {**vars(module), **names}))]
        for pattern in made:
            if pattern:
                yield where, method, pattern


def calls_of_re(tree: ast.AST, function: str = "") -> Iterator[tuple[ast.Call, str]]:
    for node in ast.iter_child_nodes(tree):
        inside = node.name if isinstance(node, ast.FunctionDef) else function
        assert not (isinstance(node, ast.ImportFrom) and node.module == "re"), "`re` is imported whole"
        called = node.func if isinstance(node, ast.Call) else None
        if (
            isinstance(called, ast.Attribute)
            and called.attr in CALLS
            and getattr(called.value, "id", "") == "re"
        ):
            yield node, inside
        yield from calls_of_re(node, inside)


def compiled(node: ast.Call, names: dict[str, Any]) -> re.Pattern[Any] | None:
    """What a call of `re` compiles, in a module's own words. None for a table's empty place."""
    kinds = {"compile": 1, "search": 2, "match": 2, "fullmatch": 2, "findall": 2, "finditer": 2, "split": 3}
    place = kinds.get(node.func.attr, 4)  # type: ignore[attr-defined]
    given = {one.arg: one.value for one in node.keywords}.get("flags")
    flags = given or (node.args[place] if len(node.args) > place else ast.Constant(0))
    both = ast.Expression(ast.Tuple([node.args[0], flags], ast.Load()))
    pattern, chosen = eval(compile(ast.fix_missing_locations(both), "<pattern>", "eval"), dict(names))
    return re.compile(pattern, chosen) if pattern else None


def held_by(value: Any, seen: dict[int, Any], owner: str) -> Iterator[re.Pattern[Any]]:
    """Patterns in a value of ours, at whatever depth. `seen` keeps what was looked at, so that no id is used twice."""
    if isinstance(value, re.Pattern):
        yield value
        return
    if isinstance(value, str | bytes | int | float | ModuleType | None) or id(value) in seen:
        return
    seen[id(value)] = value
    for inner in inside(value, owner):
        yield from held_by(inner, seen, owner)


def inside(value: Any, owner: str) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, type):
        return list(vars(value).values()) if value.__module__ == owner else []
    if isinstance(value, FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or () if cell != type(cell)()]
        return [*cells, *(value.__defaults__ or ())] if value.__module__.startswith(PACKAGES) else []
    if not type(value).__module__.startswith(PACKAGES):
        return []
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    kept = [getattr(value, name, None) for name in slots]
    return [*kept, *getattr(value, "__dict__", {}).values()]


# --- What makes them go round for ever ----------------------------------------------------------------------

PIECES = frozenset(
    {
        "a",
        "0",
        " ",
        "-",
        "=",
        "(",
        ".",
        "/",
        "\t",
        "a ",
        "0.",
        "a-",
        "ab",
        "1,",
        "&#",
        "<a ",
        "%2",
        "_",
        "x=",
        "Z",
        ":",
    }
    | {"\n", "\r\n", ">\n", "> \n", " \n", "a\n", ">", '"', "\\", ",", "@", "[", "a.", "a:"}
)
ENDS = ("", "!\n", "\x00")
SHORT, LONG = 400, 40_000
# Seconds of CPU. What grows with the length takes a hundredth of them, what grows with its square much more.
AT_ONCE, BUDGET = 0.2, 1.5
# What a bad one takes on a machine that is five times as fast as those the budget was measured on.
QUICKLY = BUDGET / 5
REPEATS = (signs.MAX_REPEAT, signs.MIN_REPEAT, signs.POSSESSIVE_REPEAT)
ENDLESS = 50


def attacks_on(tree: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Before each repeat without an end: what leads up to it, and once what it repeats."""
    for sign, told in tree:
        if sign in REPEATS:
            if told[1] > ENDLESS:
                yield before, example(told[2])
            yield from attacks_on(told[2], before)
        elif sign is signs.SUBPATTERN:
            yield from attacks_on(told[3], before)
        elif sign is signs.ATOMIC_GROUP:
            yield from attacks_on(told, before)
        elif sign is signs.BRANCH:
            for branch in told[1]:
                yield from attacks_on(branch, before)
        before += one_of(sign, told)


def example(tree: Any) -> str:
    """A short text that this part of a pattern takes, what it looks at around itself apart."""
    return "".join(one_of(sign, told) for sign, told in tree)


def one_of(sign: Any, told: Any) -> str:
    if sign is signs.LITERAL:
        return chr(told)
    if sign is signs.NOT_LITERAL:
        return "a" if told != ord("a") else "b"
    if sign is signs.ANY:
        return "a"
    if sign is signs.IN:
        return member(told)
    if sign in REPEATS:
        return example(told[2]) * told[0]
    if sign is signs.SUBPATTERN:
        return example(told[3])
    if sign is signs.ATOMIC_GROUP:
        return example(told)
    return example(told[1][0]) if sign is signs.BRANCH else ""


def member(told: Any) -> str:
    """A character of a class."""
    is_negated = told[0][0] is signs.NEGATE
    parts = told[1:] if is_negated else told
    asked = "".join(f"\\{CLASSES[one]}" if sign is signs.CATEGORY else literal(one) for sign, one in parts)
    class_ = re.compile(f"[{'^' * is_negated}{asked}]")
    return next((sign for sign in "a0 .-:/,;x<>()=\n_\"'@#éA%" if class_.match(sign)), "?")


CLASSES = {
    signs.CATEGORY_DIGIT: "d",
    signs.CATEGORY_NOT_DIGIT: "D",
    signs.CATEGORY_SPACE: "s",
    signs.CATEGORY_NOT_SPACE: "S",
    signs.CATEGORY_WORD: "w",
    signs.CATEGORY_NOT_WORD: "W",
}


def literal(told: Any) -> str:
    return "-".join(re.escape(chr(one)) for one in told) if isinstance(told, tuple) else re.escape(chr(told))


class TooSlow(BaseException):
    """Raised by the alarm clock, within the engine of patterns."""


@pytest.fixture
def alarm():
    """Rings after so much CPU, however busy the machine is: called with a piece of work, tells what that took.

    Of this thread alone, and without what Python tidies up meanwhile: at `SHORT` both take longer than a bad pattern.
    """

    def ring(_signal, _frame):
        raise TooSlow

    def timed(work, budget=BUDGET) -> float:
        started = time.thread_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, budget)
        try:
            work()
        except TooSlow:
            return float("inf")
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return time.thread_time() - started

    former = signal.signal(signal.SIGVTALRM, ring)
    gc.disable()
    yield timed
    gc.enable()
    signal.signal(signal.SIGVTALRM, former)


def asked(known: Known, method: str, attack: tuple[str, str, str], length: int) -> Any:
    """One pattern at work, as it is used, on a text of so many characters."""
    before, piece, end = attack
    text = before + piece * ((length - len(before)) // len(piece)) + end
    given = text.encode() if isinstance(known.pattern.pattern, bytes) else text
    if method in ("search", "match", "fullmatch"):
        return partial(getattr(known.pattern, method), given)
    return lambda: sum(1 for _one in known.pattern.finditer(given))


def slow_on(known: Known, timed: Any, budget: float = BUDGET) -> tuple[Any, ...] | None:
    """The first text on which one pattern works longer than it may: of each way it is asked, the three worst."""
    tree = grammar.parse(known.pattern.pattern, known.pattern.flags)
    attacks = set(attacks_on(tree))
    if not attacks:
        return None
    pieces = PIECES | {piece for _before, piece in attacks if piece}
    for method in known.methods:
        worst: list[tuple[float, tuple[str, str, str]]] = []
        for before in {"", *(before for before, _piece in attacks)}:
            for attack in ((before, piece, end) for piece in pieces for end in ENDS):
                took = timed(asked(known, method, attack, SHORT), AT_ONCE)
                if took > AT_ONCE:
                    return known.where, known.pattern.pattern[:80], method, attack, SHORT
                worst.append((took, attack))
        again = [
            (min(took, timed(asked(known, method, attack, SHORT))), attack)
            for took, attack in sorted(worst, reverse=True)[:12]
        ]
        for _took, attack in sorted(again, reverse=True)[:3]:
            length = LONGEST.get(known.where, LONG)
            if timed(asked(known, method, attack, length)) > budget:
                return known.where, known.pattern.pattern[:80], method, attack, length
    return None


def test_every_pattern_of_ours_is_found():
    """Inline ones, those in tables, and those that a function keeps for the next call."""
    found = {one.where for one in every_pattern()}
    assert len(every_pattern()) > 550
    assert {
        "procurement.mailroom.policies.opening._said_in",
        "procurement.statements.files.reading._plain",
        "procurement.erp.advice.KNOWN",
        "procurement.reading.dates.COMPILED",
        "procurement.erp.connectors.files.complete.INBOUND",
        "procurement.reading.clauses._separators",
    } - found == set()


def test_no_pattern_of_ours_takes_long_whatever_it_is_given(alarm):
    slow = [found for one in every_pattern() if (found := slow_on(one, alarm))]
    assert slow == []


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(a+)+$", "search"),
        (r"(?im)^[>\s]*message-id:\s*(<[^<>\s]{1,248}>)", "search"),
        (r"\(\s*([^-()]+?)\s*\)", "fullmatch"),
        (r"\s+$", "sub"),
        (r"x\s*a?\s*b?\s*c", "match"),
    ],
)
def test_a_bad_one_is_told_from_the_others(alarm, pattern, method):
    assert slow_on(Known(re.compile(pattern), "here", frozenset({method})), alarm, QUICKLY) is not None
