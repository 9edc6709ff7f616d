"""One package of a draft, or several alike: what lies in it, and what it weighs and measures."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound, Problem, Refusal
from portal.kernel.web import see_other, whole_number
from procurement.orders.policies import plain
from procurement.shipments.forms import CONTENT, MEASURES, MOST_CONTENTS, SPARE_ROWS, read_package_form, shown
from procurement.shipments.messages import NoticeNamed
from procurement.shipments.models import Package
from procurement.shipments.presenters import number_of
from procurement.shipments.queries import Written, find_notice, written
from procurement.shipments.services import set_alike
from procurement.shipments.states import PackageKind
from suppliers.roles import Permission

PACKAGE = "procurement/shipments/package.html"
MOST_ALIKE = 5000


@door(Permission.SHIPMENT_WRITE, methods=["GET", "POST"])
def shipment_package(request: DoorRequest, key: uuid.UUID, position: int) -> HttpResponse:
    """Look into a package and say anew what lies there: lots, serial numbers, expiry, origin; weight and size."""
    notice = find_notice(key, actor=request.actor)
    if not notice.is_draft:
        return see_other("shipment", key)
    draft = written(notice)
    last = max(position, min(whole_number(request.GET.get("to")) or position, position + MOST_ALIKE))
    group = [package for package in draft.packages if position <= package.position <= last]
    if not group or group[0].position != position:
        raise NotFound(_("This package is gone meanwhile. Look at what is packed, then go on."))
    if request.method == "GET":
        return _show(request, draft, group, _texts(group[0], draft))
    sent = read_package_form(request.POST, get_language() or "en")
    problems = list(sent.problems)
    refusal: Refusal | None = None
    if not problems:
        try:
            with transaction.atomic():
                set_alike(
                    NoticeNamed(key, whole_number(request.POST.get("version")) or 0),
                    [package.position for package in group],
                    sent.contents,
                    measures=sent.measures,
                    tracking_number=sent.tracking_number,
                    actor=request.actor,
                    at=request.at,
                )
        except Invalid as found:
            problems = [_in_row(problem, sent.typed) for problem in found.problems]
        except Refusal as found:
            refusal = found
        else:
            messages.success(request, _("Kept."))
            response = see_other("shipment", key)
            response["Location"] += f"#package-{position}"
            return response
    return _show(
        request, written(find_notice(key, actor=request.actor)), group, sent.typed, problems, refusal
    )


def _in_row(problem: Problem, typed: Any) -> Problem:
    """A problem of the contents, named by the field of its row."""
    if not problem.line or problem.field not in CONTENT:
        return problem
    row = next((n for n in range(MOST_CONTENTS + 1) if typed.get(f"line.{n}") == problem.line), 0)
    return Problem(f"{problem.field}.{row}", problem.message, problem.value, problem.code, problem.line)


def _texts(package: Package, draft: Written) -> dict[str, str]:
    """A package as its fields hold it."""
    positions = {one.pk: one.position for one in draft.lines}
    typed = {
        name: "" if getattr(package, name) is None else plain(getattr(package, name)) for name in MEASURES
    }
    typed["tracking_number"] = package.tracking_number
    for row, one in enumerate(package.packed_here):
        typed |= {
            f"line.{row}": str(positions[one.notice_line_id]),
            f"quantity.{row}": plain(one.quantity),
            f"lot.{row}": one.lot,
            f"serials.{row}": "\n".join(one.serials),
            f"expires_on.{row}": one.expires_on.isoformat() if one.expires_on else "",
            f"origin.{row}": one.origin,
            f"dangerous_goods.{row}": one.dangerous_goods,
        }
    return typed


def _show(
    request: DoorRequest,
    draft: Written,
    group: list[Package],
    typed: Any,
    problems: list[Problem] | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    first, last = group[0], group[-1]
    bad = {problem.field for problem in problems or ()}
    filled = [row for row in range(MOST_CONTENTS) if f"quantity.{row}" in typed]
    count = len(filled) + (SPARE_ROWS if not filled or typed.get(f"quantity.{filled[-1]}") else 0)
    rows = [
        {
            "number": row,
            **{
                name: {
                    "id": f"{name}-{row}",
                    "name": f"{name}.{row}",
                    "text": shown(
                        "follows_on" if name == "expires_on" else name, typed.get(f"{name}.{row}", "")
                    ),
                    "bad": f"{name}.{row}" in bad,
                }
                for name in CONTENT
            },
        }
        for row in range(count)
    ]
    context = {
        "notice": draft.notice,
        "first": first,
        "last": last,
        "count": len(group),
        "kind": PackageKind(first.kind).label,
        "number": number_of(first) if len(group) == 1 else "",
        "rows": rows,
        "lines": draft.lines,
        "typed": {name: shown("gross_kg", typed.get(name, "")) for name in MEASURES}
        | {"tracking_number": typed.get("tracking_number", "")},
        "bad": bad,
        "problems": [{"id": _id(one.field), "message": one.message} for one in problems or ()],
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if problems else 200
    return render(request, PACKAGE, context, status=status)


def _id(name: str) -> str:
    return {"size": "length_cm"}.get(name, name.replace(".", "-"))
