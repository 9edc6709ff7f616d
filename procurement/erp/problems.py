"""What can be wrong with something an ERP sent, in words that the person who must put it right can act on.

A problem is kept as a rule and its facts, never as a finished sentence: the same problem is read in a report
file beside the rejected file, on the monitor page and in a mail, by people with different languages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


class Severity(StrEnum):
    """What became of the record: refused (not taken, somebody must act) or noticed (taken, somebody may want
    to look)."""

    REFUSED = "refused"
    NOTICED = "noticed"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that may be wrong: what we say about it, and what the reader can do."""

    says: str
    way_out: str
    severity: Severity = Severity.REFUSED


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about one record: where it stands, what is there, and which rule it breaks.

    `source` is a file name, or an ERP's own address of a record ("purchase.line 12"); `row` counts from 1 and
    includes the header, as a spreadsheet shows it; `record` is the paper it belongs to as people call it
    ("NM / 4711").
    """

    rule: str
    source: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    record: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """Whether the record was refused or only noticed."""
        return rule_named(self.rule).severity

    def explain(self) -> str:
        """The finding as one sentence, in the reader's language."""
        return _fill(_(rule_named(self.rule).says), self)

    def way_out(self) -> str:
        """What the reader can do about it, in the reader's language."""
        return _fill(_(rule_named(self.rule).way_out), self)


def _fill(sentence: str, problem: Problem) -> str:
    words = {
        "source": problem.source,
        "row": problem.row or "",
        "column": problem.column,
        "record": problem.record,
    }
    return sentence.format_map(words | {"value": shortened(problem.value)} | dict(problem.facts))


def shown(text: str, limit: int = 500) -> str:
    """A value as it may be kept and shown: bytes that were no text and unprintable characters made visible,
    cut at a limit."""
    clean = "".join("\ufffd" if not _is_text(one) else one for one in text[: limit + 1])
    return shortened(clean, limit)


def _is_text(letter: str) -> bool:
    return letter in "\n\r\t" or not (
        letter < " " or "\x7f" <= letter <= "\x9f" or "\ud800" <= letter <= "\udfff"
    )


def shortened(text: str, limit: int = 80) -> str:
    """A value as it is quoted in a sentence: long ones cut, with the cut shown."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


_REFUSED, _NOTICED = Severity.REFUSED, Severity.NOTICED

# Every sentence is marked for translation here and translated where it is read.
RULES: dict[str, Rule] = {
    # --- the file as a whole
    # -------------------------------------------------------------------------------------
    "not_utf8": Rule(
        gettext_noop("This text is not UTF-8."),
        gettext_noop(
            "Export the file as “CSV UTF-8”. In other encodings letters such as é or ß would arrive wrong."
        ),
    ),
    "not_text": Rule(
        gettext_noop(
            "The file is not a UTF-8 text: it contains NUL characters, as UTF-16 files and workbooks do."
        ),
        gettext_noop("Export the file as “CSV UTF-8”."),
    ),
    "empty_file": Rule(
        gettext_noop("The file is empty: it has not even a header row."),
        gettext_noop(
            "Send a header row with the documented column names, also when there is nothing to report."
        ),
    ),
    "no_header": Rule(
        gettext_noop("The first row is not a header: no separator makes the documented column names of it."),
        gettext_noop("Begin the file with a header row. For this file it must name at least: {needed}."),
    ),
    "missing_column": Rule(
        gettext_noop("The column “{column}” is missing."),
        gettext_noop(
            "Add the column “{column}” to the export; docs/file-formats.md says what belongs in it."
        ),
    ),
    "repeated_column": Rule(
        gettext_noop("The column “{column}” is there twice, and nothing says which one counts."),
        gettext_noop("Leave only one of them in the export."),
    ),
    "unknown_column": Rule(
        gettext_noop("The column “{column}” is not in the documented format, and was not read."),
        gettext_noop("Nothing needs doing. To keep it with the order, name it “x_{column}”."),
        _NOTICED,
    ),
    "unknown_file": Rule(
        gettext_noop("Nothing says what this file is: its name has no documented feed in it."),
        gettext_noop("Name it <feed>.csv or <batch>.<feed>.csv, where feed is one of: {feeds}."),
    ),
    "file_too_big": Rule(
        gettext_noop("The file has {bytes} bytes; at most {limit} are read."),
        gettext_noop("Send it in several files."),
    ),
    "too_many_rows": Rule(
        gettext_noop("The file has more than {limit} rows."),
        gettext_noop("Send it in several files, each with whole orders."),
    ),
    "scattered_orders": Rule(
        gettext_noop("More than {limit} rows belong to orders whose rows do not stand together."),
        gettext_noop("Sort the export by company and order number."),
    ),
    "bad_manifest": Rule(
        gettext_noop("The manifest cannot be read: {reason}."),
        gettext_noop("Write it as shown in docs/file-formats.md, as the last file of the batch."),
    ),
    "batch_incomplete": Rule(
        gettext_noop(
            "The batch “{batch}” is still not as its manifest says, after {minutes} minutes: {reason}."
        ),
        gettext_noop("Write the whole batch again under a new name. Nothing of it was read."),
    ),
    # --- a row as a whole
    # ----------------------------------------------------------------------------------------
    "broken_quotes": Rule(
        gettext_noop("The quotation marks of this row do not pair up."),
        gettext_noop(
            "Put text that contains the separator or a quotation mark in quotes, and double quotes inside it."
        ),
    ),
    "wrong_cell_count": Rule(
        gettext_noop("The row has {found} cells; the header has {expected}."),
        gettext_noop("Most often a separator stands in a text without quotes: quote that text."),
    ),
    "row_too_long": Rule(
        gettext_noop("The row is longer than {limit} characters."),
        gettext_noop("Look for a missing line end or a text that belongs in an attachment."),
    ),
    "beside_unreadable_row": Rule(
        gettext_noop(
            "Row {bad_row} cannot be read and may belong to this order, so the order may be incomplete."
        ),
        gettext_noop("Correct row {bad_row}, then send the whole order again."),
    ),
    "unreadable_among_scattered": Rule(
        gettext_noop(
            "Row {bad_row} cannot be read, and the rows of an order do not stand together here: "
            "any order may lack it."
        ),
        gettext_noop(
            "Correct row {bad_row}, or sort the export by company and order number. Nothing of it was read."
        ),
    ),
    # --- a cell
    # --------------------------------------------------------------------------------------------------
    "missing": Rule(
        gettext_noop("“{column}” is empty."),
        gettext_noop("Fill it in. We do not assume a value."),
    ),
    "missing_quantity": Rule(
        gettext_noop("“{column}” is empty, so nobody can say how much is meant."),
        gettext_noop("Fill in the quantity. Write 0 only if none is meant."),
    ),
    "too_long": Rule(
        gettext_noop("“{column}” has {length} characters; at most {limit} are kept."),
        gettext_noop("Shorten it."),
    ),
    "control_character": Rule(
        gettext_noop("“{column}” contains a character that cannot be printed."),
        gettext_noop("Remove it; it often comes from copying out of another program."),
    ),
    "placeholder_date": Rule(
        gettext_noop("“{value}” stands where “{column}” needs a date. It is a placeholder, not a date."),
        gettext_noop(
            "Put in the real date as YYYY-MM-DD; leave the cell empty where “{column}” is optional."
        ),
    ),
    "not_iso_date": Rule(
        gettext_noop("“{value}” is not a date as YYYY-MM-DD, so “{column}” could be read in two ways."),
        gettext_noop("Export dates as YYYY-MM-DD, for example 2026-03-12."),
    ),
    "no_such_date": Rule(
        gettext_noop("There is no such day as {value}."),
        gettext_noop("Correct “{column}”."),
    ),
    "not_a_moment": Rule(
        gettext_noop("“{value}” is not a moment with its time zone."),
        gettext_noop("Write “{column}” as 2026-03-12T14:05:00Z, or leave it empty."),
    ),
    "placeholder_number": Rule(
        gettext_noop("“{value}” stands where “{column}” needs a number, so the figure is missing."),
        gettext_noop("Put in the figure; leave the cell empty where “{column}” is optional."),
    ),
    "decimal_comma": Rule(
        gettext_noop("“{value}” has a comma: it could mean a decimal or a thousand."),
        gettext_noop(
            "Write “{column}” with a decimal point and without thousands separators, for example 1234.50."
        ),
    ),
    "not_a_number": Rule(
        gettext_noop("“{value}” is not a number."),
        gettext_noop("Write “{column}” in digits with a decimal point, for example 1234.50."),
    ),
    "not_a_whole_number": Rule(
        gettext_noop("“{value}” is not a whole number."),
        gettext_noop("Write “{column}” in digits alone, for example 30."),
    ),
    "too_many_digits": Rule(
        gettext_noop("“{value}” has more digits than we keep (12 before the point, 6 after it)."),
        gettext_noop("Check “{column}”; if it is right, choose a larger unit or another price unit."),
    ),
    "too_small": Rule(
        gettext_noop("{value} is below what “{column}” may be ({minimum})."),
        gettext_noop("Correct “{column}”."),
    ),
    "too_large": Rule(
        gettext_noop("{value} is above what “{column}” may be ({maximum})."),
        gettext_noop("Correct “{column}”."),
    ),
    "must_be_positive": Rule(
        gettext_noop("{value} is not more than zero."),
        gettext_noop("Correct “{column}”."),
    ),
    "not_a_choice": Rule(
        gettext_noop("“{value}” is not one of: {choices}."),
        gettext_noop("Correct “{column}”."),
    ),
    "not_a_code": Rule(
        gettext_noop("“{value}” is not the kind of code that belongs in “{column}” ({expected})."),
        gettext_noop("Correct “{column}”."),
    ),
    # --- records against each other
    # ------------------------------------------------------------------------------
    "repeated_row": Rule(
        gettext_noop("This row says exactly the same as row {first_row}. It was counted once."),
        gettext_noop(
            "Check the export for a doubled join. If two deliveries are meant, give them their own keys."
        ),
        _NOTICED,
    ),
    "same_key_differs": Rule(
        gettext_noop(
            "Row {first_row} has the same key ({key}) and says something else. "
            "We cannot know which one holds."
        ),
        gettext_noop("Send one row for {key}. Neither was taken."),
    ),
    "twin_lines": Rule(
        gettext_noop("Line {line} says the same as line {twin} in row {first_row}; only the key differs."),
        gettext_noop("If one of them is a doubled record, delete it in the ERP. Both were taken."),
        _NOTICED,
    ),
    "header_differs": Rule(
        gettext_noop("“{column}” is “{value}” here but “{other}” in row {first_row} of the same order."),
        gettext_noop("Repeat the order's own columns unchanged on each of its rows."),
    ),
    "line_differs": Rule(
        gettext_noop("“{column}” is “{value}” here but “{other}” in row {first_row} of the same line."),
        gettext_noop("Repeat the line's own columns unchanged on each of its schedule rows."),
    ),
    "line_number_twice": Rule(
        gettext_noop("Line number {value} is used by line {twin} in row {first_row} as well."),
        gettext_noop("Give each line of an order its own number."),
    ),
    "schedule_incomplete": Rule(
        gettext_noop("A schedule needs both a quantity and a date; “{column}” is empty."),
        gettext_noop("Fill in both, or leave both empty."),
    ),
    "schedules_do_not_add_up": Rule(
        gettext_noop("The schedules of line {line} add up to {sum}; the line asks for {value}."),
        gettext_noop("Send all schedule rows of the line, so that they add up to its quantity."),
    ),
    "lines_missing": Rule(
        gettext_noop("The order says that it has {value} lines; {found} are in the file."),
        gettext_noop("Send all rows of the order in one file."),
    ),
    "too_many_lines": Rule(
        gettext_noop("The order has more than {limit} rows."),
        gettext_noop("Check whether rows of several orders carry one number."),
    ),
    "order_refused": Rule(
        gettext_noop("{record} was not taken, because of the rows reported with it ({rows})."),
        gettext_noop("Correct them and send the whole order again. What stood before stays in force."),
    ),
    # --- papers that refer to orders
    # ---------------------------------------------------------------------------------------------
    "invoice_header_differs": Rule(
        gettext_noop("“{column}” is “{value}” here but “{other}” in row {first_row} of the same invoice."),
        gettext_noop("Repeat the invoice's own columns unchanged on each of its rows."),
    ),
    "invoice_line_incomplete": Rule(
        gettext_noop("A line of an invoice needs order, line, quantity and amount; “{column}” is empty."),
        gettext_noop("Fill in all four, or leave all four empty."),
    ),
    "invoice_refused": Rule(
        gettext_noop("{record} was not taken, because of the rows reported with it ({rows})."),
        gettext_noop("Correct them and send the whole invoice again. What stood before stays in force."),
    ),
    "beside_unreadable_invoice_row": Rule(
        gettext_noop(
            "Row {bad_row} cannot be read and may belong to this invoice, so the invoice may be incomplete."
        ),
        gettext_noop("Correct row {bad_row}, then send the whole invoice again."),
    ),
    "scattered_invoices": Rule(
        gettext_noop("More than {limit} rows belong to invoices whose rows do not stand together."),
        gettext_noop("Sort the export by company and invoice key."),
    ),
    "unreadable_among_scattered_invoices": Rule(
        gettext_noop(
            "Row {bad_row} cannot be read, and the rows of an invoice do not stand together here: "
            "any invoice may lack it."
        ),
        gettext_noop(
            "Correct row {bad_row}, or sort the export by company and invoice key. Nothing of it was read."
        ),
    ),
    "too_many_invoice_rows": Rule(
        gettext_noop("The invoice has more than {limit} rows."),
        gettext_noop("Check whether rows of several invoices carry one key."),
    ),
    "accounts_refused": Rule(
        gettext_noop(
            "What is told of {record} was not taken, because of the rows reported with it ({rows})."
        ),
        gettext_noop("Correct them in the ERP and send all accounts of the supplier again."),
    ),
    "beside_unreadable_account_row": Rule(
        gettext_noop(
            "Row {bad_row} cannot be read and may belong to this supplier, so an account may be missing."
        ),
        gettext_noop("Correct it in the ERP, then send all accounts of the supplier again."),
    ),
    "scattered_accounts": Rule(
        gettext_noop("More than {limit} rows belong to suppliers whose rows do not stand together."),
        gettext_noop("Sort the export by supplier."),
    ),
    "unreadable_among_scattered_accounts": Rule(
        gettext_noop(
            "Row {bad_row} cannot be read, and the rows of a supplier do not stand together here: "
            "any supplier may lack it."
        ),
        gettext_noop("Correct it in the ERP, or sort the export by supplier. Nothing of it was read."),
    ),
    "too_many_account_rows": Rule(
        gettext_noop("The supplier has more than {limit} rows."),
        gettext_noop("Check whether rows of several suppliers carry one number."),
    ),
    "waits_for_order": Rule(
        gettext_noop("It names an order or a line that is not here yet, and is kept until that comes."),
        gettext_noop("Nothing needs doing, unless the order is not meant to come to the portal at all."),
        _NOTICED,
    ),
    # --- what is told whole
    # ----------------------------------------------------------------------------------------------------
    "several_moments": Rule(
        gettext_noop("The rows tell of several moments, so the file cannot be all there was at one of them."),
        gettext_noop("Write one “as_of” on every row. The rows were taken, and nothing was taken away."),
        _NOTICED,
    ),
    "not_told_whole": Rule(
        gettext_noop("Some rows cannot be read, so the file does not say what is no longer there."),
        gettext_noop(
            "Correct them and send the whole file again. The others were taken, and nothing was taken away."
        ),
        _NOTICED,
    ),
    # --- said by the portal after reading
    # ------------------------------------------------------------------------
    "refused_by_portal": Rule(
        gettext_noop("{reason}"),
        gettext_noop("Correct the record in the ERP, or add what is missing, then send it again."),
    ),
}


def rule_named(name: str) -> Rule:
    """A rule by its name; one that an older version of the portal knew is told by its name alone."""
    return RULES.get(name) or Rule(name, "")


def explain_in_general(name: str) -> str:
    """What a rule says without the facts of a case, in the reader's language: “…” is empty."""
    return re.sub(r"\{\w+\}", "…", _(rule_named(name).says))
