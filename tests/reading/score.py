"""How well mails are read: precision and recall by field and by whole commitment. `python -m tests.reading.score`."""

import argparse
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from procurement.reading.answer import Commitment, Kind, Piece, Reading
from procurement.reading.context import MailContext, OpenLine, context_from_json
from procurement.reading.reader import read_mail
from procurement.reading.units import canonical_unit
from tests.reading.labels import Labelled, Wanted, WantedPiece, load_mails

FIELDS = ("line", "kind", "certainty", "quantity", "date", "price", "part", "exact")


@dataclass
class Tally:
    """What was right of what was drafted and of what should have been."""

    right: Counter = field(default_factory=Counter)
    drafted: Counter = field(default_factory=Counter)
    wanted: Counter = field(default_factory=Counter)
    flags_right: Counter = field(default_factory=Counter)
    flags_all: Counter = field(default_factory=Counter)
    mails: int = 0

    def precision(self, name: str) -> float:
        return self.right[name] / self.drafted[name] if self.drafted[name] else 1.0

    def recall(self, name: str) -> float:
        return self.right[name] / self.wanted[name] if self.wanted[name] else 1.0


@dataclass(frozen=True)
class Drafted:
    """One commitment of the reader on one line."""

    commitment: Commitment
    line: OpenLine


@cache
def read_labelled(mail: Labelled) -> tuple[Reading, MailContext]:
    """What is read in one mail, and in which context; each mail is read once for all tests."""
    context = context_from_json(mail.context)
    return read_mail(mail.raw, context), context


def drafts_of(reading: Reading, context: MailContext) -> list[Drafted]:
    """The commitments by line: one on a whole order is one on each of its lines."""
    return [
        Drafted(one, line)
        for one in reading.commitments
        for line in context.order(one.order).lines
        if one.line is None or str(one.line) == str(line.line)
    ]


def score_mail(mail: Labelled, tally: Tally) -> list[str]:
    """Count one mail; returns what was wrong with it, in words."""
    reading, context = read_labelled(mail)
    drafts = drafts_of(reading, context)
    left = list(mail.wanted)
    problems = []
    tally.mails += 1
    pairs: list[tuple[Drafted, Wanted | None]] = []
    for draft in drafts:
        nearest = max(left, key=lambda wanted: _nearness(draft, wanted, context), default=None)
        if nearest is not None and _nearness(draft, nearest, context) >= 10:
            left.remove(nearest)
            pairs.append((draft, nearest))
        else:
            pairs.append((draft, None))
    for draft, wanted in pairs:
        right = _fields(draft, wanted, context) if wanted else dict.fromkeys(_stated(draft), False)
        for name, is_right in right.items():
            tally.drafted[name] += 1
            tally.right[name] += is_right
            if wanted and not wanted.optional:
                tally.wanted[name] += 1
            elif wanted and is_right:
                tally.right[name] -= 1
                tally.drafted[name] -= 1
        if not right["exact"]:
            problems.append(
                f"  drafted {_told(draft)}\n     wanted {_wanted_told(wanted) if wanted else 'nothing'}"
            )
    for wanted in left:
        if not wanted.optional:
            problems.append(f"  missed  {_wanted_told(wanted)}")
            for name in _wanted_fields(wanted):
                tally.wanted[name] += 1
    for name, said in reading.flags.as_json().items():
        if name == "nothing_actionable" and mail.wanted and all(wanted.optional for wanted in mail.wanted):
            continue
        if name == "whole_order_confirmed" and name not in mail.flags and _may_be_confirmed(mail):
            continue
        tally.flags_all[name] += 1
        tally.flags_right[name] += said == (name in mail.flags)
        if said != (name in mail.flags) and (name != "whole_order_confirmed"):
            problems.append(f"  flag    {name} is {said}")
    return problems


def _may_be_confirmed(mail: Labelled) -> bool:
    """Whether the label lets every line of an order be taken as ordered without saying that it must be."""
    accepted = {(wanted.order, wanted.line) for wanted in mail.wanted if "accept" in wanted.kinds}
    return any(
        {(order["number"], str(line["line"]).lstrip("0")) for line in order["lines"]} <= accepted
        for order in mail.context["open_orders"]
    )


def _nearness(draft: Drafted, wanted: Wanted, context: MailContext) -> int:
    if (draft.line.order, draft.line.number) != (wanted.order, wanted.line):
        return 0
    right = _fields(draft, wanted, context)
    return 10 + 5 * right["kind"] + sum(right.values())


def _stated(draft: Drafted) -> list[str]:
    pieces = draft.commitment.pieces
    names = ["line", "kind", "certainty", "exact"]
    names += ["quantity"] * any(piece.quantity is not None for piece in pieces)
    names += ["date"] * any(piece.day is not None for piece in pieces)
    names += ["price"] * any(piece.price is not None for piece in pieces)
    names += ["part"] * any(piece.substitute_part is not None for piece in pieces)
    return names


def _wanted_fields(wanted: Wanted) -> list[str]:
    names = ["line", "kind", "certainty", "exact"]
    names += ["quantity"] * any(piece.quantity is not None for piece in wanted.pieces)
    names += ["date"] * any(piece.day is not None for piece in wanted.pieces)
    names += ["price"] * any(piece.price is not None for piece in wanted.pieces)
    names += ["part"] * any(piece.part is not None for piece in wanted.pieces)
    return names


def _fields(draft: Drafted, wanted: Wanted, context: MailContext) -> dict[str, bool]:
    """Which fields of a draft are as the label has them."""
    kind = draft.commitment.kind
    right = {
        "line": (draft.line.order, draft.line.number) == (wanted.order, wanted.line),
        "kind": kind in wanted.kinds
        or (_is_as_asked(draft.line, wanted) and kind in (Kind.ACCEPT, Kind.DATE)),
        "certainty": draft.commitment.certainty in wanted.certainties,
    }
    pieces = _significant(draft, wanted)
    matched = _pairs(pieces, wanted.pieces, draft.line, context)
    named = set(_stated(draft)) | set(_wanted_fields(wanted))
    if kind is Kind.ACCEPT and Kind.ACCEPT in wanted.kinds:
        matched = {"quantity": True, "date": True, "price": True, "part": True}
        if wanted.pieces and pieces and not _restates(pieces, draft.line):
            matched = dict.fromkeys(matched, False)
    for name in ("quantity", "date", "price", "part"):
        if name in named:
            right[name] = matched[name]
    percent = draft.commitment.price_percent
    same_percent = percent is None or wanted.percent is None or percent == wanted.percent
    right["exact"] = all(right.values()) and all(matched.values()) and same_percent
    return right


def _is_as_asked(line: OpenLine, wanted: Wanted) -> bool:
    """A day equal to the one asked for, or its week, may be told as `accept` or as `date`."""
    if not wanted.kinds <= {"accept", "date"} or len(wanted.pieces) != 1 or not (day := wanted.pieces[0].day):
        return False
    if wanted.pieces[0].precision == "week" and line.requested_date:
        return 0 <= (line.requested_date - day).days < 7
    return day == line.requested_date and wanted.pieces[0].precision == "day"


def _significant(draft: Drafted, wanted: Wanted) -> tuple[Piece, ...]:
    """A whole quantity that the label leaves out is the line's own, and no value of its own."""
    pieces = draft.commitment.pieces
    if not wanted.pieces and draft.commitment.kind in (
        Kind.CANCEL,
        Kind.REFUSE,
        Kind.BACKORDER,
        Kind.SHIPPED,
    ):
        return tuple(piece for piece in pieces if piece.quantity not in (None, draft.line.quantity))
    return tuple(piece for piece in pieces if piece != Piece())


def _restates(pieces: tuple[Piece, ...], line: OpenLine) -> bool:
    return all(piece.quantity in (None, line.quantity) for piece in pieces)


def _pairs(
    pieces: tuple[Piece, ...], wanted: tuple[WantedPiece, ...], line: OpenLine, context: MailContext
) -> dict[str, bool]:
    if len(pieces) != len(wanted):
        return dict.fromkeys(("quantity", "date", "price", "part"), not pieces and not wanted)
    together = {"quantity": True, "date": True, "price": True, "part": True}
    for mine, label in zip(_sorted(pieces), sorted(wanted, key=_wanted_key), strict=True):
        together["quantity"] &= _same_quantity(mine, label, line)
        together["date"] &= _same_date(mine, label, context)
        price = None if mine.price is None else mine.price / (mine.per or Decimal(1))
        together["price"] &= price == label.price or (
            label.price is None and line.price is not None and price == line.price / line.per
        )
        together["part"] &= (mine.substitute_part or "").upper() == (label.part or "").upper()
    return together


def _sorted(pieces: tuple[Piece, ...]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: (piece.day is None, str(piece.day), piece.quantity or 0))


def _wanted_key(piece: WantedPiece) -> Any:
    return (piece.day is None, str(piece.day), piece.quantity or 0)


def _same_quantity(mine: Piece, label: WantedPiece, line: OpenLine) -> bool:
    whole = line.quantity
    if (mine.quantity if mine.quantity is not None else whole) != (
        label.quantity if label.quantity is not None else whole
    ):
        return False
    unit = canonical_unit(label.unit or line.unit)
    return mine.quantity is None or label.quantity is None or canonical_unit(mine.unit or line.unit) == unit


def _same_date(mine: Piece, label: WantedPiece, context: MailContext) -> bool:
    if label.is_now:
        return mine.day in (None, context.today)
    if mine.day != label.day:
        return False
    return mine.day is None or label.precision == (mine.precision.value if mine.precision else None)


def _told(draft: Drafted) -> str:
    one = draft.commitment
    pieces = " + ".join(
        " ".join(f"{k}={v}" for k, v in piece.as_json().items() if v is not None) for piece in one.pieces
    )
    return f"{one.order}/{draft.line.line} {one.kind} {one.certainty}: {pieces} {one.price_percent or ''} [{one.rule}] « {one.evidence[:100]!r}"


def _wanted_told(wanted: Wanted) -> str:
    pieces = " + ".join(
        " ".join(
            str(v)
            for v in (p.quantity, p.day, p.precision, p.price, p.part, "now" if p.is_now else None)
            if v is not None
        )
        for p in wanted.pieces
    )
    return f"{wanted.order}/{wanted.line} {'|'.join(sorted(wanted.kinds))} {'|'.join(sorted(wanted.certainties))}: {pieces} {wanted.percent or ''}"


def score(mails: list[Labelled], *, tell: bool = False) -> dict[str, Tally]:
    """Tallies by language, and of all."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for mail in mails:
        problems = score_mail(mail, tallies["all"])
        score_mail(mail, tallies[mail.language])
        if problems and tell:
            print(f"{mail.name}")
            print("\n".join(problems))
    return dict(tallies)


def table(tallies: dict[str, Tally]) -> str:
    """The tallies as a table for docs/mail-reading.md."""
    languages = sorted(tallies, key=lambda name: (name == "all", name))
    rows = ["| field | " + " | ".join(f"{name} ({tallies[name].mails} mails)" for name in languages) + " |"]
    rows.append("|---|" + "--:|" * len(languages))
    for name in FIELDS:
        cells = [f"{tallies[one].precision(name):.3f} / {tallies[one].recall(name):.3f}" for one in languages]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    flags = next(iter(tallies.values())).flags_all
    for name in flags:
        cells = [f"{tallies[one].flags_right[name] / tallies[one].flags_all[name]:.3f}" for one in languages]
        rows.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _chosen(options: argparse.Namespace) -> list[Labelled]:
    return load_mails(unseen=True) if options.unseen else load_mails(options.held_out)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", action="store_true", help="score the mails that no rule was made for")
    parser.add_argument(
        "--unseen", action="store_true", help="score those of strangers, which no rule-maker has opened"
    )
    parser.add_argument("--tell", action="store_true", help="say what was wrong, mail by mail")
    parser.add_argument("--only", default="", help="mails whose name contains this")
    options = parser.parse_args(arguments)
    mails = [mail for mail in _chosen(options) if options.only in mail.name]
    if not mails:
        print("There are no such mails.")
        return 1
    print(table(score(mails, tell=options.tell)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
