"""From the bytes of a message to its events: each read by itself, so that a bad one sinks no good one."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ParseError

from portal.kernel.errors import Problem
from portal.kernel.rest.manners import JsonReader
from portal.kernel.values import decimals_of
from procurement.gateways.messages import ReadEvent, ReadMessage, storable
from procurement.gateways.policies import MOST_EVENTS, key_of, names_of
from procurement.gateways.states import READS, EventKind, GatewayKind
from procurement.gateways.ways.shapes import LONGEST_ID, NAMES, CountShape, MilestoneShape

# How a message calls its list of events, and what each of them is like.
LISTS: Mapping[str, tuple[str, type[serializers.Serializer]]] = {
    EventKind.MILESTONE: ("events", MilestoneShape),
    EventKind.COUNT: ("counts", CountShape),
}


def read_json(raw: bytes, kind: str, *, one_supplier: bool) -> ReadMessage:
    """A message as a gateway of this kind sends it: `{"id": …, "events": […]}`, or `counts` of a warehouse.

    `one_supplier` says that the gateway speaks of one supplier alone, whose number need not be told.
    """
    reads = READS[GatewayKind(kind)]
    name = LISTS[reads][0]
    try:
        message = JsonReader().parse(io.BytesIO(raw))
    except (ParseError, ValueError) as error:
        return _refused("", _("This is not JSON: %(why)s") % {"why": error}, code="malformed")
    if not isinstance(message, dict):
        return _refused("", _("Send an object: names and values in braces."), code="invalid")
    problems = [
        Problem(field[:80], _("There is no field of this name here."), "", "unknown_field")
        for field in sorted(set(message) - {"id", name})[:50]
    ]
    own = message.get("id")
    if not isinstance(own, str) or not own.strip() or len(own) > LONGEST_ID or not own.isprintable():
        text = _(
            "Send your own name of the message, a text of 1 to %(most)d characters; told twice it counts once."
        )
        problems.append(Problem("id", text % {"most": LONGEST_ID}, _shown(own), "required"))
    rows = message.get(name)
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_EVENTS:
        text = _("Send a list of 1 to %(most)d here.") % {"most": MOST_EVENTS}
        count = str(len(rows)) if isinstance(rows, list) else _shown(rows)
        problems.append(Problem(name, text, count, "invalid"))
    if problems:
        return ReadMessage(problems=tuple(problems))
    assert isinstance(own, str) and isinstance(rows, list)  # noqa: PT018 -- what was just looked at
    events = [read_event(row, reads, f"{name}.{n}", one_supplier=one_supplier) for n, row in enumerate(rows)]
    return ReadMessage(own.strip(), tuple(events))


def _refused(field: str, message: str, *, code: str) -> ReadMessage:
    return ReadMessage(problems=(Problem(field, message, "", code),))


def read_event(row: Any, kind: str, way: str, *, one_supplier: bool) -> ReadEvent:
    """One event, with every field at fault named by its way from the message's top."""
    reader = LISTS[kind][1](data=row, context={"one_supplier": one_supplier})
    if not reader.is_valid():
        found = tuple(problems_in(reader.errors, row, way))
        return ReadEvent(kind, _kept(row), problems=found)
    said: dict[str, Any] = _plain(dict(reader.validated_data))
    own = said.pop("id", "")
    if kind == EventKind.COUNT:
        return ReadEvent(kind, said, key_of(said, own))
    consignment = said["consignment"]
    names = names_of(**{name: consignment.get(name, "") for name in NAMES})
    return ReadEvent(kind, said, key_of(said, own), names)


def problems_in(errors: Any, sent: Any, way: str) -> Iterator[Problem]:
    """The errors of a shape, one problem for each, with the value that was sent."""
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            if name == "non_field_errors":
                yield from problems_in(inner, sent, way)
            else:
                value = sent.get(name) if isinstance(sent, Mapping) else None
                if isinstance(sent, list) and isinstance(name, int):  # a row of a list
                    value = sent[name] if name < len(sent) else None
                yield from problems_in(inner, value, f"{way}.{name}")
    elif isinstance(errors, Sequence) and not isinstance(errors, str):
        for position, inner in enumerate(errors):
            if isinstance(inner, Mapping):
                rows = sent if isinstance(sent, list) and position < len(sent) else None
                yield from problems_in(inner, rows[position] if rows else None, f"{way}.{position}")
            else:
                yield Problem(way, str(inner), _shown(sent), getattr(inner, "code", "invalid"))
    else:
        yield Problem(way, str(errors), _shown(sent), getattr(errors, "code", "invalid"))


def _shown(value: Any) -> str:
    if value is None or isinstance(value, (Mapping, list)):
        return ""
    return storable(str(value))[:100]


def _kept(row: Any) -> dict[str, Any]:
    """What is kept of an event that cannot be read: enough to recognise it by. All of it is in the message."""
    text = json.dumps(row, ensure_ascii=True).replace("\\u0000", "")
    return {"sent": text[:2000]}


def _plain(value: Any) -> Any:
    """What a shape has read, as JSON: moments in UTC, exact decimals as text; what is empty is left away."""
    if isinstance(value, Mapping):
        return {
            name: _plain(inner) for name, inner in value.items() if inner not in (None, "") or name == "kind"
        }
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.{decimals_of(value)}f}"
    return str(value)
