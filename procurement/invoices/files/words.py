"""What becomes of an uploaded file, in words: its invoices, its rows, its lines, and the columns that are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, figure, money_text
from procurement.findings.policies import Finding, Grade
from procurement.findings.presenters import Said, said
from procurement.invoices.files.columns import BY_NAME
from procurement.invoices.policies.linking import ASKED, BY_ANSWER, BY_NUMBER, BY_PART, BY_TEXT, NO_ORDER
from procurement.invoices.presenters import price_text
from procurement.invoices.states import InvoiceKind
from procurement.sheets.foreign import ShownProblem, shown_problem
from procurement.sheets.outcomes import LOOKS, rows_to_mend_first


@dataclass(frozen=True, slots=True)
class ShownInvoice:
    """An invoice of a file: what becomes of it, what its checks say, and where it stands."""

    number: str
    kind: str
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
    """One row of a sheet beside what was agreed: the line it names, what becomes of it, and what is wrong."""

    row: int
    order: str
    order_key: str
    line: str
    item: str
    amount: str
    open: str
    price: str
    agreed: str
    is_more: bool
    is_dearer: bool
    outcome: str
    tone: str
    glyph: str
    result: str
    problems: Sequence[ShownProblem]


def upload_invoices(plan: Mapping[str, Any]) -> list[ShownInvoice]:
    """The invoices of a plan, or of what came of it."""
    return [_invoice(one) for one in plan.get("invoices", ())]


def says_of(findings: Sequence[Mapping[str, Any]]) -> list[Said]:
    """Findings that were kept, as a page tells them."""
    return [said(Finding(Grade(each["grade"]), "", each["message"])) for each in findings]


def _invoice(one: Mapping[str, Any]) -> ShownInvoice:
    outcome = one["outcome"]
    tone, glyph = LOOKS[outcome]
    findings = one.get("findings", ())
    stopped = any(each["grade"] == Grade.STOP for each in findings)
    is_new = outcome == "new"
    return ShownInvoice(
        number=one["number"],
        kind="" if one["kind"] == InvoiceKind.INVOICE else str(InvoiceKind(one["kind"]).label),
        text=_holds(one),
        tone=tone,
        glyph=glyph,
        result=_result(one),
        says=says_of(findings),
        problems=one.get("problems", ()),
        is_new=is_new,
        is_ready=is_new and not stopped and not one.get("is_short"),
        is_short=bool(one.get("is_short")),
        is_sent=outcome == "sent",
        there=one.get("there", ""),
        key=one["key"],
        why_not=one.get("why_not", ""),
    )


def _result(one: Mapping[str, Any]) -> str:
    if one["outcome"] == "there":
        if one["there_is_draft"]:
            return _(
                "There is a draft of this number already. Nothing is made twice: go on in it, or throw it away."
            )
        return _("An invoice of this number was sent already. Nothing is claimed twice.")
    words = {
        "new": _("New invoice"),
        "made": _("Draft"),
        "sent": _("Sent"),
        "bad": _("Cannot be made"),
        "left": _("Left out, because a row of it cannot be taken"),
    }
    return words[one["outcome"]]


def _holds(one: Mapping[str, Any]) -> str:
    count = one.get("lines", 0)
    lines = ngettext("%(n)d line", "%(n)d lines", count) % {"n": count} if count else ""
    total = one.get("total", "")
    return ", ".join(
        filter(None, (lines, money_text(Decimal(total), one.get("currency", "")) if total else ""))
    )


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
        amount=_quantity(one["quantity"], one["unit"]),
        open=_quantity(one["open"], one["unit"]),
        price=_price(one["price"], one["price_per"]),
        agreed=_price(one["agreed"], one["agreed_per"]),
        is_more=one["is_more"],
        is_dearer=one["is_dearer"],
        outcome=one["outcome"],
        tone=tone,
        glyph=glyph,
        result=_becomes(one),
        problems=[shown_problem(each, BY_NAME) for each in one["problems"]],
    )


def _quantity(amount: str, unit: str) -> str:
    return f"{figure(Decimal(amount))} {unit}".strip() if amount else ""


def _price(amount: str, per: str) -> str:
    if not amount:
        return ""
    text = figure(Decimal(amount))
    return text if Decimal(per or 1) == 1 else f"{text} / {figure(Decimal(per))}"


def _becomes(one: Mapping[str, Any]) -> str:
    words = {
        "bad": _("Not taken"),
        "there": _("There already"),
        "left": _("Left out with its invoice"),
        "skipped": _("Not claimed: no quantity"),
    }
    if one["outcome"] != "new":
        return words[one["outcome"]]
    return _("On invoice %(number)s") % {"number": one["number"]}


# --- electronic ---------------------------------------------------------------------------------------------


def shown_lines(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of an electronic invoice: what each says, which order line it is about and how that is known."""
    how = {
        BY_NUMBER: _("by its order and line number"),
        BY_PART: _("by its part number"),
        BY_TEXT: _("by its description"),
        BY_ANSWER: _("as you said"),
        NO_ORDER: _("of no order, as you said"),
    }
    return [
        {
            "position": one["position"],
            "name": one["name"],
            "item": one["item"],
            "amount": _quantity(one["quantity"], one["unit"]),
            "price": _price_said(one, plan["currency"]),
            "how": how.get(one["how"], ""),
            "is_asked": one["how"] == ASKED,
            "is_without": one["how"] == NO_ORDER,
            "question": one["question"],
            "found": _choice(one["found"]) if one["found"] else None,
            "choices": [_choice(each) for each in one["choices"]],
        }
        for one in plan.get("lines", ())
    ]


def _price_said(one: Mapping[str, Any], currency: str) -> str:
    if not one["price"]:
        return ""
    return price_text(Decimal(one["price"]), Decimal(one.get("price_per") or 1), currency, one["unit"])


def shown_head(plan: Mapping[str, Any]) -> dict[str, str]:
    """Day and total of an electronic invoice, as the reader writes them."""
    return {
        "day": day_text(date.fromisoformat(plan["day"])) if plan["day"] else "",
        "total": money_text(Decimal(plan["total"]), plan["currency"]) if plan["total"] else "",
    }


def _choice(one: Mapping[str, Any]) -> dict[str, str]:
    values = {
        "order": one["order"],
        "line": one["number"],
        "item": one["item"],
        "open": _quantity(one["open"], one["unit"]),
        "price": _price(one["price"], one["price_per"]),
    }
    text = _("%(order)s · %(line)s: %(item)s, %(open)s open at %(price)s") % values
    return {"name": one["name"], "text": text, "description": one["description"]}


def shown_left(plan: Mapping[str, Any], told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is not taken over, with the reason; and what the file says that no term of the norm has room for."""
    found = [
        {"where": one["term"], "line": one["line"], "value": one["value"], "message": one["message"]}
        for one in (*plan.get("stops", ()), *plan.get("left", ()))
    ]
    message = _("This is no part of the European norm. It stays in the file, which goes along.")
    for one in told.get("unplaced", ()):
        where = _("line %(line)d of the file") % {"line": one["line"]}
        found.append({"where": where, "line": 0, "value": one["text"], "message": message})
    return found


FORMATS = {
    "ubl-invoice": "UBL 2.1",
    "ubl-credit-note": "UBL 2.1",
    "cii": "UN/CEFACT CII",
    "factur-x": "Factur-X",
}
