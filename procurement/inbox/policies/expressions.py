"""Expressions that an administrator writes: numbers, names, + - * /, comparisons, min, max, abs, if-else. Nothing else.

They are read by Python's own parser and walked by us: what is not on the list is refused with a sentence, and nothing
is ever handed to `eval`. Figures are exact decimals; to divide by zero gives zero, since a score is no place to fail.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from django.utils.translation import gettext as _

LONGEST = 400
DEEPEST = 12
MOST_NODES = 120
LARGEST = Decimal("1e12")
ZERO, ONE = Decimal(0), Decimal(1)

Inputs = Mapping[str, Decimal]
Step = Callable[[Inputs], Decimal]

# No traps: what is larger than any number has become infinite, and `_within` makes a number of it again.
_EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN, traps=[])


class BadExpression(ValueError):
    """It cannot be read; the message says what is wrong and what is possible instead."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression that was read: what it needs, and how to work it out."""

    text: str
    names: frozenset[str]
    step: Step

    def value(self, inputs: Inputs) -> Decimal:
        """What it comes to, within plus or minus `LARGEST`."""
        return max(-LARGEST, min(LARGEST, self.step(inputs)))


def read_expression(text: str, known: Sequence[str]) -> Expression:
    """Read an expression over these names. Raises `BadExpression` with a sentence for who wrote it."""
    text = text.strip()
    if not text:
        raise BadExpression(_("Write a number or an expression, such as min(10, value / 1000)."))
    if len(text) > LONGEST:
        message = _("At most %(most)d characters fit here, and this has %(count)d. Part it in two.")
        raise BadExpression(message % {"most": LONGEST, "count": len(text)})
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = getattr(error, "offset", None)
        if place:
            message = _("This cannot be read from character %(place)d on. Check brackets and signs.")
            raise BadExpression(message % {"place": place}) from error
        raise BadExpression(_("This cannot be read. Check brackets and signs.")) from error
    reader = _Reader(text, frozenset(known))
    step = reader.read(tree.body, 1)
    return Expression(text, frozenset(reader.used), step)


class _Reader:
    """Walks a tree once: refuses what is not on the list, and puts together the steps that work it out."""

    def __init__(self, text: str, known: frozenset[str]) -> None:
        self.text = text
        self.known = known
        self.used: set[str] = set()
        self.nodes = 0

    def read(self, node: ast.expr, depth: int) -> Step:
        self.nodes += 1
        if depth > DEEPEST or self.nodes > MOST_NODES:
            raise BadExpression(_("This is too long or too deep to be understood. Part it in two."))
        match node:
            case ast.Constant():
                return self._number(node)
            case ast.Name():
                return self._name(node)
            case ast.BinOp():
                return self._sum(node, depth)
            case ast.UnaryOp():
                return self._sign(node, depth)
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.BoolOp():
                return self._joined(node, depth)
            case ast.IfExp():
                test, then, otherwise = (
                    self.read(part, depth + 1) for part in (node.test, node.body, node.orelse)
                )
                return lambda inputs: then(inputs) if test(inputs) else otherwise(inputs)
            case ast.Call():
                return self._call(node, depth)
        raise BadExpression(
            _(
                "Only numbers, names, + - * /, comparisons, and, or, not, if … else, min, max and abs are known."
            )
        )

    def _number(self, node: ast.Constant) -> Step:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise BadExpression(_("Only numbers can stand here, no texts."))
        # As it was typed: Python has made a binary fraction of it already.
        typed = (ast.get_source_segment(self.text, node) or "").replace("_", "")
        try:
            exact = Decimal(typed)
        except InvalidOperation as error:
            raise BadExpression(_("Write numbers with digits and a point, such as 2.5.")) from error
        if not exact.is_finite() or abs(exact) > LARGEST:
            raise BadExpression(_("This number is too large to be meant."))
        return lambda _inputs: exact

    def _name(self, node: ast.Name) -> Step:
        name = node.id
        if name not in self.known:
            raise BadExpression(
                _("There is no figure “%(name)s”. The list beside shows those there are.")
                % {"name": name[:40]}
            )
        self.used.add(name)
        return lambda inputs: inputs[name]

    def _sum(self, node: ast.BinOp, depth: int) -> Step:
        work = _SUMS.get(type(node.op))
        if work is None:
            raise BadExpression(_("Only + - * and / are known."))
        left, right = self.read(node.left, depth + 1), self.read(node.right, depth + 1)
        return lambda inputs: _within(work(left(inputs), right(inputs)))

    def _sign(self, node: ast.UnaryOp, depth: int) -> Step:
        of = self.read(node.operand, depth + 1)
        if isinstance(node.op, ast.USub):
            return lambda inputs: _EXACT.minus(of(inputs))
        if isinstance(node.op, ast.UAdd):
            return of
        if isinstance(node.op, ast.Not):
            return lambda inputs: ZERO if of(inputs) else ONE
        raise BadExpression(_("Only + - and not may stand before a figure."))

    def _comparison(self, node: ast.Compare, depth: int) -> Step:
        steps = [self.read(part, depth + 1) for part in (node.left, *node.comparators)]
        tests = [_COMPARISONS.get(type(op)) for op in node.ops]
        if None in tests:
            raise BadExpression(_("Compare with <, <=, >, >=, == or !=."))

        def holds(inputs: Inputs) -> Decimal:
            values = [step(inputs) for step in steps]
            pairs = zip(tests, values, values[1:], strict=False)
            return ONE if all(test(left, right) for test, left, right in pairs if test) else ZERO

        return holds

    def _joined(self, node: ast.BoolOp, depth: int) -> Step:
        steps = [self.read(part, depth + 1) for part in node.values]
        if isinstance(node.op, ast.And):
            return lambda inputs: ONE if all(step(inputs) for step in steps) else ZERO
        return lambda inputs: ONE if any(step(inputs) for step in steps) else ZERO

    def _call(self, node: ast.Call, depth: int) -> Step:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in ("min", "max", "abs") or node.keywords:
            raise BadExpression(_("Only min, max and abs can be called, with figures in brackets."))
        if any(isinstance(part, ast.Starred) for part in node.args):
            raise BadExpression(_("Only min, max and abs can be called, with figures in brackets."))
        steps = [self.read(part, depth + 1) for part in node.args]
        if name == "abs":
            if len(steps) != 1:
                raise BadExpression(_("abs takes one figure."))
            only = steps[0]
            return lambda inputs: abs(only(inputs))
        if len(steps) < 2:
            raise BadExpression(_("min and max compare two figures or more."))
        pick = min if name == "min" else max
        return lambda inputs: pick(step(inputs) for step in steps)


def _within(value: Decimal) -> Decimal:
    return max(-LARGEST, min(LARGEST, value))


def _divided(left: Decimal, right: Decimal) -> Decimal:
    return _EXACT.divide(left, right) if right else ZERO


_SUMS: Mapping[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: _EXACT.add,
    ast.Sub: _EXACT.subtract,
    ast.Mult: _EXACT.multiply,
    ast.Div: _divided,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Decimal, Decimal], bool]] = {
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
}
