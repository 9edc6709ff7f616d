"""Company data for programs: a supplier's own, ours for all; a person asks for changes and decides on them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Actor
from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read, read_query
from portal.kernel.rest.fields import Flag, Key, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.schema import IDEMPOTENCY_KEY, REPLAYED
from suppliers.details.messages import ChangeDetail, ClassifySuppliers, subject_of
from suppliers.details.models import ChangeRequest
from suppliers.details.policies.addresses import FIELDS as ADDRESS_FIELDS
from suppliers.details.policies.addresses import printed_address
from suppliers.details.policies.changes import part_of_number
from suppliers.details.queries import (
    SupplierSearch,
    company_sheet,
    find_company,
    find_detail_change,
    fingerprint,
    present,
    subject_of_number,
    suppliers_like,
    values_of,
    visible_changes,
)
from suppliers.details.services import (
    approve_detail_change,
    change_detail,
    classify_suppliers,
    refuse_detail_change,
    withdraw_detail_change,
)
from suppliers.details.states import AddressKind, ChangeState, ContactRole, IdentifierKind, Part
from suppliers.details.ways import require_factor_to_change
from suppliers.models import Supplier
from suppliers.people.ways import require_own_factor
from suppliers.roles import Permission
from suppliers.states import Segment, SupplierState, TradeChannel

TAGS = ["suppliers"]
WRITES = [IDEMPOTENCY_KEY, REPLAYED]
SEEN = "What was read as `seen` of this part: where it looks otherwise by now, nothing is changed (409)."

FACTOR = "Whoever has a second factor must have shown it a moment ago, signed in (403 `fresh_factor_needed` otherwise)."

# --- what is told --------------------------------------------------------------------------------------------


class SupplierHead(serializers.Serializer):
    """A supplier. Segment and erp_says are told to the buying side alone."""

    key = serializers.UUIDField()
    number = serializers.CharField(help_text="Its number in the ERP.")
    name = serializers.CharField(help_text="Its name in the ERP.")
    country = serializers.CharField()
    currency = serializers.CharField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    email = serializers.CharField()
    state = Word(choices=SupplierState.choices)
    channel = Word(choices=TradeChannel.choices)
    segment = serializers.SerializerMethodField()
    erp_says = serializers.SerializerMethodField(
        help_text="Of fields that were set here, what the ERP says: by field."
    )

    def get_segment(self, supplier: Supplier) -> str:
        """Empty for a supplier."""
        return supplier.segment if self.context["actor"].is_company else ""

    def get_erp_says(self, supplier: Supplier) -> dict[str, str]:
        """Empty for a supplier."""
        return supplier.erp_says if self.context["actor"].is_company else {}


class NumberTold(serializers.Serializer):
    """A number under which the world knows the company."""

    kind = Word(choices=IdentifierKind.choices)
    country = serializers.CharField(help_text="Empty where all the world has the same numbers.")
    value = serializers.CharField()
    checked = serializers.BooleanField(help_text="Whether a check digit stood up for it.")
    since_at = Moment()
    seen = serializers.CharField()


class AddressTold(serializers.Serializer):
    """An address, by field and as it is printed."""

    kind = Word(choices=AddressKind.choices)
    name = serializers.CharField()
    line1 = serializers.CharField()
    line2 = serializers.CharField()
    district = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    region = serializers.CharField()
    country = serializers.CharField()
    printed = serializers.ListField(child=serializers.CharField())
    since_at = Moment()
    seen = serializers.CharField()


class ContactTold(serializers.Serializer):
    """Somebody who can be reached; not an account."""

    key = serializers.UUIDField()
    name = serializers.CharField()
    roles = serializers.ListField(child=Word(choices=ContactRole.choices))
    email = serializers.CharField()
    telephone = serializers.CharField(help_text="E.164, an extension after `;ext=`.")
    language = serializers.CharField()
    since_at = Moment(help_text="Since when name, mail and telephone are these.")
    seen = serializers.CharField()


class ChangeTold(serializers.Serializer):
    """A change of one part: what stood and what shall stand."""

    key = serializers.UUIDField()
    supplier = serializers.CharField(source="supplier.number")
    part = Word(choices=Part.choices)
    subject = serializers.CharField(help_text="Which one, where a part has several.")
    state = Word(choices=ChangeState.choices)
    version = serializers.IntegerField()
    old = serializers.JSONField(help_text="By field; empty where nothing stood.")
    new = serializers.JSONField(help_text="By field; empty: what stood is to be no more.")
    reason = serializers.CharField(help_text="Empty for a supplier where the buying side asked.")
    requested_at = Moment()
    requested_by = serializers.CharField()
    decided_at = Moment(allow_null=True)
    decided_by = serializers.CharField(help_text="`rule` where it came into force at once.")
    decided_reason = serializers.CharField(help_text="As `reason`.")

    def to_representation(self, instance: ChangeRequest) -> dict[str, Any]:
        """As the reader named in the context may know it; without one, as a supplier may."""
        reason, decided_reason = instance.words_for(self.context.get("actor"))
        told: dict[str, Any] = super().to_representation(instance)
        return told | {"reason": reason, "decided_reason": decided_reason}


class CompanyTold(SupplierHead):
    """A supplier with all of its company data, and the changes that wait."""

    legal_name = serializers.CharField()
    legal_form = serializers.CharField()
    trading_name = serializers.CharField()
    website = serializers.CharField()
    seen = serializers.DictField(child=serializers.CharField(), help_text="Of each part that is there once.")
    categories = serializers.ListField(child=serializers.CharField())
    numbers = NumberTold(many=True)
    addresses = AddressTold(many=True)
    contacts = ContactTold(many=True)
    waiting = ChangeTold(many=True)


class ChangeDone(serializers.Serializer):
    """What became of it. `change` is null where it stood so already."""

    change = ChangeTold(allow_null=True)


SupplierPage = page_of(SupplierHead, "SupplierPage")
ChangePage = page_of(ChangeTold, "DetailChangePage")

# --- what is sent --------------------------------------------------------------------------------------------


class Asked(Shape):
    """What every change may say besides."""

    reason = Text(required=False, allow_blank=True, max_length=500, help_text="For who approves it.")
    seen = Text(required=False, max_length=64, help_text=SEEN)


class LegalSent(Asked):
    """The company before the law."""

    legal_name = Text(max_length=300)
    legal_form = Text(required=False, allow_blank=True, max_length=100)
    country = Text(max_length=2)


class NamesSent(Asked):
    """What the company calls itself in trade."""

    trading_name = Text(allow_blank=True, max_length=300)
    website = Text(allow_blank=True, max_length=300)


class PreferencesSent(Asked):
    """In which language, and when, the company is written to."""

    language = Text(max_length=10)
    time_zone = Text(max_length=60)
    email = Text(allow_blank=True, max_length=254)


class ChannelSent(Asked):
    """How orders reach the company."""

    channel = Word(choices=TradeChannel.choices)


class NumberSent(Asked):
    """A number; `ends` where it is to be no more."""

    kind = Word(choices=IdentifierKind.choices)
    country = Text(required=False, allow_blank=True, max_length=2)
    value = Text(required=False, allow_blank=True, max_length=100)
    ends = Flag(required=False, default=False)


class AddressSent(Asked):
    """An address; `ends` where it is to be no more. Which fields a country needs, a refusal names."""

    kind = Word(choices=AddressKind.choices)
    name = Text(required=False, allow_blank=True, max_length=300)
    line1 = Text(required=False, allow_blank=True, max_length=300)
    line2 = Text(required=False, allow_blank=True, max_length=300)
    district = Text(required=False, allow_blank=True, max_length=200)
    postal_code = Text(required=False, allow_blank=True, max_length=40)
    city = Text(required=False, allow_blank=True, max_length=200)
    region = Text(required=False, allow_blank=True, max_length=200)
    country = Text(required=False, allow_blank=True, max_length=2)
    ends = Flag(required=False, default=False)


class ContactSent(Asked):
    """A contact: a new one without `key`; `ends` where one is to be no more."""

    key = Key(required=False, help_text="Of the contact that is changed.")
    name = Text(required=False, allow_blank=True, max_length=300)
    roles = serializers.ListField(
        child=Word(choices=ContactRole.choices), required=False, max_length=len(ContactRole)
    )
    email = Text(required=False, allow_blank=True, max_length=254)
    telephone = Text(required=False, allow_blank=True, max_length=60)
    language = Text(required=False, max_length=10, default="en")
    ends = Flag(required=False, default=False)


class Decided(Shape):
    """Which version of the change was seen."""

    version = Whole()


class RefusedBecause(Decided):
    """Why the old stands."""

    reason = Text(max_length=500)


class Classified(Shape):
    """Which suppliers, and what is said of them; what is left out stays."""

    suppliers = serializers.ListField(child=Text(max_length=40), max_length=5_000, help_text="Their numbers.")
    segment = Word(choices=Segment.choices, required=False)
    channel = Word(choices=TradeChannel.choices, required=False)
    categories = serializers.ListField(child=Text(max_length=40), max_length=100, required=False)


class ClassifiedDone(serializers.Serializer):
    """How many were otherwise before."""

    changed = serializers.IntegerField()


class SupplierQuery(Query):
    """Which suppliers."""

    q = Text(required=False, max_length=100, help_text="A part of the number, the name or the legal name.")
    segment = Word(required=False, choices=Segment.choices, help_text="The buying side's; only it may ask.")
    channel = Word(required=False, choices=TradeChannel.choices, help_text="How orders reach the supplier.")
    state = Word(required=False, choices=SupplierState.choices, help_text="Active or blocked.")
    country = Text(required=False, max_length=2, help_text="Two letters, ISO 3166-1.")


class DetailChangeQuery(Query):
    """Which changes."""

    state = Word(required=False, choices=ChangeState.choices, help_text="Waiting, or what became of it.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")


# --- doors ---------------------------------------------------------------------------------------------------


def _company(supplier: Supplier, actor: Actor) -> dict[str, Any]:
    sheet = company_sheet(supplier, actor=actor)
    rows = {
        Part.LEGAL: sheet.names,
        Part.NAMES: sheet.names,
        Part.PREFERENCES: supplier,
        Part.CHANNEL: supplier,
    }
    seen = {str(part): fingerprint(values_of(part, row, supplier)) for part, row in rows.items()}
    numbers = []
    for one in sheet.identifiers:
        part, _subject = subject_of_number(one)
        numbers.append({**_values(one, part, supplier), "since_at": one.since_at})
    addresses = []
    for kind, address in sheet.addresses.items():
        values = _values(address, kind, supplier)
        printed = printed_address(values)
        addresses.append({**values, "kind": kind, "printed": printed, "since_at": address.since_at})
    contacts = [
        {**_values(one, Part.CONTACT, supplier), "key": one.key, "since_at": one.since_at}
        for one in sheet.contacts
    ]
    told = {
        "legal_name": sheet.names.legal_name,
        "legal_form": sheet.names.legal_form,
        "trading_name": sheet.names.trading_name,
        "website": sheet.names.website,
        "seen": seen,
        "categories": [one.code for one in sheet.categories],
        "numbers": NumberTold(numbers, many=True).data,
        "addresses": AddressTold(addresses, many=True).data,
        "contacts": ContactTold(contacts, many=True).data,
        "waiting": ChangeTold(
            [_of(one, supplier) for one in sheet.waiting], many=True, context={"actor": actor}
        ).data,
    }
    return {**SupplierHead(supplier, context={"actor": actor}).data, **told}


def _of(change: ChangeRequest, supplier: Supplier) -> ChangeRequest:
    change.supplier = supplier
    return change


def _values(row: Any, part: str, supplier: Supplier) -> dict[str, Any]:
    values = values_of(part, row, supplier)
    return {**values, "seen": fingerprint(values)}


class Companies(Doors):
    """Suppliers and their company data."""

    @extend_schema(
        operation_id="list_suppliers",
        summary="List suppliers",
        description="By name. A supplier reads itself.",
        tags=TAGS,
        parameters=[SupplierQuery],
        responses={200: SupplierPage},
    )
    @program_door(Permission.DETAIL_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(SupplierQuery, request)
        search = SupplierSearch(
            asked.get("q", ""),
            asked.get("segment", "") if request.actor.is_company else "",
            asked.get("channel", ""),
            asked.get("state", ""),
            asked.get("country", ""),
        )
        found = suppliers_like(search, actor=request.actor)
        return answer_page(
            request,
            found,
            asked,
            order=("name", "id"),
            told=lambda rows: SupplierHead(rows, many=True, context={"actor": request.actor}).data,
        )

    @extend_schema(
        operation_id="get_supplier",
        summary="Read one supplier’s company data",
        description="All parts, and the changes that wait to replace one.",
        tags=TAGS,
        responses={200: CompanyTold},
    )
    @program_door(Permission.DETAIL_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(_company(find_company(key, actor=request.actor), request.actor))

    @extend_schema(
        operation_id="change_legal_name",
        summary="Change the legal name, legal form or country",
        description=FACTOR,
        tags=TAGS,
        parameters=WRITES,
        request=LegalSent,
        responses={200: ChangeDone},
    )
    @program_door(Permission.DETAIL_EDIT)
    def legal(self, request: ProgramRequest, key: UUID) -> Response:
        find_company(key, actor=request.actor)
        return _change(request, key, Part.LEGAL, read(LegalSent, request.data))

    @extend_schema(
        operation_id="change_trading_name",
        summary="Change the trading name or the website",
        tags=TAGS,
        parameters=WRITES,
        request=NamesSent,
        responses={200: ChangeDone},
    )
    @program_door(Permission.DETAIL_EDIT)
    def names(self, request: ProgramRequest, key: UUID) -> Response:
        find_company(key, actor=request.actor)
        return _change(request, key, Part.NAMES, read(NamesSent, request.data))

    @extend_schema(
        operation_id="change_company_preferences",
        summary="Change the company’s language, time zone or mail address",
        description=f"For another mail address: {FACTOR}",
        tags=TAGS,
        parameters=WRITES,
        request=PreferencesSent,
        responses={200: ChangeDone},
    )
    @program_door(Permission.DETAIL_EDIT)
    def preferences(self, request: ProgramRequest, key: UUID) -> Response:
        find_company(key, actor=request.actor)
        return _change(request, key, Part.PREFERENCES, read(PreferencesSent, request.data))

    @extend_schema(
        operation_id="change_channel",
        summary="Ask for another way in which orders reach the company",
        tags=TAGS,
        parameters=WRITES,
        request=ChannelSent,
        responses={200: ChangeDone},
    )
    @program_door(Permission.DETAIL_EDIT)
    def channel(self, request: ProgramRequest, key: UUID) -> Response:
        find_company(key, actor=request.actor)
        return _change(request, key, Part.CHANNEL, read(ChannelSent, request.data))

    @extend_schema(
        operation_id="change_number",
        summary="Add, change or end a tax or other number",
        description="One of each kind, and of each country where countries have their own. It is checked (422). "
        f"For a tax number: {FACTOR}",
        tags=TAGS,
        parameters=WRITES,
        request=NumberSent,
        responses={200: ChangeDone},
        examples=[
            OpenApiExample(
                "A German VAT number",
                {"kind": "vat", "country": "DE", "value": "DE 136 695 976"},
                request_only=True,
            )
        ],
    )
    @program_door(Permission.DETAIL_EDIT)
    def number(self, request: ProgramRequest, key: UUID) -> Response:
        supplier = find_company(key, actor=request.actor)
        sent = read(NumberSent, request.data)
        part = part_of_number(sent["kind"])
        subject = subject_of(sent["kind"], sent.get("country", "").upper())
        known = subject if present(supplier, part, subject) else ""
        return _change(request, key, part, sent, subject=known)

    @extend_schema(
        operation_id="change_address",
        summary="Set, change or end an address",
        description=f"For the remit-to address: {FACTOR}",
        tags=TAGS,
        parameters=WRITES,
        request=AddressSent,
        responses={200: ChangeDone},
    )
    @program_door(Permission.DETAIL_EDIT)
    def address(self, request: ProgramRequest, key: UUID) -> Response:
        find_company(key, actor=request.actor)
        sent = read(AddressSent, request.data)
        return _change(request, key, sent["kind"], sent)

    @extend_schema(
        operation_id="change_contact",
        summary="Add, change or end a contact",
        description="Where name, mail or telephone change, the contact begins anew; `since_at` says when. "
        f"{FACTOR}",
        tags=TAGS,
        parameters=WRITES,
        request=ContactSent,
        responses={200: ChangeDone},
    )
    @program_door(Permission.DETAIL_EDIT)
    def contact(self, request: ProgramRequest, key: UUID) -> Response:
        find_company(key, actor=request.actor)
        sent = read(ContactSent, request.data)
        return _change(request, key, Part.CONTACT, sent, subject=str(sent.get("key", "")))

    @extend_schema(
        operation_id="classify_suppliers",
        summary="Put suppliers into a segment, onto a channel, into categories",
        description="For our supplier administrator. From then on the ERP's feed does not move their segment.",
        tags=TAGS,
        parameters=WRITES,
        request=Classified,
        responses={200: ClassifiedDone},
    )
    @program_door(Permission.SUPPLIER_MANAGE)
    def classify(self, request: ProgramRequest) -> Response:
        sent = read(Classified, request.data)
        numbers = set(sent["suppliers"])
        keys = (
            Supplier.objects.visible_to(request.actor)
            .filter(number__in=numbers)
            .values_list("key", flat=True)
        )
        found = list(keys)
        command = ClassifySuppliers(
            found if len(found) == len(numbers) else [],
            sent.get("segment"),
            sent.get("channel"),
            sent.get("categories"),
        )
        changed = classify_suppliers(command, actor=request.actor, at=request.at)
        return Response(ClassifiedDone({"changed": changed}).data)


def _change(
    request: ProgramRequest, key: UUID, part: str, sent: Mapping[str, Any], *, subject: str = ""
) -> Response:
    besides = ("reason", "seen", "ends", "key")
    values = {name: value for name, value in sent.items() if name not in besides}
    if part in AddressKind.values:
        values = {name: sent.get(name, "") for name in (*ADDRESS_FIELDS, "country")}
    command = ChangeDetail(
        key, part, values, subject, sent.get("reason", ""), sent.get("seen"), ends=sent.get("ends", False)
    )
    require_factor_to_change(request, find_company(key, actor=request.actor), part, values)
    change = change_detail(command, actor=request.actor, at=request.at)
    return Response(ChangeDone({"change": change}, context={"actor": request.actor}).data)


class DetailChanges(Doors):
    """Changes of company data."""

    @extend_schema(
        operation_id="list_detail_changes",
        summary="List changes of company data",
        description="In the order in which they were asked for. A supplier reads its own.",
        tags=TAGS,
        parameters=[DetailChangeQuery],
        responses={200: ChangePage},
    )
    @program_door(Permission.DETAIL_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(DetailChangeQuery, request)
        same = {"state": "state", "supplier": "supplier__number"}
        found = visible_changes(request.actor).filter(
            **{name: asked[word] for word, name in same.items() if word in asked}
        )
        return answer_page(
            request,
            found,
            asked,
            order=("requested_at", "id"),
            told=lambda rows: ChangeTold(rows, many=True, context={"actor": request.actor}).data,
        )

    @extend_schema(
        operation_id="get_detail_change",
        summary="Read one change of company data",
        tags=TAGS,
        responses={200: ChangeTold},
    )
    @program_door(Permission.DETAIL_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(
            ChangeTold(find_detail_change(key, actor=request.actor), context={"actor": request.actor}).data
        )

    @extend_schema(
        operation_id="approve_detail_change",
        summary="Approve a change of company data",
        description="By a signed-in person of the buying side who did not ask for it, and who has shown a second "
        "factor a moment ago, where there is one (403 `fresh_factor_needed`).",
        tags=TAGS,
        parameters=WRITES,
        request=Decided,
        responses={200: ChangeTold},
    )
    @program_door(Permission.DETAIL_APPROVE)
    def approve(self, request: ProgramRequest, key: UUID) -> Response:
        find_detail_change(key, actor=request.actor)
        require_own_factor(request)
        sent = read(Decided, request.data)
        done = approve_detail_change(key, sent["version"], actor=request.actor, at=request.at)
        return Response(ChangeTold(done, context={"actor": request.actor}).data)

    @extend_schema(
        operation_id="refuse_detail_change",
        summary="Refuse a change of company data",
        description="What stood stands. Whoever asked reads the reason.",
        tags=TAGS,
        parameters=WRITES,
        request=RefusedBecause,
        responses={200: ChangeTold},
    )
    @program_door(Permission.DETAIL_APPROVE)
    def refuse(self, request: ProgramRequest, key: UUID) -> Response:
        find_detail_change(key, actor=request.actor)
        sent = read(RefusedBecause, request.data)
        done = refuse_detail_change(key, sent["version"], sent["reason"], actor=request.actor, at=request.at)
        return Response(ChangeTold(done, context={"actor": request.actor}).data)

    @extend_schema(
        operation_id="withdraw_detail_change",
        summary="Withdraw a change of company data",
        description="By a signed-in person of the side that asked for it.",
        tags=TAGS,
        parameters=WRITES,
        request=Decided,
        responses={200: ChangeTold},
    )
    @program_door(Permission.DETAIL_EDIT)
    def withdraw(self, request: ProgramRequest, key: UUID) -> Response:
        find_detail_change(key, actor=request.actor)
        sent = read(Decided, request.data)
        done = withdraw_detail_change(key, sent["version"], actor=request.actor, at=request.at)
        return Response(ChangeTold(done, context={"actor": request.actor}).data)


_ONE = "suppliers/<uuid:key>"
_CHANGE = "supplier-changes/<uuid:key>"
_PARTS = ("legal", "names", "preferences", "channel")
_SEVERAL = {"numbers": "number", "addresses": "address", "contacts": "contact"}
urlpatterns = [
    path("suppliers", Companies.as_view({"get": "browse"}), name="api-supplier-list"),
    path("suppliers/classify", Companies.as_view({"post": "classify"}), name="api-supplier-classify"),
    path(_ONE, Companies.as_view({"get": "read"}), name="api-supplier"),
    *(path(f"{_ONE}/{one}", Companies.as_view({"post": one}), name=f"api-supplier-{one}") for one in _PARTS),
    *(
        path(f"{_ONE}/{many}", Companies.as_view({"post": one}), name=f"api-supplier-{one}")
        for many, one in _SEVERAL.items()
    ),
    path("supplier-changes", DetailChanges.as_view({"get": "browse"}), name="api-detail-change-list"),
    path(_CHANGE, DetailChanges.as_view({"get": "read"}), name="api-detail-change"),
    path(f"{_CHANGE}/approve", DetailChanges.as_view({"post": "approve"}), name="api-detail-change-approve"),
    path(f"{_CHANGE}/refuse", DetailChanges.as_view({"post": "refuse"}), name="api-detail-change-refuse"),
    path(
        f"{_CHANGE}/withdraw", DetailChanges.as_view({"post": "withdraw"}), name="api-detail-change-withdraw"
    ),
]
