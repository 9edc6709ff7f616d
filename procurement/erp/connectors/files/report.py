"""What a person finds beside a file that was not taken whole: a text to read, a table to sort, and the
refused rows to correct."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.erp.connectors.files.folder import write_file
from procurement.erp.problems import Problem, Severity

COLUMNS = ("file", "row", "record", "column", "value", "severity", "rule", "what_is_wrong", "way_out")
_SHOWN_PER_RULE = 20


def write_report(place: Path, name: str, problems: Sequence[Problem], *, taken: int, left_out: int) -> None:
    """Put `<name>.report.txt` and `<name>.report.csv` into a folder. `left_out` problems were too many to
    keep."""
    write_file(place / f"{name}.report.csv", report_table(problems).encode("utf-8-sig"))
    text = report_text(name, problems, taken=taken, left_out=left_out)
    write_file(place / f"{name}.report.txt", text.encode())


def report_table(problems: Iterable[Problem]) -> str:
    """The problems as CSV, for people: a value that a spreadsheet would take for a formula is quoted as
    text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for problem in problems:
        row = problem.row or ""
        cells = [problem.source, row, problem.record, problem.column, problem.value, problem.severity.value]
        writer.writerow(
            [as_plain_text(cell) for cell in [*cells, problem.rule, problem.explain(), problem.way_out()]]
        )
    return out.getvalue()


def as_plain_text(cell: object) -> object:
    """A cell that no spreadsheet will run."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def report_text(name: str, problems: Sequence[Problem], *, taken: int, left_out: int = 0) -> str:
    """The problems as a person would tell them: the sum first, then one paragraph for each thing that is
    wrong."""
    refused = {problem.record or problem.row for problem in problems if problem.severity is Severity.REFUSED}
    lines = [
        name,
        "=" * len(name),
        "",
        ngettext("%(count)d record was taken.", "%(count)d records were taken.", taken) % {"count": taken},
        ngettext("%(count)d record was refused.", "%(count)d records were refused.", len(refused))
        % {"count": len(refused)},
    ]
    if left_out:
        lines.append(_("%(count)d more findings are not listed.") % {"count": left_out})
    by_rule: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        by_rule.setdefault((problem.rule, problem.column), []).append(problem)
    for together in sorted(
        by_rule.values(), key=lambda group: (group[0].severity != Severity.REFUSED, -len(group))
    ):
        lines += ["", *_paragraph(together)]
    return "\n".join(lines) + "\n"


def _paragraph(together: list[Problem]) -> list[str]:
    first = together[0]
    title = _("Refused") if first.severity is Severity.REFUSED else _("Noticed")
    count = ngettext("%(count)d time", "%(count)d times", len(together)) % {"count": len(together)}
    lines = [f"{title}, {count}: {first.rule}" + (f" ({first.column})" if first.column else "")]
    values = Counter(problem.value for problem in together if problem.value)
    if 1 < len(values) <= 10:
        lines.append(
            "  "
            + _("Values: %(values)s") % {"values": ", ".join(f"“{v}” × {n}" for v, n in values.most_common())}
        )
    lines.append("  " + _("Way out: %(way_out)s") % {"way_out": first.way_out()})
    for problem in together[:_SHOWN_PER_RULE]:
        where = _("row %(row)d") % {"row": problem.row} if problem.row else _("whole file")
        about = f" [{problem.record}]" if problem.record else ""
        lines.append(f"  - {where}{about}: {problem.explain()}")
    if len(together) > _SHOWN_PER_RULE:
        more = len(together) - _SHOWN_PER_RULE
        lines.append("  - " + ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more})
    return lines
