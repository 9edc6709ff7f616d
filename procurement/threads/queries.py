"""Reading a thread: what was said about an order and its files, as far as the reader may know."""

import uuid
from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.orders.models import PurchaseOrder
from procurement.threads.models import Attachment, Message
from suppliers.roles import Permission

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with its files."""

    message: Message
    files: tuple[Attachment, ...]
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """What was said about one order, oldest first, and what the reader may add.

    `more` counts older messages that are left out; `files` are those that came without a message.
    """

    order: PurchaseOrder
    entries: tuple[Entry, ...] = ()
    files: tuple[Attachment, ...] = ()
    more: int = 0
    may_write: bool = False
    may_note: bool = False
    body: str = ""
    problems: tuple[str, ...] = field(default=())

    @property
    def may_add(self) -> bool:
        return self.may_write or self.may_note


def visible_messages(actor: Actor) -> QuerySet[Message]:
    """What this actor may read of all threads; an internal note reaches no supplier."""
    messages = Message.objects.visible_to(actor)
    # Row level security says so too.
    return messages.filter(internal=False) if actor.is_supplier else messages


def visible_attachments(actor: Actor) -> QuerySet[Attachment]:
    """The files this actor may know of, without their bytes."""
    attachments = Attachment.objects.visible_to(actor).defer("content")
    return attachments.filter(internal=False) if actor.is_supplier else attachments


def thread_of(
    order: PurchaseOrder, actor: Actor, *, body: str = "", problems: tuple[str, ...] = (), whole: bool = False
) -> Thread:
    """The thread of one order for its panel: two queries however long it is. `body` and `problems` bring back what was
    typed and could not be sent."""
    messages = visible_messages(actor).filter(order=order)
    attachments = visible_attachments(actor).filter(order=order)
    newest = messages.order_by("-sent_at", "-id")
    shown = list(newest if whole else newest[: MOST_SHOWN + 1])
    left_out = 0
    if not whole and len(shown) > MOST_SHOWN:
        left_out = messages.count() - MOST_SHOWN
        shown = shown[:MOST_SHOWN]
    by_message: dict[int | None, list[Attachment]] = defaultdict(list)
    for attachment in attachments.order_by("added_at", "id"):
        by_message[attachment.message_id].append(attachment)
    return Thread(
        order=order,
        entries=tuple(
            Entry(message, tuple(by_message[message.pk]), message.author_user_id == actor.user_id)
            for message in reversed(shown)
        ),
        files=tuple(by_message[None]),
        more=left_out,
        may_write=actor.may(Permission.THREAD_WRITE),
        may_note=actor.is_company and actor.may(Permission.THREAD_NOTE),
        body=body,
        problems=problems,
    )


def find_file(key: uuid.UUID, *, actor: Actor) -> Attachment:
    """One file with its bytes. Raises `NotFound` for what is not there, not yours, or not for you."""
    found = Attachment.objects.visible_to(actor).filter(key=key)
    if actor.is_supplier:
        found = found.filter(internal=False)
    attachment: Attachment | None = found.first()
    if attachment is None:
        raise NotFound(_("There is no such file."))
    return attachment
