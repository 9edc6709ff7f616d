"""Threads for programs: what was said about an order, by either side, with its files; and another word to say."""

import base64
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.kernel.actors import Channel, Side
from portal.kernel.errors import Invalid, Problem
from portal.kernel.rest.doors import Doors, ProgramRequest, answer_page, program_door, read, read_query
from portal.kernel.rest.fields import Flag, Moment, Query, Shape, Text, Word, page_of
from portal.kernel.rest.schema import WRITES
from portal.kernel.scanning import vet
from procurement.orders.queries import find_order
from procurement.threads.messages import NewFile, NewMessage
from procurement.threads.models import Attachment, Message
from procurement.threads.policies import LONGEST_BODY, LONGEST_NAME, MOST_FILES
from procurement.threads.queries import find_file, visible_attachments, visible_messages
from procurement.threads.services import send_message
from suppliers.roles import Permission

TAGS = ["threads"]
SIDES = [(one.value, one.value) for one in Side]
CHANNELS = [(one.value, one.value) for one in Channel]


class SentFile(Shape):
    """A file to go with a message."""

    name = Text(max_length=LONGEST_NAME, help_text="With its ending, which says what it is.")
    content = Text(max_length=4_000_000, help_text="Its bytes in base64.")


class SentMessage(Shape):
    """A message, a file, or both."""

    body = Text(required=False, allow_blank=True, max_length=LONGEST_BODY)
    internal = Flag(
        default=False, help_text="A note of the buying side that no channel ever shows to a supplier."
    )
    files = serializers.ListField(child=SentFile(), required=False, max_length=MOST_FILES)


class FileOfThread(serializers.Serializer):
    """A file on an order, without its bytes."""

    key = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    internal = serializers.BooleanField()
    added_at = Moment()
    added_by = serializers.CharField()


class FileWithBytes(FileOfThread):
    """A file on an order."""

    content = serializers.SerializerMethodField(help_text="Its bytes in base64.")

    def get_content(self, attachment: Attachment) -> str:
        """As text, since JSON carries no bytes."""
        return base64.b64encode(bytes(attachment.content)).decode()


class MessageOfThread(serializers.Serializer):
    """Something said about an order."""

    id = serializers.IntegerField()
    body = serializers.CharField()
    internal = serializers.BooleanField()
    sent_at = Moment()
    author = serializers.CharField()
    side = Word(source="author_side", choices=SIDES)
    channel = Word(choices=CHANNELS)
    files = serializers.SerializerMethodField()

    @extend_schema_field(FileOfThread(many=True))
    def get_files(self, message: Message) -> Any:
        """Those that came with it, read in one query for a page."""
        return FileOfThread(message.files_told, many=True).data  # type: ignore[attr-defined]  # read with it


MessagePage = page_of(MessageOfThread, "MessagePage")


class MessageQuery(Query):
    """Which messages."""

    sent_since = Moment(required=False, help_text="Sent at or after this moment.")


def _with_files(messages: QuerySet[Message], request: ProgramRequest) -> QuerySet[Message]:
    files = visible_attachments(request.actor).order_by("added_at", "id")
    return messages.prefetch_related(Prefetch("attachments", queryset=files, to_attr="files_told"))


def _file(sent: dict[str, str], number: int) -> NewFile:
    try:
        return NewFile(sent["name"], base64.b64decode(sent["content"], validate=True))
    except ValueError as error:  # binascii.Error is one
        message = _("The content of %(name)s is no base64. Encode its bytes and send it again.")
        text = message % {"name": sent["name"]}
        raise Invalid(text, [Problem(f"files.{number}.content", text, sent["content"][:40])]) from error


class MessageRequest(ProgramRequest):
    """A request with the message that was sent, and its files."""

    sent: dict[str, Any]
    files: tuple[NewFile, ...]


def read_message(request: MessageRequest) -> None:
    """Read a message and let the scanner look at its files, while no transaction is open."""
    request.sent = read(SentMessage, request.data)
    sent = request.sent.get("files", ())
    request.files = tuple(_file(one, number) for number, one in enumerate(sent))
    for file in request.files:
        vet(file.content, file.name, actor=request.actor, at=request.at)


class Messages(Doors):
    """The thread of one order."""

    @extend_schema(
        operation_id="list_messages",
        summary="Read the thread of an order",
        description="Oldest first. Internal notes are told to programs of the buying side alone.",
        tags=TAGS,
        parameters=[MessageQuery],
        responses={200: MessagePage},
    )
    @program_door(Permission.ORDER_VIEW)
    def browse(self, request: ProgramRequest, key: UUID) -> Response:
        order = find_order(key, actor=request.actor)
        asked = read_query(MessageQuery, request)
        messages = visible_messages(request.actor).filter(order=order)
        if "sent_since" in asked:
            messages = messages.filter(sent_at__gte=asked["sent_since"])
        return answer_page(
            request,
            _with_files(messages, request),
            asked,
            order=("sent_at", "id"),
            told=lambda rows: MessageOfThread(rows, many=True).data,
        )

    @extend_schema(
        operation_id="send_message",
        summary="Say something about an order",
        description="With at most five files, each of a kind that is taken and what its name says.",
        tags=TAGS,
        parameters=WRITES,
        request=SentMessage,
        responses={201: MessageOfThread},
    )
    @program_door(Permission.THREAD_WRITE, Permission.THREAD_NOTE, before=read_message)
    def send(self, request: MessageRequest, key: UUID) -> Response:
        sent = request.sent
        if not sent["internal"] and not request.actor.may(Permission.THREAD_WRITE):
            text = _("Your role writes internal notes: send `internal` as true.")
            raise Invalid(text, [Problem("internal", text, "false", "internal_only")])
        command = NewMessage(key, sent.get("body", ""), sent["internal"], request.files)
        said = send_message(command, actor=request.actor, at=request.at)
        told = _with_files(visible_messages(request.actor).filter(pk=said.pk), request).get()
        return Response(MessageOfThread(told).data, status=201)


class Files(Doors):
    """Files on orders."""

    @extend_schema(
        operation_id="read_file",
        summary="Read a file on an order",
        tags=TAGS,
        responses={200: FileWithBytes},
    )
    @program_door(Permission.ORDER_VIEW)
    def read(self, request: ProgramRequest, key: UUID) -> Response:
        return Response(FileWithBytes(find_file(key, actor=request.actor)).data)


urlpatterns = [
    path(
        "orders/<uuid:key>/messages", Messages.as_view({"get": "browse", "post": "send"}), name="api-thread"
    ),
    path("files/<uuid:key>", Files.as_view({"get": "read"}), name="api-file"),
]
