"""What was written by mail is said in the order's thread, with its files; a file that is not taken is told there."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid
from procurement.mailroom.messages import MailFile, Opened
from procurement.mailroom.services.looking import LostFile
from procurement.orders.models import PurchaseOrder
from procurement.reading.newtext import split_new_text
from procurement.threads.messages import NewFile, NewMessage
from procurement.threads.models import Message
from procurement.threads.policies import LONGEST_BODY, MOST_FILES, problem_with, safe_name
from procurement.threads.services import add_files, send_message

ROOM_FOR_NOTES = 2_000
REST_OF_TEXT = "mail.txt"


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it stands in the thread, and each file: its name, size, and why it was not taken ('' if it was)."""

    message: Message
    files: list[dict[str, Any]]


def written_now(opened: Opened) -> str:
    """What was written this time: no quotations, no signature."""
    return split_new_text(opened.text, opened.sender_name).text.strip()


def say_in_thread(
    order: PurchaseOrder,
    text: str,
    files: Sequence[MailFile],
    *,
    lost: Sequence[LostFile] = (),
    author: Actor,
    at: datetime,
) -> Said:
    """Send the text and the files that are taken, as their author; in the author's scope. The rest stands beside them,
    and so does what was `lost` before.

    Raises `NotAllowed` for who may not write in this thread.
    """
    taken, told = [], [asdict(one) for one in lost]
    if len(text) > LONGEST_BODY - ROOM_FOR_NOTES:
        taken.append(NewFile(REST_OF_TEXT, text.encode()))
        text = text[: LONGEST_BODY - ROOM_FOR_NOTES].rstrip() + " …"
    for file in files:
        name = safe_name(file.name)
        why = problem_with(name, file.content)
        told.append({"name": name, "size": len(file.content), "why": why})
        if not why:
            taken.append(NewFile(file.name, file.content))
    try:
        with transaction.atomic():
            return Said(_send(order, text, taken, told, author=author, at=at), told)
    except Invalid as refusal:
        if not taken:
            raise
        # No room for files on this order or today: what was written is heard all the same.
        told = [{**one, "why": one["why"] or refusal.message} for one in told]
        return Said(_send(order, text, [], told, author=author, at=at), told)


def _send(
    order: PurchaseOrder,
    text: str,
    files: Sequence[NewFile],
    told: Sequence[dict[str, Any]],
    *,
    author: Actor,
    at: datetime,
) -> Message:
    body = "\n\n".join(filter(None, (text, _not_taken(told))))[:LONGEST_BODY]
    command = NewMessage(order.key, body, files=tuple(files[:MOST_FILES]))
    message = send_message(command, actor=author, at=at)
    for start in range(MOST_FILES, len(files), MOST_FILES):
        add_files(order.key, files[start : start + MOST_FILES], actor=author, at=at)
    return message


def _not_taken(told: Sequence[dict[str, Any]]) -> str:
    reasons = [one["why"] for one in told if one["why"]]
    if not reasons:
        return ""
    return "\n".join([_("Files of this mail that were not taken:"), *(f"– {reason}" for reason in reasons)])
