"""Lists as files: what the address of a list shows, or the rows that were ticked in it."""

from typing import IO, cast

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils import timezone

from portal.kernel.access import door
from portal.kernel.replica import reading_apart
from procurement.orders.files.exports import CONTENT_TYPES, export_lines, export_orders
from procurement.orders.filters import (
    ListFilters,
    filter_lines,
    filter_orders,
    picked_lines,
    picked_orders,
    read_picks,
    sorting,
    understand,
    with_sort_values,
)
from procurement.orders.views.lists import reader_of
from suppliers.roles import Permission


@door(Permission.ORDER_EXPORT, methods=["GET", "POST"])
def export_line_list(request: HttpRequest, kind: str) -> HttpResponse:
    """The lines of a list as a file; posted, only the ticked ones."""
    reader = reader_of(request)
    wanted = understand(ListFilters(request.GET, actor=reader.actor))
    if request.method == "POST":
        lines = picked_lines(read_picks(request.POST.getlist("pick")), reader.actor)
    else:
        lines = filter_lines(wanted, reader)
    _name, fields = sorting("lines", wanted)
    with reading_apart(reader.actor):
        file = export_lines(lines.order_by(*fields), kind)
    return as_download(file, f"order-lines.{kind}", request)


@door(Permission.ORDER_EXPORT, methods=["GET", "POST"])
def export_order_list(request: HttpRequest, kind: str) -> HttpResponse:
    """The orders of a list as a file; posted, only the ticked ones."""
    reader = reader_of(request)
    wanted = understand(ListFilters(request.GET, actor=reader.actor))
    if request.method == "POST":
        orders = picked_orders(read_picks(request.POST.getlist("pick")), reader.actor)
    else:
        orders = filter_orders(wanted, reader)
    _name, fields = sorting("orders", wanted)
    rows = with_sort_values(orders).order_by(*fields)
    with reading_apart(reader.actor):
        file = export_orders(rows, kind)
    return as_download(file, f"orders.{kind}", request)


def as_download(file: IO[bytes], name: str, request: HttpRequest) -> HttpResponse:
    """A finished file, named with its day, streamed after the scope is closed."""
    stem, _dot, kind = name.rpartition(".")
    day = timezone.localdate(request.at)  # type: ignore[attr-defined]  # set by the door
    response = FileResponse(file, as_attachment=True, filename=f"{stem}-{day.isoformat()}.{kind}")
    response["Content-Type"] = CONTENT_TYPES[kind]
    response["Cache-Control"] = "no-store"
    return cast("HttpResponse", response)
