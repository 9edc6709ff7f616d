"""The verbs of the mailroom: take a mail in, sort it, say where it belongs; confirm, correct or discard a draft."""

from procurement.mailroom.services.deciding import (
    HEARD,
    Confirmed,
    close_overtaken_drafts,
    confirm_draft,
    correct_draft,
    discard_draft,
    hear,
)
from procurement.mailroom.services.forgetting import forget_raw
from procurement.mailroom.services.looking import infected_files
from procurement.mailroom.services.placing import dismiss_mail, place_mail
from procurement.mailroom.services.reading_on import mailbox_of, note_failure, note_progress
from procurement.mailroom.services.sorting import sort_mail
from procurement.mailroom.services.taking import take_mail

__all__ = [
    "HEARD",
    "Confirmed",
    "close_overtaken_drafts",
    "confirm_draft",
    "correct_draft",
    "discard_draft",
    "dismiss_mail",
    "forget_raw",
    "hear",
    "infected_files",
    "mailbox_of",
    "note_failure",
    "note_progress",
    "place_mail",
    "sort_mail",
    "take_mail",
]
