"""Documents for programs: what is asked of a supplier, what it gave, the next version; and a reviewer's word."""

import base64
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.errors import Invalid, NotFound, Problem
from portal.kernel.rest.doors import (
    Doors,
    ProgramRequest,
    answer_page,
    program_door,
    read,
    read_query,
    wanted_of,
)
from portal.kernel.rest.fields import Day, Moment, Query, Shape, Text, Whole, Word, page_of
from portal.kernel.rest.problems import problem_document
from portal.kernel.rest.schema import WRITES
from portal.kernel.scanning import Verdict, vet
from suppliers.documents.messages import AcceptDocument, SupplyDocument
from suppliers.documents.models import Document, DocumentVersion
from suppliers.documents.policies import LONGEST_HINT, LONGEST_REASON, LONGEST_REFERENCE
from suppliers.documents.presenters import kind_name
from suppliers.documents.queries import (
    HOLDINGS,
    Held,
    HoldingSearch,
    document_kinds,
    find_version,
    held_in,
    held_of,
    holdings,
    own_supplier,
    require_served,
    visible_suppliers,
    visible_versions,
)
from suppliers.documents.services import accept_document, refuse_document, supply_document
from suppliers.documents.states import SCANS, DocumentState, Place, Standing
from suppliers.documents.store import DATABASE, StoreUnavailable, fetch
from suppliers.models import Supplier
from suppliers.roles import Permission

TAGS = ["documents"]
LONGEST_CONTENT = 4_000_000


class DocumentVersionTold(serializers.Serializer):
    """One version of a document, without its bytes."""

    key = serializers.UUIDField()
    supplier = serializers.CharField(source="supplier.number")
    kind = serializers.CharField(source="document.kind.code")
    number = serializers.IntegerField(help_text="Which version of this document it is, from 1.")
    state = Word(choices=DocumentState.choices)
    version = serializers.IntegerField(help_text="Moves with every change: send it with a decision.")
    valid_from = Day(allow_null=True)
    valid_until = Day(allow_null=True, help_text="The last day on which it counts; null: no end.")
    reference = serializers.CharField()
    note = serializers.CharField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    scan = Word(choices=SCANS, help_text="What the virus scanner said; `off` where none is set up.")
    on_behalf = serializers.BooleanField(help_text="The buying side supplied it for the supplier.")
    supplied_at = Moment()
    supplied_by = serializers.CharField()
    decided_at = Moment(allow_null=True)
    reason = serializers.CharField(help_text="Why it was refused.")


class DocumentBytes(serializers.Serializer):
    """The bytes of one version."""

    key = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    content = serializers.CharField(help_text="In base64.")


class DocumentAsked(serializers.Serializer):
    """How a supplier stands with one kind of document."""

    kind = serializers.CharField(help_text="Its code.")
    kind_name = serializers.CharField()
    standing = Word(choices=Standing.choices)
    is_asked = serializers.BooleanField()
    compulsory = serializers.BooleanField()
    needs_end = serializers.BooleanField(help_text="Whether `valid_until` must be sent with it.")
    valid_until = Day(allow_null=True, help_text="How far what was accepted reaches without a gap.")
    due_on = Day(allow_null=True, help_text="By when the next one should be there.")
    late_on = Day(allow_null=True, help_text="From which day on a person of the buying side sees to it.")


class HoldingTold(DocumentAsked):
    """How one supplier stands with one kind of document."""

    supplier = serializers.CharField(help_text="Its number.")


HoldingPage = page_of(HoldingTold, "HoldingPage")


class HoldingQuery(Query):
    """Which of them."""

    holding = Word(
        required=False,
        choices=[(one, one) for one in HOLDINGS],
        help_text="`missing`, `ending`: nothing newer is in review; `late`: overdue; `held`: in force.",
    )
    kind = Text(required=False, max_length=40, help_text="The code of a kind.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")
    ends_by = Day(required=False, help_text="In force, and not beyond that day.")


class AskedList(serializers.Serializer):
    """What is asked of one supplier, and what it gave."""

    supplier = serializers.CharField()
    documents = DocumentAsked(many=True)


class NewDocument(Shape):
    """The next version of a document."""

    supplier = Text(
        required=False, max_length=40, help_text="Its number; only where the buying side supplies it."
    )
    kind = Text(max_length=40, help_text="The code of its kind.")
    name = Text(max_length=500, help_text="With its ending: pdf, png or jpg.")
    content = Text(max_length=LONGEST_CONTENT, help_text="Its bytes in base64.")
    valid_from = Day(required=False, allow_null=True)
    valid_until = Day(required=False, allow_null=True)
    reference = Text(required=False, allow_blank=True, max_length=LONGEST_REFERENCE)
    note = Text(required=False, allow_blank=True, max_length=LONGEST_HINT)


class DocumentAccepted(Shape):
    """It counts, for the days that stand on the paper."""

    version = Whole(help_text="The version that was looked at.")
    valid_from = Day(required=False, allow_null=True)
    valid_until = Day(required=False, allow_null=True)


class DocumentRefused(Shape):
    """It does not count."""

    version = Whole(help_text="The version that was looked at.")
    reason = Text(max_length=LONGEST_REASON, help_text="The supplier reads it.")


DocumentPage = page_of(DocumentVersionTold, "DocumentPage")


class DocumentQuery(Query):
    """Which versions."""

    state = Word(required=False, choices=DocumentState.choices)
    kind = Text(required=False, max_length=40, help_text="The code of a kind.")
    supplier = Text(required=False, max_length=40, help_text="A supplier's number.")


class AskedQuery(Shape):
    """Of whom."""

    supplier = Text(
        required=False, max_length=40, help_text="Its number; not needed by a supplier's own program."
    )


class DocumentRequest(ProgramRequest):
    """A request with the version that was sent, and what the scanner says of it."""

    sent: dict[str, Any]
    content: bytes
    verdict: Verdict


def read_document(request: DocumentRequest) -> None:
    """Read what was sent and let the scanner look at it, while no transaction is open."""
    request.sent = read(NewDocument, request.data)
    try:
        request.content = base64.b64decode(request.sent["content"], validate=True)
    except ValueError as error:  # binascii.Error is one
        text = _("The content is no base64. Encode the bytes of the file and send it again.")
        raise Invalid(text, [Problem("content", text, request.sent["content"][:40])]) from error
    request.verdict = vet(
        request.content,
        request.sent["name"],
        actor=request.actor,
        at=request.at,
        field="content",
        keeps=True,
    )


class FileAnswer(Response):
    """Bytes from an object store: fetched when the answer is written, once the door has closed its transaction."""

    def __init__(self, version: DocumentVersion) -> None:
        super().__init__()
        self.told = {"key": version.key, "name": version.name, "content_type": version.content_type}
        self.place, self.stored_as, self.sha256 = version.place, version.stored_as, version.sha256

    @property
    def rendered_content(self) -> Any:
        """The file, or a problem that says that it cannot be had at the moment."""
        try:
            content = fetch(self.place, self.stored_as, self.sha256)
        except StoreUnavailable:
            self.status_code = 503
            text = _("The file cannot be fetched at the moment. Try again in a few minutes.")
            self.data = problem_document(503, "store_unavailable", text)
        else:
            self.data = _bytes_told(self.told, content)
        return super().rendered_content


def _bytes_told(told: dict[str, Any], content: bytes) -> dict[str, Any]:
    return dict(DocumentBytes({**told, "content": base64.b64encode(content).decode()}).data)


def _supplier(number: str, actor: Any) -> Supplier:
    if actor.is_supplier and not number:
        return own_supplier(actor)
    if not number:
        text = _("Name the supplier by its number.")
        raise Invalid(text, [Problem("supplier", text, "", "required")])
    supplier = visible_suppliers(actor).filter(number=number).first()
    if supplier is None:
        raise NotFound(_("There is no such supplier."))
    return supplier


def _asked(held: Held, names: dict[int, tuple[str, str]]) -> dict[str, Any]:
    code, name = names[held.kind_id]
    return {
        "kind": code,
        "kind_name": kind_name(code, name),
        "standing": held.standing,
        "is_asked": held.need is not None,
        "compulsory": held.need is not None and held.need.compulsory,
        "needs_end": held.need is not None and held.need.expires,
        "valid_until": held.cover.until,
        "due_on": held.due_on,
        "late_on": held.late_on,
    }


def _held_told(rows: Sequence[Document], request: ProgramRequest) -> Any:
    names = {one.kind_id: (one.kind.code, one.kind.name) for one in rows}
    every = zip(rows, held_in(rows, request.at, actor=request.actor), strict=True)
    told = [{"supplier": row.supplier.number, **_asked(one, names)} for row, one in every]
    return HoldingTold(told, many=True).data


EXAMPLE = OpenApiExample(
    "A certificate",
    {
        "kind": "iso-9001",
        "name": "iso-9001.pdf",
        "content": "JVBERi0xLjcK",
        "valid_from": "2026-01-01",
        "valid_until": "2028-12-31",
        "reference": "DE-12345",
    },
    request_only=True,
)


class Documents(Doors):
    """Documents of suppliers."""

    @extend_schema(
        operation_id="list_documents",
        summary="List what suppliers gave",
        description="All versions, in the order in which they were supplied. A supplier reads its own.",
        tags=TAGS,
        parameters=[DocumentQuery],
        responses={200: DocumentPage},
    )
    @program_door(Permission.DOCUMENT_VIEW)
    def browse(self, request: ProgramRequest) -> Response:
        asked = read_query(DocumentQuery, request)
        same = {"state": "state", "kind": "document__kind__code", "supplier": "supplier__number"}
        wanted = wanted_of(asked, same)
        return answer_page(
            request,
            visible_versions(request.actor).filter(**wanted),
            asked,
            order=("supplied_at", "id"),
            told=lambda rows: DocumentVersionTold(rows, many=True).data,
        )

    @extend_schema(
        operation_id="supply_document",
        summary="Supply the next version of a document",
        description=(
            "A PDF, PNG or JPG. It waits for a reviewer of the buying side and takes the place of one that waited "
            "already; what was accepted before stays in force until then. While the virus scanner does not answer it "
            "is kept apart, as `supplied`, and goes on by itself."
        ),
        tags=TAGS,
        parameters=WRITES,
        request=NewDocument,
        responses={201: DocumentVersionTold},
        examples=[EXAMPLE],
    )
    @program_door(Permission.DOCUMENT_SUPPLY, before=read_document)
    def supply(self, request: DocumentRequest) -> Response:
        sent = request.sent
        command = SupplyDocument(
            supplier=_supplier(sent.get("supplier", ""), request.actor).key,
            kind=sent["kind"],
            name=sent["name"],
            content=request.content,
            scan=request.verdict.scan,
            valid_from=sent.get("valid_from"),
            valid_until=sent.get("valid_until"),
            reference=sent.get("reference", ""),
            note=sent.get("note", ""),
        )
        made = supply_document(command, actor=request.actor, at=request.at)
        return Response(DocumentVersionTold(find_version(made.key, actor=request.actor)).data, status=201)

    @extend_schema(
        operation_id="list_documents_asked",
        summary="What is asked of a supplier",
        description="Each kind that is required of it or was given by it: how it stands, until when, by when.",
        tags=TAGS,
        parameters=[AskedQuery],
        responses={200: AskedList},
    )
    @program_door(Permission.DOCUMENT_VIEW)
    def asked(self, request: ProgramRequest) -> Response:
        asked = read(AskedQuery, request.query_params.dict())
        supplier = _supplier(asked.get("supplier", ""), request.actor)
        names = {one.pk: (one.code, one.name) for one in document_kinds(with_retired=True)}
        found = held_of([supplier], request.at, actor=request.actor)[supplier.pk]
        told = {
            "supplier": supplier.number,
            "documents": [_asked(one, names) for one in found if one.need or one.versions or one.joint],
        }
        return Response(AskedList(told).data)

    @extend_schema(
        operation_id="list_documents_held",
        summary="Who has what, of all suppliers",
        description=(
            "What was asked of suppliers or given by them, each kind once: what is missing, ends, is overdue, counts. "
            "Of suppliers that do business with us. A supplier reads its own."
        ),
        tags=TAGS,
        parameters=[HoldingQuery],
        responses={200: HoldingPage},
    )
    @program_door(Permission.DOCUMENT_VIEW)
    def held(self, request: ProgramRequest) -> Response:
        asked = read_query(HoldingQuery, request)
        search = HoldingSearch(kind=asked.get("kind", ""), ends_by=asked.get("ends_by"))
        found = holdings(search, actor=request.actor).filter(
            **wanted_of(asked, {"supplier": "supplier__number"})
        )
        if "holding" in asked:
            found = found.filter(HOLDINGS[asked["holding"]])
        return answer_page(
            request,
            found,
            asked,
            order=("supplier__name", "id"),
            told=lambda rows: _held_told(rows, request),
        )

    @extend_schema(
        operation_id="get_document",
        summary="Read one version of a document",
        tags=TAGS,
        responses={200: DocumentVersionTold},
    )
    @program_door(Permission.DOCUMENT_VIEW)
    def show(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(DocumentVersionTold(find_version(key, actor=request.actor)).data)

    @extend_schema(
        operation_id="get_document_file",
        summary="Fetch the file of a document",
        description="Its bytes in base64. Refused (409) while the virus scanner has not passed it.",
        tags=TAGS,
        responses={200: DocumentBytes},
    )
    @program_door(Permission.DOCUMENT_VIEW)
    def fetch(self, request: ProgramRequest, key: UUID) -> Response:
        found = find_version(key, actor=request.actor)
        require_served(found)
        if found.place != Place.DATABASE:
            return FileAnswer(found)
        told = {"key": found.key, "name": found.name, "content_type": found.content_type}
        return Response(_bytes_told(told, DATABASE.get(found.stored_as)))

    @extend_schema(
        operation_id="accept_document",
        summary="Accept a document",
        description="For reviewers of the buying side, and never by who supplied it on behalf.",
        tags=TAGS,
        parameters=WRITES,
        request=DocumentAccepted,
        responses={200: DocumentVersionTold},
    )
    @program_door(Permission.DOCUMENT_REVIEW)
    def accept(self, request: ProgramRequest, key: UUID) -> Response:
        find_version(key, actor=request.actor)
        sent = read(DocumentAccepted, request.data)
        command = AcceptDocument(key, sent["version"], sent.get("valid_from"), sent.get("valid_until"))
        accept_document(command, actor=request.actor, at=request.at)
        return Response(DocumentVersionTold(find_version(key, actor=request.actor)).data)

    @extend_schema(
        operation_id="refuse_document",
        summary="Refuse a document",
        description="The supplier reads why, and supplies another one. What was accepted before stays in force.",
        tags=TAGS,
        parameters=WRITES,
        request=DocumentRefused,
        responses={200: DocumentVersionTold},
    )
    @program_door(Permission.DOCUMENT_REVIEW)
    def refuse(self, request: ProgramRequest, key: UUID) -> Response:
        find_version(key, actor=request.actor)
        sent = read(DocumentRefused, request.data)
        refuse_document(key, sent["version"], sent["reason"], actor=request.actor, at=request.at)
        return Response(DocumentVersionTold(find_version(key, actor=request.actor)).data)


urlpatterns = [
    path("documents", Documents.as_view({"get": "browse", "post": "supply"}), name="api-document-list"),
    path("documents/held", Documents.as_view({"get": "held"}), name="api-document-held"),
    path("documents/asked", Documents.as_view({"get": "asked"}), name="api-document-asked"),
    path("documents/<uuid:key>", Documents.as_view({"get": "show"}), name="api-document"),
    path("documents/<uuid:key>/file", Documents.as_view({"get": "fetch"}), name="api-document-file"),
    path("documents/<uuid:key>/accept", Documents.as_view({"post": "accept"}), name="api-document-accept"),
    path("documents/<uuid:key>/refuse", Documents.as_view({"post": "refuse"}), name="api-document-refuse"),
]
