"""Suppliers and their company data: read, and asked to be changed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.response import Response

from portal.kernel.actors import Actor
from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read, read_query
from portal.kernel.rest.schema import WRITES
from suppliers.details.api.sent import (
    TAGS,
    AddressSent,
    ChannelSent,
    Classified,
    ClassifiedDone,
    ContactSent,
    LegalSent,
    NamesSent,
    NumberSent,
    PreferencesSent,
    SupplierQuery,
)
from suppliers.details.api.told import (
    AddressTold,
    ChangeDone,
    ChangeTold,
    CompanyTold,
    ContactTold,
    NumberTold,
    SupplierHead,
    SupplierPage,
)
from suppliers.details.messages import ChangeDetail, ClassifySuppliers, subject_of
from suppliers.details.models import ChangeRequest
from suppliers.details.policies.addresses import FIELDS as ADDRESS_FIELDS
from suppliers.details.policies.addresses import printed_address
from suppliers.details.policies.changes import part_of_number
from suppliers.details.queries import (
    SupplierSearch,
    company_sheet,
    find_company,
    fingerprint,
    present,
    subject_of_number,
    suppliers_like,
    values_of,
)
from suppliers.details.services import change_detail, classify_suppliers
from suppliers.details.states import AddressKind, Part
from suppliers.details.ways import require_factor_to_change
from suppliers.models import Supplier
from suppliers.roles import Permission

FACTOR = "Whoever has a second factor must have shown it a moment ago, signed in (403 `fresh_factor_needed` otherwise)."


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
