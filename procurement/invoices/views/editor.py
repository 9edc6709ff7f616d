"""The editor of a draft: what is claimed, at which price, how it is taxed, what is added. Kept while it is typed.

The page is one form. Each button sends all of it; what is typed is kept first, then the button does its work. With a
script the typing is kept by itself, and only what moved comes back: see docs/design.md on htmx.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import IllegalTransition, Invalid, Problem, Refusal, StaleDocument
from portal.kernel.web import whole_number
from procurement.findings.presenters import bad
from procurement.invoices.forms import (
    ALLOWANCE,
    HEADER,
    ReadDraft,
    blank_charge,
    blank_line,
    charge_rows,
    line_rows,
    merged,
    read_draft_form,
    read_of,
    read_tax,
    rows_in,
    shown,
    tax_options,
    texts_of,
    usual_tax,
)
from procurement.invoices.models import Invoice
from procurement.invoices.policies.checks import check_invoice
from procurement.invoices.presenters import FileRow, findings, tax_rows, tax_text, terms_text, title_of
from procurement.invoices.queries import Written, agreed_prices, checked, find_invoice, versions_of, written
from procurement.invoices.services import save_draft
from procurement.invoices.states import FileKind, InvoiceKind
from procurement.orders.models import PurchaseOrderLine
from procurement.orders.policies import plain
from procurement.orders.queries import visible_lines
from suppliers.roles import Permission

TEMPLATE = "procurement/invoices/editor.html"
AROUND, EDITOR = (f"{TEMPLATE}#{name}" for name in ("around", "editor"))
# Parts of the page that hold sentences and no field of their own.
PARTS = ("lines", "charges", "totals", "exemption_reason", "files")


@dataclass(slots=True)
class Told:
    """What a press of a button led to, besides the draft as it then stands."""

    say: str = ""
    add: str = ""
    go_to: str = ""
    anchor: str = ""
    problems: list[Problem] = field(default_factory=list)


# --- showing ------------------------------------------------------------------------------------------------


def show_editor(
    request: DoorRequest,
    invoice: Invoice,
    *,
    typed: Mapping[str, str] | None = None,
    mistakes: list[Problem] | None = None,
    refusal: Refusal | None = None,
    both: list[tuple[str, str]] | None = None,
    add: str = "",
    was: Mapping[str, str] | None = None,
    template: str = TEMPLATE,
    status: int = 200,
) -> HttpResponse:
    """A draft in its editor. `typed` is what its fields hold where that is not what is kept, with its `mistakes`, and
    `was` what they said before; `add` is what an empty row is put in for: a line, a charge, an allowance.
    """
    draft = written(invoice)
    kept = texts_of(draft)
    texts = dict(kept if typed is None else typed)
    texts = _with_blank(texts, add, usual_tax(draft))
    texts = {name: shown(name, text, invoice.currency) for name, text in texts.items()}
    wrong = {problem.field: problem.message for problem in mistakes or ()}
    found = findings(check_invoice(checked(draft, at=request.at)))
    prices = agreed_prices({line.line_id for line in draft.lines if line.line_id})
    lines = line_rows(draft, texts, wrong, found, prices, _strays(request, draft, texts))
    reasons, has_moved = _reasons(draft, kept, texts)
    context: dict[str, Any] = {
        "invoice": invoice,
        "title": title_of(invoice),
        "draft": draft,
        "texts": texts,
        "was": json.dumps(dict(kept if was is None else was), separators=(",", ":")),
        "says": {
            name: [*([bad(wrong[name])] if name in wrong else []), *found.fields.get(name, ())]
            for name in (*HEADER, *PARTS)
            if name not in _not_asked(invoice)
        },
        "lines": lines,
        "charges": charge_rows(texts, wrong),
        "options": tax_options(draft),
        "is_free": not draft.offered,
        "taxes": tax_rows(draft.taxes, draft.offered),
        "reasons": reasons,
        "show_reasons": has_moved,
        "found": found,
        "terms": terms_text(invoice),
        "files": [
            FileRow(file) for file in invoice.files.defer("content", "reading").order_by("added_at", "id")
        ],
        "file_kinds": [kind for kind in FileKind.choices if kind[0] != FileKind.EINVOICE],
        "versions": versions_of(invoice, actor=request.actor) if invoice.issue > 1 else [],
        "refusal": refusal,
        "problems": [{"id": _id_of(problem.field), "message": problem.message} for problem in mistakes or ()],
        "both": [(_label_of(name, lines), shown(name, text)) for name, text in both or ()],
    }
    response = render(request, template, context, status=status)
    if template == AROUND:
        response["HX-Reswap"] = "none"
    elif template == EDITOR:
        response["HX-Retarget"], response["HX-Reswap"] = "#editor", "outerHTML"
    return response


def _not_asked(invoice: Invoice) -> set[str]:
    """The fields of the head that an invoice of its kind does not have: no sentence has a place there."""
    if invoice.kind == InvoiceKind.INVOICE:
        return {"corrects_number", "reason"}
    missing = {"corrects_number"} if invoice.corrects_id else set()
    if invoice.is_credit:
        missing |= {"payment_days", "discount_percent", "discount_days", "due_on"}
    return missing


def _with_blank(texts: dict[str, str], add: str, tax: str) -> dict[str, str]:
    if add == "line":
        return texts | blank_line(max([*rows_in(texts, "of"), 0]) + 1, tax)
    if add in ("charge", ALLOWANCE):
        return texts | blank_charge(max([*rows_in(texts, "kind"), 0]) + 1, add, tax)
    return texts


def _reasons(
    draft: Written, kept: Mapping[str, str], texts: Mapping[str, str]
) -> tuple[list[dict[str, Any]], bool]:
    """Why no tax is due, tax by tax, with what is typed of it; and whether the page asks for other taxes than these."""
    typed = {texts[f"exempt.{row}"]: texts[f"exemption.{row}"] for row in rows_in(texts, "exempt")}
    found = []
    for row in rows_in(kept, "exempt"):
        value = kept[f"exempt.{row}"]
        label = tax_text(*read_tax(value), draft.offered)
        found.append(
            {
                "row": row,
                "value": value,
                "text": typed.get(value, kept[f"exemption.{row}"]),
                "label": label,
            }
        )
    return found, {reason["value"] for reason in found} != set(typed)


def _strays(
    request: DoorRequest, draft: Written, texts: Mapping[str, str]
) -> dict[tuple[str, str], PurchaseOrderLine]:
    """The order lines of rows that are typed here and not kept: after a colleague took them out. One query, if any."""
    wanted = {read_of(texts[f"of.{row}"])[:2] for row in rows_in(texts, "of")[len(draft.lines) :]}
    orders = {order for order, _key in wanted if order}
    if not orders:
        return {}
    found = visible_lines(request.actor).filter(
        order__key__in=orders, key__in={key for _order, key in wanted}
    )
    return {(str(line.order.key), line.key): line for line in found.select_related("order")}


def _id_of(name: str) -> str:
    """The field of the page that a problem speaks of; "" where it is none."""
    return name.replace(".", "-") if name in (*HEADER, "file") or "." in name else ""


def _label_of(name: str, lines: list[Any]) -> str:
    """What a field is called in a sentence."""
    labels = {
        "number": _("Number"),
        "invoiced_on": _("Dated"),
        "supplied_on": _("Supplied on"),
        "due_on": _("Due on"),
        "payment_days": _("Days to pay"),
        "discount_days": _("Days for the discount"),
        "discount_percent": _("Discount"),
        "typed_total": _("Total on your paper"),
        "corrects_number": _("About invoice"),
        "reason": _("Why"),
        "buyer_reference": _("Their reference"),
        "supplier_tax_id": _("Your tax number"),
        "company_tax_id": _("Their tax number"),
        "withholding_note": _("Withholding"),
        "note": _("Note"),
        "quantity": _("Quantity"),
        "unit_price": _("Price"),
        "price_quantity": _("Price per"),
        "tax": _("Tax"),
        "rate": _("Rate"),
        "description": _("Description"),
        "supplier_item": _("Part number"),
        "unit": _("Unit"),
        "of": _("Line"),
        "kind": _("Charge"),
        "code": _("Code"),
        "why": _("What for"),
        "charge": _("Amount"),
        "percent": _("Percent"),
        "ctax": _("Tax"),
        "crate": _("Rate"),
        "for": _("Belongs to"),
    }
    stem, _dot, row = name.partition(".")
    label = labels.get(stem, stem)
    line = next((one for one in lines if str(one.row) == row), None)
    return f"{line.name}: {label}" if line and stem in ("of", *line.fields) else label


# --- keeping ------------------------------------------------------------------------------------------------


@door(Permission.INVOICE_WRITE, methods=["POST"])
def invoice_save(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Keep what is typed, then do what the button says."""
    invoice = find_invoice(key, actor=request.actor)
    if not invoice.is_draft:
        message = _("This invoice is %(state)s and cannot be edited. What was sent stays as it is.")
        raise IllegalTransition(message % {"state": invoice.get_state_display().lower()})
    act = next((name for name in ACTS if name in request.POST), "")
    draft = written(invoice)
    without = f"line.{request.POST['drop_line']}" if act == "drop_line" else ""
    without = f"charge.{request.POST['drop_charge']}" if act == "drop_charge" else without
    data = _with_agreed_price(request, draft) if act == "use_price" else request.POST
    version = whole_number(request.POST.get("version")) or 0
    sent = read_draft_form(data, draft, version, get_language() or "en", without=without)
    try:
        with transaction.atomic():
            invoice = save_draft(sent.command, actor=request.actor, at=request.at)
    except StaleDocument as refusal:
        if _kept_at_leaving(request, key, sent):
            return HttpResponse(status=204)
        return _stale(request, key, sent, refusal)
    except Invalid as refusal:
        return _again(request, key, act, sent, [*sent.problems, *map(_located(sent), refusal.problems)])
    if sent.problems:
        return _again(request, key, act, sent, list(sent.problems))
    return _acted(request, find_invoice(key, actor=request.actor), act, sent)


def _located(sent: ReadDraft) -> Callable[[Problem], Problem]:
    """A problem of a line, named by its field on the page."""
    rows = rows_in(sent.typed, "of")

    def located(problem: Problem) -> Problem:
        place = whole_number(problem.line)
        if not place or place > len(rows) or problem.field == "charges":
            return problem
        names = {"category": "tax", "tax_rate": "rate"}
        name = f"{names.get(problem.field, problem.field)}.{rows[place - 1]}"
        return Problem(name, problem.message, problem.value, problem.code)

    return located


def _with_agreed_price(request: DoorRequest, draft: Written) -> MultiValueDict[str, str]:
    """The form with the agreed price in one of its rows."""
    data = request.POST.copy()
    row = whole_number(data.get("use_price")) or 0
    rows = rows_in(data, "of")
    place = rows.index(row) if row in rows else -1
    line = draft.lines[place].line if 0 <= place < len(draft.lines) else None
    if line is not None:
        price, per = agreed_prices([line.pk]).get(line.pk, (line.price, line.price_per))
        data[f"unit_price.{row}"] = shown("unit_price", plain(price), draft.invoice.currency)
        data[f"price_quantity.{row}"] = shown("price_quantity", plain(per))
    return data


def _again(
    request: DoorRequest, key: uuid.UUID, act: str, sent: ReadDraft, mistakes: list[Problem]
) -> HttpResponse:
    """The page with what was typed and what of it is to be mended; while one types, only the sentences."""
    invoice = find_invoice(key, actor=request.actor)
    template = TEMPLATE
    if request.htmx:
        template = EDITOR if act else AROUND
    return show_editor(
        request, invoice, typed=sent.typed, was=sent.was, mistakes=mistakes, template=template, status=422
    )


def _stale(request: DoorRequest, key: uuid.UUID, sent: ReadDraft, refusal: StaleDocument) -> HttpResponse:
    """The draft as a colleague left it, with what was typed here on top of it: see forms."""
    invoice = find_invoice(key, actor=request.actor)
    mine, both = merged(sent, texts_of(written(invoice)))
    return show_editor(
        request,
        invoice,
        typed=mine,
        refusal=refusal,
        both=both,
        template=EDITOR if request.htmx else TEMPLATE,
        status=refusal.status,
    )


def _kept_at_leaving(request: DoorRequest, key: uuid.UUID, sent: ReadDraft) -> bool:
    """Whether what a page said as it was left is kept, on top of what came meanwhile: see the Note [Leaving] of ship
    notices' editor.
    """
    leaving = request.POST.get("leaving", "")
    if not leaving:
        return False
    invoice = find_invoice(key, actor=request.actor)
    draft = written(invoice)
    now = texts_of(draft)
    mine, both = merged(sent, now)
    is_own = (
        leaving == "underway"
        and invoice.version == sent.command.version + 1
        and invoice.written_by == request.actor.label
        and all(name in now for name, _theirs in both)
    )
    if both and not is_own:
        return False
    data = MultiValueDict({name: [shown(name, text, invoice.currency)] for name, text in mine.items()})
    data["rows"], data["was"] = "1", json.dumps(now)
    again = read_draft_form(data, draft, invoice.version, get_language() or "en")
    try:
        with transaction.atomic():
            save_draft(again.command, actor=request.actor, at=request.at)
    except (StaleDocument, Invalid):
        return False
    return True


def _acted(request: DoorRequest, invoice: Invoice, act: str, sent: ReadDraft) -> HttpResponse:
    told = ACTS[act](invoice) if act else Told()
    if told.go_to:
        return _go_to(request, told.go_to)
    if request.htmx:
        if act in ("", "save", "work"):
            response = show_editor(request, invoice, typed=sent.typed, was=sent.typed, template=AROUND)
        else:
            response = show_editor(request, invoice, add=told.add, template=EDITOR)
        heard: dict[str, Any] = {"invoice-saved": True}
        if told.say:
            heard["announce"] = told.say
        response["HX-Trigger"] = json.dumps(heard)
        return response
    if told.say:
        messages.success(request, told.say)
    added = f"?add={told.add}" if told.add else ""
    return _go_to(request, reverse("invoice", args=[invoice.key]) + added + told.anchor)


def _go_to(request: DoorRequest, address: str) -> HttpResponse:
    if request.htmx:
        response = HttpResponse(status=200)
        response["HX-Redirect"] = address
        return response
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


# --- what the buttons do ------------------------------------------------------------------------------------


def _saved(_invoice: Invoice) -> Told:
    return Told(_("The draft is saved. Nothing is sent until you say so."))


def _worked_out(_invoice: Invoice) -> Told:
    return Told(_("Worked out with what you typed."), anchor="#sums")


def _check(invoice: Invoice) -> Told:
    return Told(go_to=reverse("invoice-send", args=[invoice.key]))


def _more(invoice: Invoice) -> Told:
    return Told(go_to=f"{reverse('invoice-new')}?invoice={invoice.key}")


def _dropped_line(_invoice: Invoice) -> Told:
    return Told(_("The line is taken out."), anchor="#lines")


def _dropped_charge(_invoice: Invoice) -> Told:
    return Told(_("It is taken out."), anchor="#charges")


def _used_price(_invoice: Invoice) -> Told:
    return Told(_("The agreed price stands in the line."), anchor="#lines")


ACTS: Mapping[str, Callable[[Invoice], Told]] = {
    "save": _saved,
    "work": _worked_out,
    "check": _check,
    "more": _more,
    "drop_line": _dropped_line,
    "drop_charge": _dropped_charge,
    "use_price": _used_price,
    "add_line": lambda _invoice: Told(add="line", anchor="#lines"),
    "add_charge": lambda _invoice: Told(add="charge", anchor="#charges"),
    "add_allowance": lambda _invoice: Told(add=ALLOWANCE, anchor="#charges"),
}
