"""The editor of a draft: what goes, how it is packed, who carries it. Kept while it is typed.

The page is one form. Each button sends all of it; what is typed is kept first, then the button does its work. With a
script the typing is kept by itself, and only what changed comes back: see docs/design.md on htmx.

Note [Leaving]: a page that is left says once more what was typed (`leaving`, see leaving.js), with the version that it
knows. That is an old one where its own keeping has arrived and the answer has not. Nobody is there to be asked, so what
was typed is kept on top, unless two have written in one field: then what is kept stays. A field that the page itself
wrote a moment before (`underway`; the version is one further, and of the same person) is no such.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import IllegalTransition, Invalid, Problem, Refusal, StaleDocument
from portal.kernel.idempotency.services import recall, remember
from portal.kernel.web import whole_number, with_camera
from procurement.findings.presenters import bad
from procurement.orders.policies import plain
from procurement.shipments.forms import (
    HEADER,
    ReadNotice,
    merged,
    place_of,
    places_of,
    read_notice_form,
    read_pack,
    read_scan,
    shown,
    texts_of,
)
from procurement.shipments.messages import AddPackages, NoticeNamed, PackedContent
from procurement.shipments.models import Package, ShipNotice
from procurement.shipments.policies import check_notice
from procurement.shipments.presenters import (
    MOST_ROWS,
    findings,
    hosts_of,
    line_rows,
    number_of,
    package_rows,
    totals,
)
from procurement.shipments.queries import (
    Written,
    checked,
    find_notice,
    lines_in,
    scanned_line,
    scanned_package,
    ship_froms_of,
    written,
)
from procurement.shipments.services import (
    add_packages,
    drop_line,
    move_packages,
    number_packages,
    pack_rest,
    remove_packages,
    save_notice,
    set_contents,
)
from procurement.shipments.states import FreightTerms, PackageKind, Remainder
from suppliers.roles import Permission

TEMPLATE = "procurement/shipments/editor.html"
AROUND, PACKING, EDITOR = (f"{TEMPLATE}#{name}" for name in ("around", "packing-and-around", "editor"))


@dataclass(slots=True)
class Told:
    """What a press of a button led to, besides the notice as it then stands."""

    say: str = ""
    anchor: str = ""
    go_to: str = ""
    into: int | None = None
    whole: bool = False  # whether the lines changed, so that all of the editor comes back
    problems: list[Problem] = field(default_factory=list)


# --- showing ------------------------------------------------------------------------------------------------


def show_editor(
    request: DoorRequest,
    notice: ShipNotice,
    *,
    typed: Mapping[str, str] | None = None,
    mistakes: list[Problem] | None = None,
    refusal: Refusal | None = None,
    both: list[tuple[str, str]] | None = None,
    told: Told | None = None,
    template: str = TEMPLATE,
    status: int = 200,
) -> HttpResponse:
    """A draft in its editor. `typed` is what comes back of a form that was not kept whole, with its `mistakes`."""
    draft = written(notice)
    kept = texts_of(draft)
    texts = {name: shown(name, text) for name, text in {**kept, **(typed or {})}.items()}
    wrong = {problem.field: problem.message for problem in mistakes or ()}
    found = findings(check_notice(checked(draft, at=request.at)))
    opened = frozenset(place for text in request.GET.getlist("open") if (place := place_of(text)))
    rows = package_rows(draft, found, opened=opened)
    told = told or Told(into=place_of(request.GET.get("into", "")))
    context: dict[str, Any] = {
        "notice": notice,
        "draft": draft,
        "texts": texts,
        "was": json.dumps(kept, separators=(",", ":")),
        "says": {
            name: [*([bad(wrong[name])] if name in wrong else []), *found.fields.get(name, ())]
            for name in (*HEADER, "lines", "packages")
        },
        "lines": line_rows(draft, found, texts, wrong, _pack_typed(request, told)),
        "found": found,
        "packages": rows[:MOST_ROWS],
        "more_packages": max(0, len(rows) - MOST_ROWS),
        "hosts": hosts_of(draft),
        "totals": totals(draft),
        "unnumbered": any(not number_of(package) for package in draft.packages),
        "places": ship_froms_of(notice),
        "kinds": PackageKind.choices,
        "remainders": Remainder.choices,
        "freight_terms": FreightTerms.choices,
        "onto": request.POST.get("onto", ""),
        "into": told.into,
        "is_scanning": "scan_now" in request.POST or told.into is not None,
        "say": told.say,
        "refusal": refusal,
        "problems": [{"id": _id_of(problem.field), "message": problem.message} for problem in mistakes or ()],
        "both": [(label_of(name, draft), shown(name, text)) for name, text in both or ()],
    }
    response = with_camera(render(request, template, context, status=status))
    if template != TEMPLATE:
        _narrow(response, template)
    return response


def _narrow(response: HttpResponse, template: str) -> None:
    """Tell htmx what to do with less than the page: see docs/design.md."""
    if template == AROUND:
        response["HX-Reswap"] = "none"
    elif template == EDITOR:
        response["HX-Retarget"], response["HX-Reswap"] = "#editor", "outerHTML"


def _pack_typed(request: DoorRequest, told: Told) -> dict[str, str]:
    """What stands in the rows to pack; a row that was packed is empty again."""
    done = "" if told.problems else request.POST.get("pack", "")
    names = ("count", "each", "lot", "kind")
    typed = {name: str(text) for name, text in request.POST.items() if name.partition(".")[0] in names}
    for name in ("count", "each", "lot"):
        typed.pop(f"{name}.{done}", None)
    return typed


def _id_of(name: str) -> str:
    """The field of the page that a problem speaks of; "" where it is none."""
    if name in (*HEADER, "scan") or "." in name:
        return name.replace(".", "-")
    return ""


def label_of(name: str, draft: Written) -> str:
    """What a field is called in a sentence."""
    labels = {
        "number": _("Delivery note number"),
        "ship_from": _("Ship from"),
        "carrier": _("Carrier"),
        "service": _("Service"),
        "bill_of_lading": _("Bill of lading"),
        "freight_terms": _("Freight terms"),
        "seal": _("Seal"),
        "note": _("Note to the dock"),
        "ship_on": _("Leaves on"),
        "delivery_on": _("Arrives on"),
        "tracking_numbers": _("Tracking numbers"),
        "pieces": _("Pieces"),
        "gross_kg": _("Gross weight"),
        "quantity": _("Shipping now"),
        "remainder": _("The rest"),
        "follows_on": _("Follows on"),
    }
    stem, _dot, pk = name.partition(".")
    line = next((one for one in draft.lines if str(one.pk) == pk), None)
    label = labels.get(stem, stem)
    return f"{line.line.order.number} · {line.line.number}: {label}" if line else label


# --- keeping ------------------------------------------------------------------------------------------------


@door(Permission.SHIPMENT_WRITE, methods=["POST"])
def shipment_save(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Keep what is typed, then do what the button says."""
    notice = find_notice(key, actor=request.actor)
    if not notice.is_draft:
        message = _("This ship notice is %(state)s and cannot be edited. Correct it with a new version.")
        raise IllegalTransition(message % {"state": notice.get_state_display().lower()})
    act = next((name for name in ACTS if name in request.POST), "")
    # A hand scanner types into its field and ends with Enter, which presses the first button of the form.
    if act == "save" and request.POST.get("scan", "").strip():
        act = "scan_now"
    sent = read_notice_form(
        request.POST,
        Written(notice, lines_in(notice), ()),
        whole_number(request.POST.get("version")) or 0,
        get_language() or "en",
    )
    try:
        with transaction.atomic():
            notice = save_notice(sent.command, actor=request.actor, at=request.at)
    except StaleDocument as refusal:
        if _kept_at_leaving(request, key, sent):
            return HttpResponse(status=204)
        return _stale(request, key, sent, refusal)
    except Invalid as refusal:
        mistakes = [*sent.problems, *(_located(problem, notice) for problem in refusal.problems)]
        return _again(request, key, act, sent, mistakes)
    if sent.problems:
        return _again(request, key, act, sent, list(sent.problems))
    return _acted(request, find_notice(key, actor=request.actor), act)


def _located(problem: Problem, notice: ShipNotice) -> Problem:
    """A problem of a line, named by its field."""
    if not problem.line:
        return problem
    line = next((one for one in notice.lines.all() if str(one.position) == problem.line), None)
    return replace(problem, field=f"{problem.field}.{line.pk}") if line else problem


def _again(
    request: DoorRequest, key: uuid.UUID, act: str, sent: ReadNotice, mistakes: list[Problem]
) -> HttpResponse:
    """The page with what was typed and what of it is to be mended; while one types, only the sentences."""
    notice = find_notice(key, actor=request.actor)
    template = TEMPLATE
    if request.htmx:
        template = EDITOR if act else AROUND
    return show_editor(request, notice, typed=sent.typed, mistakes=mistakes, template=template, status=422)


def _stale(request: DoorRequest, key: uuid.UUID, sent: ReadNotice, refusal: StaleDocument) -> HttpResponse:
    """The notice as a colleague left it, with what was typed here on top of it: see forms, Note [What I touched]."""
    notice = find_notice(key, actor=request.actor)
    mine, both = merged(sent, texts_of(Written(notice, lines_in(notice), ())))
    return show_editor(
        request,
        notice,
        typed=mine,
        refusal=refusal,
        both=both,
        template=EDITOR if request.htmx else TEMPLATE,
        status=refusal.status,
    )


def _kept_at_leaving(request: DoorRequest, key: uuid.UUID, sent: ReadNotice) -> bool:
    """Whether what a page said as it was left is kept, on top of what came meanwhile: see Note [Leaving]."""
    leaving = request.POST.get("leaving", "")
    if not leaving:
        return False
    notice = find_notice(key, actor=request.actor)
    draft = Written(notice, lines_in(notice), ())
    mine, both = merged(sent, texts_of(draft))
    is_own = (
        leaving == "underway"
        and notice.version == sent.command.version + 1
        and notice.written_by == request.actor.label
    )
    if both and not is_own:
        return False
    data = MultiValueDict({name: [shown(name, text)] for name, text in mine.items()})
    again = read_notice_form(data, draft, notice.version, get_language() or "en")
    try:
        with transaction.atomic():
            save_notice(again.command, actor=request.actor, at=request.at)
    except (StaleDocument, Invalid):
        return False
    return True


def _acted(request: DoorRequest, notice: ShipNotice, act: str) -> HttpResponse:
    told = Told(into=place_of(request.POST.get("into", "")))
    if act:
        try:
            with transaction.atomic():
                ACTS[act](request, notice, told)
        except Invalid as refusal:
            told.problems += list(refusal.problems) or [Problem("packages", refusal.message)]
        except Refusal as refusal:
            told.problems.append(Problem("packages", refusal.message))
    if told.go_to and not told.problems:
        return _go_to(request, told.go_to)
    notice = find_notice(notice.key, actor=request.actor)
    if told.problems:
        template = (EDITOR if told.whole else PACKING) if request.htmx else TEMPLATE
        response = show_editor(
            request, notice, mistakes=told.problems, told=told, template=template, status=422
        )
        return _scanned(response, act, told)
    if request.htmx:
        template = AROUND if act in ("", "save") else EDITOR if told.whole else PACKING
        response = show_editor(request, notice, told=told, template=template)
        if told.say:
            response["HX-Trigger"] = json.dumps({"announce": told.say})
        return _scanned(response, act, told)
    if told.say:
        messages.success(request, told.say)
    into = f"?into={told.into}" if told.into else ""
    response = HttpResponseRedirect(reverse("shipment", args=[notice.key]) + into + told.anchor)
    response.status_code = 303
    return response


def _scanned(response: HttpResponse, act: str, told: Told) -> HttpResponse:
    """Tell the page that a scan was looked at, and what came of it; else it keeps it and sends it again (scan.js)."""
    if act == "scan_now":
        response["X-Scanned"] = "no" if told.problems else "yes"
    return response


def _go_to(request: DoorRequest, address: str) -> HttpResponse:
    if request.htmx:
        response = HttpResponse(status=200)
        response["HX-Redirect"] = address
        return response
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def _named(notice: ShipNotice) -> NoticeNamed:
    return NoticeNamed(notice.key, notice.version)


# --- what the buttons do ------------------------------------------------------------------------------------


def _save(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    told.say = _("The draft is saved. Nothing is sent until you say so.")


def _check(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    told.go_to = reverse("shipment-send", args=[notice.key])


def _more(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    told.go_to = f"{reverse('shipment-new')}?notice={notice.key}"


def _drop(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    line = whole_number(request.POST.get("drop")) or 0
    drop_line(_named(notice), line, actor=request.actor, at=request.at)
    told.say, told.anchor, told.whole = _("The line is taken out."), "#goods", True


def _pack(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    position = request.POST.get("pack", "")
    told.anchor = "#packing"
    wish, problems = read_pack(request.POST, position, get_language() or "en")
    if problems:
        told.problems += problems
        return
    place = place_of(position) or 0
    common: dict[str, Any] = {"actor": request.actor, "at": request.at}
    try:
        if wish.count is None:
            made = pack_rest(
                _named(notice),
                position=place,
                per_package=wish.each,
                kind=wish.kind,
                parent=wish.onto,
                lot=wish.lot,
                **common,
            )
        else:
            contents = (PackedContent(place, wish.each, wish.lot),)
            wanted = AddPackages(wish.count, wish.kind, contents, wish.onto)
            made = add_packages(_named(notice), wanted, **common)
    except Invalid as refusal:
        fields = {"per_package": "each", "quantity": "each", "count": "count", "lot": "lot", "line": "each"}
        told.problems += [
            replace(problem, field=f"{fields[problem.field]}.{position}")
            if problem.field in fields
            else problem
            for problem in refusal.problems
        ]
        return
    told.say = _packed_text(made)


def _packed_text(made: list[Package]) -> str:
    text = ngettext("One package is packed.", "%(n)d packages are packed.", len(made))
    return text % {"n": len(made)}


def _pallet(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    (made,) = add_packages(
        _named(notice), AddPackages(1, PackageKind.PALLET), actor=request.actor, at=request.at
    )
    told.say = _("Pallet %(position)d is there. Tick packages, and put them onto it.") % {
        "position": made.position
    }
    told.anchor = "#packing"


def _ticked(request: DoorRequest, told: Told) -> list[int]:
    told.anchor = "#packing"
    places = places_of(request.POST.getlist("tick"))
    if not places:
        told.problems.append(Problem("packages", _("Tick the packages first.")))
    return places


def _remove(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    if places := _ticked(request, told):
        remove_packages(_named(notice), places, actor=request.actor, at=request.at)
        text = ngettext("One package is taken apart.", "%(n)d packages are taken apart.", len(places))
        told.say = text % {"n": len(places)}


def _move(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    if places := _ticked(request, told):
        onto = place_of(request.POST.get("host", ""))
        places = [place for place in places if place != onto]
        move_packages(_named(notice), places, onto, actor=request.actor, at=request.at)
        told.say = _("They stand there now.") if onto else _("They stand on their own now.")


def _number(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    made = number_packages(_named(notice), actor=request.actor, at=request.at)
    text = ngettext("One package has its number now.", "%(n)d packages have their numbers now.", len(made))
    told.say = text % {"n": len(made)} if made else _("All packages have their numbers already.")
    told.anchor = "#packing"


def _close_package(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    told.into, told.anchor = None, "#packing"
    told.say = _("The next item that is scanned begins another carton.")


def _scan(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    """A package that is scanned is the one that is packed into now; an item goes into it, one piece at a time.

    A scan that comes twice, because its first answer got lost, counts once.
    """
    told.anchor = "#packing"
    text = read_scan(request.POST.get("scan", ""))
    key = request.POST.get("scan_key", "")
    if not re.fullmatch(r"[\w.-]{1,60}", key):
        _pack_scanned(request, notice, told, text)
        return
    key, print_of = f"scan:{notice.key}:{key}", hashlib.sha256(text.encode()).hexdigest()
    if seen := recall(key, print_of, actor=request.actor):
        told.into, told.say = seen.answer["into"], seen.answer["say"]
        return
    _pack_scanned(request, notice, told, text)
    if not told.problems:
        answer = {"into": told.into, "say": told.say}
        remember(key, print_of, 200, answer, actor=request.actor, at=request.at)


def _pack_scanned(request: DoorRequest, notice: ShipNotice, told: Told, text: str) -> None:
    draft = written(notice)
    package = scanned_package(draft, text)
    if package is not None:
        told.into = package.position
        told.say = _("Packing into package %(position)d.") % {"position": package.position}
        return
    one = scanned_line(draft, text)
    if one is None:
        message = _("“%(text)s” is no item of this ship notice, and no number of its packages.")
        told.problems.append(Problem("scan", message % {"text": text[:40]}, text[:40], "unknown"))
        return
    into = next((each for each in draft.packages if each.position == told.into), None)
    common: dict[str, Any] = {"actor": request.actor, "at": request.at}
    if into is None:
        wanted = AddPackages(1, PackageKind.CARTON, (PackedContent(one.position, Decimal(1)),))
        (into,) = add_packages(_named(notice), wanted, **common)
        count = Decimal(1)
    else:
        contents = _contents_of(into, draft)
        count = _laid(contents, one.position, Decimal(1))
        set_contents(_named(notice), into.position, contents, **common)
    told.into = into.position
    told.say = _("Package %(position)d: %(count)s of %(item)s.") % {
        "position": into.position,
        "count": plain(count),
        "item": one.line.item_number,
    }


def _contents_of(package: Package, draft: Written) -> list[PackedContent]:
    """What lies in a package, as it would be said anew."""
    positions = {each.pk: each.position for each in draft.lines}
    return [
        PackedContent(
            positions[each.notice_line_id],
            each.quantity,
            each.lot,
            tuple(each.serials),
            each.expires_on,
            each.origin,
            each.dangerous_goods,
        )
        for each in package.packed_here
    ]


def _laid(contents: list[PackedContent], position: int, amount: Decimal) -> Decimal:
    """So much more of a line, where its last pieces lie; tells how many lie there then."""
    for place, content in enumerate(contents):
        if content.position == position and not content.serials:
            contents[place] = replace(content, quantity=content.quantity + amount)
            return contents[place].quantity
    contents.append(PackedContent(position, amount))
    return amount


def _fill(request: DoorRequest, notice: ShipNotice, told: Told) -> None:
    """All that is left of a line goes into a package, as it is dragged there."""
    told.anchor = "#packing"
    draft = written(notice)
    place, host = place_of(request.POST.get("fill", "")), place_of(request.POST.get("host", ""))
    one = next((each for each in draft.lines if each.position == place), None)
    into = next((each for each in draft.packages if each.position == host), None)
    if one is None or into is None:
        message = _("These packages are gone meanwhile. Look at what is packed, then go on.")
        told.problems.append(Problem("packages", message))
        return
    packed = sum(
        (
            each.quantity
            for package in draft.packages
            for each in package.packed_here
            if each.notice_line_id == one.pk
        ),
        start=Decimal(0),
    )
    if packed >= one.quantity:
        told.problems.append(Problem("packages", _("All that goes of this line is packed already.")))
        return
    contents = _contents_of(into, draft)
    count = _laid(contents, one.position, one.quantity - packed)
    set_contents(_named(notice), into.position, contents, actor=request.actor, at=request.at)
    told.say = _("Package %(position)d: %(count)s of %(item)s.") % {
        "position": into.position,
        "count": plain(count),
        "item": one.line.item_number,
    }


ACTS: dict[str, Callable[[DoorRequest, ShipNotice, Told], None]] = {
    "check": _check,
    "more": _more,
    "drop": _drop,
    "pack": _pack,
    "pallet": _pallet,
    "remove": _remove,
    "move": _move,
    "fill": _fill,
    "numbers": _number,
    "close_package": _close_package,
    "scan_now": _scan,
    "save": _save,
}
