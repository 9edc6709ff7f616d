"""What becomes of an uploaded sheet, in words: its notices, its rows, and the columns that are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import figure
from procurement.findings.policies import Finding, Grade
from procurement.findings.presenters import Said, said
from procurement.sheets.foreign import ShownProblem, shown_problem
from procurement.sheets.outcomes import LOOKS, rows_to_mend_first
from procurement.shipments.files.columns import BY_NAME


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice of a sheet: what becomes of it, what its checks say, and where it stands."""

    number: str
    place: str
    text: str
    tone: str
    glyph: str
    result: str
    says: Sequence[Said]
    problems: Sequence[str]
    is_new: bool
    is_ready: bool
    is_short: bool
    is_sent: bool
    there: str
    key: str
    why_not: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row of a sheet: the line it names, what becomes of it, and what is wrong."""

    row: int
    order: str
    order_key: str
    line: str
    item: str
    amount: str
    outcome: str
    tone: str
    glyph: str
    result: str
    problems: Sequence[ShownProblem]


def upload_notices(plan: Mapping[str, Any]) -> list[ShownNotice]:
    """The notices of a plan, or of what came of it."""
    return [_notice(one) for one in plan.get("notices", ())]


def _notice(one: Mapping[str, Any]) -> ShownNotice:
    outcome = one["outcome"]
    tone, glyph = LOOKS[outcome]
    says = [said(Finding(Grade(each["grade"]), "", each["message"])) for each in one["findings"]]
    stopped = any(each["grade"] == Grade.STOP for each in one["findings"])
    is_new = outcome == "new"
    return ShownNotice(
        number=one["number"],
        place=one["place"],
        text=_holds(one),
        tone=tone,
        glyph=glyph,
        result=_result(one),
        says=says,
        problems=one["problems"],
        is_new=is_new,
        is_ready=is_new and not stopped and not one["is_short"],
        is_short=one["is_short"],
        is_sent=outcome == "sent",
        there=one["there"],
        key=one["key"],
        why_not=one["why_not"],
    )


def _result(one: Mapping[str, Any]) -> str:
    if one["outcome"] == "there":
        if one["there_is_draft"]:
            return _(
                "There is a draft of this number already. Nothing is made twice: go on in it, or throw it away."
            )
        return _("A ship notice of this number was sent already. Nothing is made twice.")
    words = {
        "new": _("New ship notice"),
        "made": _("Draft"),
        "sent": _("Sent"),
        "bad": _("Cannot be made"),
        "left": _("Left out, because a row of it cannot be taken"),
    }
    return words[one["outcome"]]


def _holds(one: Mapping[str, Any]) -> str:
    lines = ngettext("%(n)d line", "%(n)d lines", one["lines"]) % {"n": one["lines"]} if one["lines"] else ""
    if not one["packages"]:
        return lines
    packages = ngettext("%(n)d package", "%(n)d packages", one["packages"]) % {"n": one["packages"]}
    return f"{lines}, {packages}"


def upload_rows(plan: Mapping[str, Any]) -> list[ShownRow]:
    """The rows of a plan: first those to be mended, then in the order of the file."""
    return [_row(one) for one in rows_to_mend_first(plan)]


def _row(one: Mapping[str, Any]) -> ShownRow:
    tone, glyph = LOOKS[one["outcome"]]
    return ShownRow(
        row=one["row"],
        order=one["order"],
        order_key=one["order_key"],
        line=one["line"],
        item=one["item"],
        amount=f"{figure(one['quantity'])} {one['unit']}".strip() if one["quantity"] else "",
        outcome=one["outcome"],
        tone=tone,
        glyph=glyph,
        result=_becomes(one),
        problems=[shown_problem(each, BY_NAME) for each in one["problems"]],
    )


def _becomes(one: Mapping[str, Any]) -> str:
    """What a row becomes: a line in a notice, in a package, or a package by itself."""
    if one["outcome"] != "new":
        words = {
            "bad": _("Not taken"),
            "there": _("There already"),
            "left": _("Left out with its ship notice"),
            "skipped": _("Does not go: no quantity"),
        }
        return words[one["outcome"]]
    values = {
        "notice": one["number"] or _("without a number"),
        "package": one["package"],
        "parent": one["parent"],
    }
    if one["is_bare"]:
        text = _("Package %(package)s in ship notice %(notice)s")
    elif one["package"]:
        text = _("In package %(package)s of ship notice %(notice)s")
    else:
        text = _("In ship notice %(notice)s, not packed")
    if one["parent"]:
        text += ", " + _("on %(parent)s")
    return text % values
