"""The audit trail for programs: a collector of events reads it with a token of its own scope, people in their session.

Texts are in the language that is asked for; `kind`, `stream` and `facts` are the same in each. Facts are masked as on
the page. With the export of `/audit/` one proves that nothing was changed; this list is for reading along.
"""

from collections.abc import Sequence
from typing import Any

from django.urls import URLPattern
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.audit.models import AuditEvent
from portal.kernel.rest.doors import Doors, ProgramRequest, address, answer_page, program_door, read_query
from portal.kernel.rest.fields import Moment, Query, Text, WholeInQuery, Word, page_of
from procurement.trail.policies import hide
from procurement.trail.presenters.rows import EventRow, event_rows, kinds_of
from procurement.trail.queries import ORDER, Wish, events_like, streams_named, supplier_numbered
from procurement.trail.states import Matter
from suppliers.roles import Permission

TAGS = ["trail"]
# Who acted in another's place stands in `actor`; who was to be mailed is nobody's to read along.
NOT_TOLD = frozenset({"impersonated_by", "tell"})


class EventPaper(serializers.Serializer):
    """What an event is about."""

    stream = serializers.CharField(help_text="One story for all that happens to one paper.")
    word = serializers.CharField(help_text="What such a paper is called.")
    called = serializers.CharField(help_text="Its number or name; empty where it has none or is gone.")


class EventActor(serializers.Serializer):
    """Who did it, as it was known at that moment."""

    name = serializers.CharField(help_text="A person, a program, or a part of the portal.")
    person = serializers.IntegerField(allow_null=True)
    side = Word(choices=[(one.value, one.value) for one in Side])
    channel = Word(choices=[(one.value, one.value) for one in Channel], help_text="By which door it came.")
    in_place_by = serializers.IntegerField(
        allow_null=True, help_text="The person of the buying side who acted in this one's place."
    )
    for_supplier = serializers.BooleanField(help_text="The buying side did it in the supplier's name.")


class EventChange(serializers.Serializer):
    """One thing that an event says, in words; `old` is null where it is no change."""

    what = serializers.CharField(help_text="Of which field; empty for the state of the paper.")
    old = serializers.CharField(allow_null=True)
    new = serializers.CharField()


class TrailEvent(serializers.Serializer):
    """One event of the audit trail."""

    id = serializers.IntegerField()
    at = Moment()
    kind = serializers.CharField()
    text = serializers.CharField(help_text="A sentence, in the language that was asked for.")
    paper = EventPaper()
    supplier = serializers.CharField(allow_null=True, help_text="Its number.")
    actor = EventActor()
    says = EventChange(many=True)
    facts = serializers.DictField(
        help_text="What was kept, masked: its names differ by kind and are only added to."
    )
    correlation_id = serializers.CharField(help_text="The same for all that one request or task did.")


class TrailQuery(Query):
    """Which events."""

    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    person = WholeInQuery(
        required=False,
        min_value=1,
        help_text="What this person did, also in another's place, and what was done to the account.",
    )
    paper = Text(required=False, max_length=120, help_text="The `stream` of a paper.")
    number = Text(
        required=False, max_length=60, help_text="The number of an order, an invoice or a ship notice."
    )
    matter = Word(required=False, choices=Matter.choices, help_text="What it is about.")
    kind = Text(required=False, max_length=60, help_text="The `kind` of event.")
    channel = Word(
        required=False,
        choices=[(one.value, one.value) for one in Channel],
        help_text="By which door it came.",
    )
    since = Moment(required=False, help_text="From this moment on.")
    until = Moment(required=False, help_text="Before this moment.")


TrailPage = page_of(TrailEvent, "TrailPage")


def _told(row: EventRow) -> dict[str, Any]:
    event = row.event
    paper, supplier = row.paper, row.supplier
    return {
        "id": event.pk,
        "at": event.at,
        "kind": event.kind,
        "text": row.sentence,
        "paper": {"stream": paper.stream, "word": paper.word, "called": paper.called},
        "supplier": supplier.number if supplier else None,
        "actor": {
            "name": event.actor_label,
            "person": event.actor_user_id,
            "side": event.actor_side,
            "channel": event.channel,
            "in_place_by": row.stands_in_id,
            "for_supplier": row.for_supplier,
        },
        "says": [{"what": one.label, "old": one.old, "new": one.new} for one in (*row.changes, *row.details)],
        "facts": {name: hide(name, value) for name, value in event.facts.items() if name not in NOT_TOLD},
        "correlation_id": event.correlation_id,
    }


def _wish(asked: dict[str, Any], actor: Actor) -> Wish:
    kinds = set(kinds_of(asked["matter"])) if "matter" in asked else None
    if "kind" in asked:
        kinds = {asked["kind"]} if kinds is None else kinds & {asked["kind"]}
    streams = None
    if "number" in asked:
        streams = streams_named(asked["number"], actor=actor)
    if "paper" in asked:
        streams = (
            [one for one in streams if one == asked["paper"]] if streams is not None else [asked["paper"]]
        )
    return Wish(
        suppliers=supplier_numbered(asked["supplier"], actor=actor) if "supplier" in asked else None,
        people=(asked["person"],) if "person" in asked else None,
        kinds=None if kinds is None else tuple(sorted(kinds)),
        channel=asked.get("channel", ""),
        streams=None if streams is None else tuple(streams),
        since=asked.get("since"),
        until=asked.get("until"),
    )


class Trail(Doors):
    """The audit trail."""

    @extend_schema(
        operation_id="list_trail",
        summary="Read the audit trail",
        description=(
            "Newest first. An event may appear some seconds after others with a higher `id`: its transaction ended "
            "later. Whoever collects them asks with an overlap, and knows them by `id`. A supplier's administrator "
            "reads what the supplier's own people and programs did. Facts are masked."
        ),
        tags=TAGS,
        parameters=[TrailQuery],
        responses={200: TrailPage},
    )
    @program_door(Permission.TRAIL_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(TrailQuery, request)

        def told(events: Sequence[AuditEvent]) -> Any:
            rows = event_rows(events, actor=request.actor)
            return TrailEvent([_told(row) for row in rows], many=True).data

        return answer_page(
            request,
            events_like(_wish(asked, request.actor), actor=request.actor),
            asked,
            order=ORDER,
            told=told,
        )


urlpatterns: list[URLPattern] = [address("trail", Trail, "api-trail", get="browse")]
