"""The verbs of a ship notice: drafted, packed, sent, corrected, taken back; and what is told of its way."""

from procurement.shipments.services.draft import (
    add_lines,
    discard_notice,
    drop_line,
    repeat_notice,
    save_notice,
    start_notices,
)
from procurement.shipments.services.numbering import edit_numbering, number_packages
from procurement.shipments.services.packing import (
    add_packages,
    move_package,
    move_packages,
    pack_rest,
    remove_packages,
    set_alike,
    set_contents,
    set_package,
)
from procurement.shipments.services.receive import close_notice, note_counted, note_received
from procurement.shipments.services.send import (
    Sent,
    cancel_notice,
    correct_notice,
    refresh_lines,
    send_notice,
    told_of,
)
from procurement.shipments.services.upload import (
    KeepSheet,
    apply_upload,
    keep_upload,
    look_at_upload,
    read_upload_as,
)
from procurement.shipments.services.way import tell_milestone
from procurement.shipments.services.whole import correct_whole, send_whole, write_whole

__all__ = [
    "KeepSheet",
    "Sent",
    "add_lines",
    "add_packages",
    "apply_upload",
    "cancel_notice",
    "close_notice",
    "correct_notice",
    "correct_whole",
    "discard_notice",
    "drop_line",
    "edit_numbering",
    "keep_upload",
    "look_at_upload",
    "move_package",
    "move_packages",
    "note_counted",
    "note_received",
    "number_packages",
    "pack_rest",
    "read_upload_as",
    "refresh_lines",
    "remove_packages",
    "repeat_notice",
    "save_notice",
    "send_notice",
    "send_whole",
    "set_alike",
    "set_contents",
    "set_package",
    "start_notices",
    "tell_milestone",
    "told_of",
    "write_whole",
]
