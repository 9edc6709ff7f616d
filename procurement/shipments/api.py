"""Ship notices for programs: a whole one in one call, its way, its corrections; and the list of what is coming."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Channel
from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    program_door,
    read,
    read_query,
    version_answered,
    wanted_of,
)
from portal.kernel.rest.fields import Day, Exact, Flag, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import IF_MATCH, WRITES
from procurement.findings.policies import Finding
from procurement.orders.api import CompanyRef, OrderRef, SupplierRef
from procurement.shipments.messages import (
    HEADER_FIELDS,
    NoticeHeader,
    NoticeNamed,
    TellMilestone,
    WholeContent,
    WholeLine,
    WholeNotice,
    WholePackage,
)
from procurement.shipments.models import Milestone, ShipNotice
from procurement.shipments.policies import MOST_LINES, MOST_PACKAGES
from procurement.shipments.queries import (
    find_notice,
    milestones_of,
    visible_notices,
    with_lines,
    with_order_numbered,
    with_packages,
)
from procurement.shipments.services import (
    Sent,
    cancel_notice,
    correct_whole,
    discard_notice,
    send_notice,
    send_whole,
    tell_milestone,
    write_whole,
)
from procurement.shipments.states import FreightTerms, MilestoneKind, NoticeState, PackageKind, Remainder
from suppliers.roles import Permission

# --- what is sent -------------------------------------------------------------------------------------------


class ShippedLine(Shape):
    """How much of one order line goes."""

    order = Text(max_length=60, help_text="The order's number.")
    line = Text(max_length=60, help_text="The line's key.")
    quantity = Exact(help_text="In the line's unit.")
    remainder = Word(
        required=False,
        choices=Remainder.choices,
        help_text="What becomes of the rest; *follows* if left out.",
    )
    follows_on = Day(required=False, help_text="When the rest arrives, where that is known.")


class ShippedContent(Shape):
    """So much of an order line in a package."""

    order = Text(max_length=60, help_text="The order's number.")
    line = Text(max_length=60, help_text="The line's key.")
    quantity = Exact()
    lot = Text(required=False, allow_blank=True, max_length=20)
    serials = serializers.ListField(child=Text(max_length=20), required=False, max_length=1000)
    expires_on = Day(required=False)
    origin = Text(required=False, allow_blank=True, max_length=2, help_text="ISO 3166-1, two letters.")
    dangerous_goods = Text(required=False, allow_blank=True, max_length=200)


class ShippedPackage(Shape):
    """A pallet, a carton or a piece. Outer ones are told before those in them."""

    ref = Text(max_length=40, help_text="Its name within this ship notice.")
    kind = Word(choices=PackageKind.choices)
    parent = Text(  # type: ignore[assignment]  # the framework takes fields off the class
        required=False, allow_blank=True, max_length=40, help_text="The ref of what it stands on or lies in."
    )
    sscc = Text(
        required=False,
        allow_blank=True,
        max_length=30,
        help_text="Your own SSCC of 18 digits. Left out: it is given one, or a carton number.",
    )
    contents = serializers.ListField(child=ShippedContent(), required=False, max_length=MOST_LINES)
    gross_kg = Exact(required=False)
    length_cm = Exact(required=False)
    width_cm = Exact(required=False)
    height_cm = Exact(required=False)
    tracking_number = Text(required=False, allow_blank=True, max_length=60)


class NoticeContent(Shape):
    """All that a ship notice says."""

    number = Text(max_length=60, help_text="Your delivery note's number.")
    ship_on = Day(help_text="The day on which the goods leave.")
    delivery_on = Day(help_text="The day on which they arrive.")
    ship_from = Text(required=False, allow_blank=True, max_length=40, help_text="The code of your place.")
    carrier = Text(required=False, allow_blank=True, max_length=100)
    service = Text(required=False, allow_blank=True, max_length=100)
    tracking_numbers = serializers.ListField(child=Text(max_length=60), required=False, max_length=50)
    bill_of_lading = Text(required=False, allow_blank=True, max_length=60)
    freight_terms = Word(required=False, choices=FreightTerms.choices)
    seal = Text(required=False, allow_blank=True, max_length=60)
    pieces = Whole(required=False, min_value=1, max_value=99_999)
    gross_kg = Exact(required=False)
    note = Text(required=False, allow_blank=True, max_length=4000)
    lines = serializers.ListField(child=ShippedLine(), min_length=1, max_length=MOST_LINES)
    packages = serializers.ListField(child=ShippedPackage(), required=False, max_length=MOST_PACKAGES)


class NewNotice(NoticeContent):
    """A ship notice, to be sent at once or kept as a draft."""

    company = Text(max_length=20, help_text="The code of the company that ordered.")
    send = Flag(default=True, help_text="false: it is kept as a draft.")


class CorrectedNotice(NoticeContent):
    """What a ship notice that was sent is to say instead: all of it."""

    version = Whole(
        required=False,
        min_value=1,
        help_text="The version that you have seen. Owed unless you send If-Match.",
    )


class SeenNotice(Shape):
    """The version of a ship notice that you have seen."""

    version = Whole(min_value=1)


class TakenBack(SeenNotice):
    """Why a ship notice is taken back."""

    reason = Text(max_length=2000)


class ToldMilestone(Shape):
    """A word about the way."""

    kind = Word(choices=MilestoneKind.choices)
    happened_at = Moment()
    place = Text(required=False, allow_blank=True, max_length=100)
    estimated_on = Day(required=False, help_text="The day of arrival as it is expected now.")
    note = Text(required=False, allow_blank=True, max_length=500)
    source = Text(  # type: ignore[assignment]  # the framework takes fields off the class
        required=False,
        allow_blank=True,
        max_length=120,
        help_text="Your own name for this word: the same one told twice is kept once.",
    )


# --- what is told -------------------------------------------------------------------------------------------


class NoticeLine(serializers.Serializer):
    """How much of one order line is in a ship notice."""

    position = serializers.IntegerField()
    order = OrderRef(source="line.order")
    line = serializers.CharField(source="line.key", help_text="The line's key.")
    line_number = serializers.IntegerField(source="line.number")
    item_number = serializers.CharField(source="line.item_number")
    quantity = Exact()
    unit = serializers.CharField(source="line.unit")
    remainder = Word(choices=Remainder.choices)
    follows_on = Day(allow_null=True)
    received_quantity = Exact(help_text="What the receiving side has counted of it.")


class PackageContent(serializers.Serializer):
    """What lies in a package; `line` by its position in the ship notice."""

    line = serializers.IntegerField(source="notice_line.position")
    quantity = Exact()
    lot = serializers.CharField()
    serials = serializers.ListField(child=serializers.CharField())
    expires_on = Day(allow_null=True)
    origin = serializers.CharField()
    dangerous_goods = serializers.CharField()


class NoticePackage(serializers.Serializer):
    """A package."""

    position = serializers.IntegerField()
    parent = serializers.IntegerField(  # type: ignore[assignment]  # the framework takes fields off the class
        source="parent.position", default=None, allow_null=True, help_text="What it stands on or lies in."
    )
    kind = Word(choices=PackageKind.choices)
    sscc = serializers.CharField()
    carton_number = serializers.CharField()
    gross_kg = Exact(allow_null=True)
    length_cm = Exact(allow_null=True)
    width_cm = Exact(allow_null=True)
    height_cm = Exact(allow_null=True)
    tracking_number = serializers.CharField()
    contents = PackageContent(many=True, source="told_contents")


class NoticeMilestone(serializers.Serializer):
    """What was told of the way."""

    kind = Word(choices=MilestoneKind.choices)
    happened_at = Moment()
    place = serializers.CharField()
    estimated_on = Day(allow_null=True)
    note = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # the framework takes fields off the class
    told_at = Moment()
    told_by = serializers.CharField()
    channel = Word(choices=[(one.value, one.value) for one in Channel])


class NoticeFinding(serializers.Serializer):
    """What there was to say about a notice when it was sent; a *stop* refuses it instead."""

    grade = Word(choices=[("warn", "warn"), ("hint", "hint")])
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField()
    line = serializers.IntegerField(allow_null=True, help_text="A line's position.")
    package = serializers.IntegerField(allow_null=True, help_text="A package's position.")


class NoticeInBrief(serializers.Serializer):
    """A ship notice and its lines."""

    key = serializers.UUIDField()
    consignment = serializers.UUIDField(help_text="The same for all versions of it.")
    issue = serializers.IntegerField(help_text="Which version of the consignment this is.")
    number = serializers.CharField()
    state = Word(choices=NoticeState.choices)
    version = serializers.IntegerField()
    company = CompanyRef()
    supplier = SupplierRef()
    ship_to = serializers.CharField(source="ship_to.code", default="", help_text="The code of the place.")
    ship_from = serializers.CharField(source="ship_from.code", default="")
    ship_on = Day(allow_null=True)
    delivery_on = Day(allow_null=True, help_text="As the notice says.")
    expected_on = Day(allow_null=True, help_text="As planning should see it: a later estimate counts.")
    carrier = serializers.CharField()
    service = serializers.CharField()
    tracking_numbers = serializers.ListField(child=serializers.CharField())
    bill_of_lading = serializers.CharField()
    freight_terms = Word(choices=[*FreightTerms.choices, ("", "Not told")])
    seal = serializers.CharField()
    pieces = serializers.IntegerField(allow_null=True)
    gross_kg = Exact(allow_null=True)
    note = serializers.CharField()
    on_behalf = serializers.BooleanField(help_text="A buyer wrote it for the supplier.")
    sent_at = Moment(allow_null=True)
    sent_by = serializers.CharField()
    departed_at = Moment(allow_null=True)
    arrived_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    end_reason = serializers.CharField()
    updated_at = Moment()
    lines = NoticeLine(many=True, source="told_lines")


class WholeNoticeTold(NoticeInBrief):
    """A ship notice with its packages and its way."""

    packages = NoticePackage(many=True, source="told_packages")
    milestones = serializers.SerializerMethodField()
    findings = serializers.SerializerMethodField(help_text="When it was sent just now; else none.")

    @extend_schema_field(NoticeMilestone(many=True))
    def get_milestones(self, notice: ShipNotice) -> Any:
        """Of all versions of the consignment."""
        return NoticeMilestone(milestones_of(notice), many=True).data

    @extend_schema_field(NoticeFinding(many=True))
    def get_findings(self, _notice: ShipNotice) -> Any:
        """What `check_notice` said."""
        return [_finding(one) for one in self.context.get("findings", ())]


NoticePage = page_of(NoticeInBrief, "ShipNoticePage")


class NoticeQuery(Query):
    """Which ship notices."""

    order = Text(required=False, max_length=60, help_text="With lines of the order of this number.")
    number = Text(required=False, max_length=60, help_text="With exactly this number.")
    state = Word(required=False, choices=NoticeState.choices)
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    site = Text(required=False, max_length=40, help_text="The code of the place it goes to.")
    updated_since = Moment(required=False, help_text="Begun or moved at or after this moment.")


# --- between both -------------------------------------------------------------------------------------------


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "grade": one.grade.name.lower(),
        "code": one.code,
        "message": one.message,
        "field": one.field,
        "line": one.line,
        "package": one.package,
    }


def _whole(sent: Mapping[str, Any], company: str) -> WholeNotice:
    header = {name: sent[name] for name in HEADER_FIELDS if name in sent}
    header["tracking_numbers"] = tuple(sent.get("tracking_numbers", ()))
    return WholeNotice(
        company=company,
        header=NoticeHeader(**header),
        lines=tuple(
            WholeLine(
                one["order"],
                one["line"],
                one["quantity"],
                one.get("remainder", Remainder.FOLLOWS),
                one.get("follows_on"),
            )
            for one in sent["lines"]
        ),
        packages=tuple(_package(one) for one in sent.get("packages", ())),
    )


def _package(sent: Mapping[str, Any]) -> WholePackage:
    same = ("gross_kg", "length_cm", "width_cm", "height_cm", "tracking_number", "parent", "sscc")
    return WholePackage(
        sent["ref"],
        sent["kind"],
        contents=tuple(
            WholeContent(
                one["order"],
                one["line"],
                one["quantity"],
                one.get("lot", ""),
                tuple(one.get("serials", ())),
                one.get("expires_on"),
                one.get("origin", ""),
                one.get("dangerous_goods", ""),
            )
            for one in sent.get("contents", ())
        ),
        **{name: sent[name] for name in same if name in sent},
    )


def _told(key: UUID, request: ProgramRequest, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    notice = with_packages(with_lines(visible_notices(request.actor))).get(key=key)
    return dict(WholeNoticeTold(notice, context={"findings": findings}).data)


def _sent(sent: Sent, request: ProgramRequest, status: int = 200) -> Response:
    return Response(_told(sent.notice.key, request, sent.findings), status=status)


# --- doors --------------------------------------------------------------------------------------------------

TAGS = ["ship notices"]
PALLET = OpenApiExample(
    "Forty pieces in two cartons on a pallet",
    {
        "company": "NM",
        "number": "LS-2026-0042",
        "ship_on": "2026-03-10",
        "delivery_on": "2026-03-31",
        "carrier": "Blue Line",
        "tracking_numbers": ["BL123456"],
        "lines": [{"order": "4500000001", "line": "L10", "quantity": "40"}],
        "packages": [
            {"ref": "P1", "kind": "pallet", "gross_kg": "38.5"},
            *(
                {
                    "ref": ref,
                    "kind": "carton",
                    "parent": "P1",
                    "contents": [{"order": "4500000001", "line": "L10", "quantity": "20", "lot": "B7"}],
                }
                for ref in ("C1", "C2")
            ),
        ],
    },
    request_only=True,
)


class ShipNotices(Doors):
    """Ship notices."""

    @extend_schema(
        operation_id="list_ship_notices",
        summary="List ship notices",
        description=(
            "In the order in which they were begun or moved. To follow, ask with `updated_since` and a few minutes of "
            "overlap. Drafts are told to their own side alone."
        ),
        tags=TAGS,
        parameters=[NoticeQuery],
        responses={200: NoticePage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(NoticeQuery, request)
        same = {
            "number": "number",
            "state": "state",
            "supplier": "supplier__number",
            "site": "ship_to__code",
            "updated_since": "updated_at__gte",
        }
        notices = visible_notices(request.actor).filter(**wanted_of(asked, same))
        if "order" in asked:
            notices = with_order_numbered(notices, asked["order"])
        return answer_page(
            request,
            with_lines(notices),
            asked,
            order=("updated_at", "id"),
            told=lambda rows: NoticeInBrief(rows, many=True).data,
        )

    @extend_schema(
        operation_id="get_ship_notice",
        summary="Read one ship notice",
        description="With its packages and its way.",
        tags=TAGS,
        responses={200: WholeNoticeTold},
    )
    @program_door(Permission.ORDER_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        find_notice(key, actor=request.actor)
        return Response(_told(key, request))

    @extend_schema(
        operation_id="create_ship_notice",
        summary="Send a ship notice",
        description=(
            "All of it in one call: it is sent, or kept as a draft with `send: false`. All its lines go to one place. "
            "What must be mended first is refused with every reason at once (422); warnings and hints come "
            "with the answer."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=NewNotice,
        responses={201: WholeNoticeTold},
        examples=[PALLET],
    )
    @program_door(Permission.SHIPMENT_WRITE)
    def create(self, request: ProgramRequest) -> Response:
        sent = read(NewNotice, request.data)
        whole = _whole(sent, sent["company"])
        if sent["send"]:
            return _sent(send_whole(whole, actor=request.actor, at=request.at), request, 201)
        notice = write_whole(whole, actor=request.actor, at=request.at)
        return Response(_told(notice.key, request), status=201)

    @extend_schema(
        operation_id="send_ship_notice",
        summary="Send a draft",
        description="It counts against the orders from now on.",
        tags=TAGS,
        parameters=WRITES,
        request=SeenNotice,
        responses={200: WholeNoticeTold},
    )
    @program_door(Permission.SHIPMENT_WRITE)
    def send(self, request: ProgramRequest, key: UUID) -> Response:
        named = self._named(request, key, SeenNotice)[0]
        return _sent(send_notice(named, actor=request.actor, at=request.at), request)

    @extend_schema(
        operation_id="correct_ship_notice",
        summary="Correct a ship notice that was sent",
        description=(
            "Its next version takes its place, and says all that is said here. Not possible any more once something of "
            "it was received. Send the SSCCs of packages that stay."
        ),
        tags=TAGS,
        parameters=[*WRITES, IF_MATCH],
        request=CorrectedNotice,
        responses={201: WholeNoticeTold},
    )
    @program_door(Permission.SHIPMENT_WRITE)
    def correct(self, request: ProgramRequest, key: UUID) -> Response:
        notice = find_notice(key, actor=request.actor)
        sent = read(CorrectedNotice, request.data)
        version = version_answered(request, notice.version, sent.get("version"))
        whole = _whole(sent, notice.company.code)
        came = correct_whole(NoticeNamed(key, version), whole, actor=request.actor, at=request.at)
        return _sent(came, request, 201)

    @extend_schema(
        operation_id="cancel_ship_notice",
        summary="Take a ship notice back",
        description="Its quantities are open again. Not possible any more once something of it was received.",
        tags=TAGS,
        parameters=WRITES,
        request=TakenBack,
        responses={200: WholeNoticeTold},
    )
    @program_door(Permission.SHIPMENT_WRITE)
    def cancel(self, request: ProgramRequest, key: UUID) -> Response:
        named, sent = self._named(request, key, TakenBack)
        cancel_notice(named, sent["reason"], actor=request.actor, at=request.at)
        return Response(_told(key, request))

    @extend_schema(
        operation_id="discard_ship_notice",
        summary="Throw a draft away",
        description="The numbers of its packages are never given again.",
        tags=TAGS,
        parameters=WRITES,
        request=SeenNotice,
        responses={200: WholeNoticeTold},
    )
    @program_door(Permission.SHIPMENT_WRITE)
    def discard(self, request: ProgramRequest, key: UUID) -> Response:
        named = self._named(request, key, SeenNotice)[0]
        discard_notice(named, actor=request.actor, at=request.at)
        return Response(_told(key, request))

    @extend_schema(
        operation_id="tell_milestone",
        summary="Tell what happened on the way",
        description=(
            "Words may come in any order; the latest one on the day of arrival moves what is expected. What was "
            "promised stays what it was."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=ToldMilestone,
        responses={200: NoticeMilestone},
    )
    @program_door(Permission.SHIPMENT_WRITE)
    def milestone(self, request: ProgramRequest, key: UUID) -> Response:
        find_notice(key, actor=request.actor)
        sent = read(ToldMilestone, request.data)
        told: Milestone = tell_milestone(TellMilestone(key, **sent), actor=request.actor, at=request.at)
        return Response(NoticeMilestone(told).data)

    def _named(
        self, request: ProgramRequest, key: UUID, shape: type[SeenNotice]
    ) -> tuple[NoticeNamed, dict[str, Any]]:
        find_notice(key, actor=request.actor)
        sent = read(shape, request.data)
        return NoticeNamed(key, sent["version"]), sent


urlpatterns = [
    path(
        "ship-notices", ShipNotices.as_view({"get": "browse", "post": "create"}), name="api-ship-notice-list"
    ),
    path("ship-notices/<uuid:key>", ShipNotices.as_view({"get": "read"}), name="api-ship-notice"),
    *(
        path(
            f"ship-notices/<uuid:key>/{word}",
            ShipNotices.as_view({"post": verb}),
            name=f"api-ship-notice-{verb}",
        )
        for word, verb in (
            ("send", "send"),
            ("correct", "correct"),
            ("cancel", "cancel"),
            ("discard", "discard"),
            ("milestones", "milestone"),
        )
    ),
]
