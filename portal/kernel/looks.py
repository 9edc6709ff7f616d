"""The one table from a state to how it is shown: its word, what it means for somebody, how far it has come.

Same word, same glyph, same tone, everywhere; docs/design.md says what they mean.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy as plazy

Word = str | Promise


class Look(NamedTuple):
    """How a state is shown: its word, what it means for somebody (tone), how far it has come (glyph)."""

    word: Word
    tone: str
    glyph: str


# Each dimension: its icon, then value -> look. Tones and glyphs are those of the visual reference.
STATES: Mapping[str, Mapping[str, Look]] = {
    "agreement": {
        "awaiting": Look(lazy("Awaits answer"), "wait", "wait"),
        "answered": Look(lazy("Answered"), "move", "most"),
        "agreed": Look(lazy("Agreed"), "done", "full"),
        "disputed": Look(lazy("Disputed"), "talk", "talk"),
        "refused": Look(lazy("Refused"), "stop", "stop"),
    },
    "revision": {
        "current": Look(plazy("revision", "Current"), "done", "full"),
        "stale": Look(plazy("revision", "Stale"), "talk", "stale"),
    },
    "logistics": {
        "nothing_shipped": Look(lazy("Nothing shipped"), "quiet", "none"),
        "partly_shipped": Look(lazy("Partly shipped"), "move", "quarter"),
        "shipped": Look(lazy("Shipped"), "move", "half"),
        "partly_received": Look(lazy("Partly received"), "move", "most"),
        "received": Look(lazy("Received"), "done", "full"),
        "closed_short": Look(lazy("Closed short"), "quiet", "stop"),
        "overdue": Look(lazy("Overdue"), "stop", "alert"),
    },
    "finance": {
        "not_invoiced": Look(lazy("Not invoiced"), "quiet", "none"),
        "partly": Look(lazy("Partly invoiced"), "move", "half"),
        "fully": Look(lazy("Fully invoiced"), "done", "full"),
        "over": Look(lazy("Over-invoiced"), "stop", "over"),
    },
    "shipment": {
        "draft": Look(plazy("ship notice", "Draft"), "wait", "wait"),
        "sent": Look(plazy("ship notice", "Announced"), "move", "quarter"),
        "in_transit": Look(lazy("In transit"), "move", "half"),
        "arrived": Look(lazy("Arrived"), "wait", "most"),
        "partly_received": Look(lazy("Partly received"), "move", "most"),
        "received": Look(lazy("Received"), "done", "full"),
        "closed": Look(plazy("ship notice", "Closed"), "done", "full"),
        "cancelled": Look(plazy("ship notice", "Taken back"), "quiet", "stop"),
        "replaced": Look(lazy("Replaced"), "quiet", "stale"),
        "discarded": Look(lazy("Discarded"), "quiet", "none"),
    },
    "sheet": {
        "counting": Look(lazy("Counting"), "move", "half"),
        "posted": Look(plazy("receiving sheet", "Posted"), "done", "full"),
        "reversed": Look(plazy("receiving sheet", "Reversed"), "quiet", "stop"),
        "discarded": Look(lazy("Discarded"), "quiet", "none"),
    },
    "appointment": {
        "asked": Look(plazy("time at the dock", "Asked for"), "wait", "wait"),
        "proposed": Look(plazy("time at the dock", "Proposed by the dock"), "talk", "talk"),
        "confirmed": Look(plazy("time at the dock", "Confirmed"), "done", "full"),
        "kept": Look(plazy("time at the dock", "Kept"), "done", "full"),
        "missed": Look(plazy("time at the dock", "Missed"), "stop", "alert"),
        "refused": Look(plazy("time at the dock", "Refused"), "stop", "stop"),
        "cancelled": Look(plazy("time at the dock", "Given up"), "quiet", "stop"),
    },
    "invoice": {
        "draft": Look(plazy("invoice", "Draft"), "wait", "wait"),
        "sent": Look(lazy("Being matched"), "move", "quarter"),
        "held": Look(plazy("invoice", "Held"), "wait", "alert"),
        "disputed": Look(plazy("invoice", "Disputed"), "talk", "talk"),
        "approved": Look(plazy("invoice", "Approved"), "move", "half"),
        "scheduled": Look(plazy("invoice", "To be paid"), "move", "most"),
        "paid": Look(plazy("invoice", "Paid"), "done", "full"),
        "rejected": Look(plazy("invoice", "Sent back"), "stop", "stop"),
        "withdrawn": Look(plazy("invoice", "Withdrawn"), "quiet", "stop"),
        "replaced": Look(plazy("invoice", "Replaced"), "quiet", "stale"),
        "voided": Look(plazy("invoice", "Voided"), "quiet", "stop"),
        "discarded": Look(plazy("invoice", "Discarded"), "quiet", "none"),
    },
    "statement": {
        "read": Look(lazy("Not compared yet"), "wait", "wait"),
        "compared": Look(plazy("statement", "Compared"), "move", "half"),
        "settled": Look(plazy("statement", "Agreed"), "done", "full"),
        "replaced": Look(plazy("statement", "Replaced"), "quiet", "stale"),
        "discarded": Look(plazy("statement", "Discarded"), "quiet", "none"),
    },
    "bill": {
        "entered": Look(lazy("Entered"), "wait", "wait"),
        "approved": Look(lazy("Approved"), "move", "half"),
        "partly_paid": Look(lazy("Partly paid"), "move", "most"),
        "paid": Look(lazy("Paid"), "done", "full"),
        "cancelled": Look(lazy("Cancelled"), "quiet", "stop"),
    },
    "erp": {
        "queued": Look(lazy("waiting for ERP"), "wait", "wait"),
        "sent": Look(lazy("sent to ERP"), "move", "half"),
        "confirmed": Look(lazy("in ERP"), "done", "full"),
        "conflict": Look(lazy("conflict, ERP moved"), "stop", "alert"),
        "person": Look(lazy("failed, needs a person"), "stop", "stop"),
        "unknown": Look(lazy("unknown, searching"), "wait", "stale"),
        "superseded": Look(lazy("replaced by a newer one"), "quiet", "stale"),
        "given_up": Look(lazy("given up, stands here alone"), "quiet", "stop"),
        "to_key": Look(lazy("to key by hand"), "wait", "wait"),
        "yielded": Look(lazy("the ERP’s values are kept"), "quiet", "full"),
    },
    "promise": {
        "proposed": Look(lazy("Waits for the buyer"), "move", "most"),
        "agreed": Look(plazy("promise", "Agreed"), "done", "full"),
        "declined": Look(plazy("promise", "Declined"), "talk", "talk"),
        "withdrawn": Look(plazy("promise", "Withdrawn"), "quiet", "none"),
        "superseded": Look(plazy("promise", "Replaced"), "quiet", "stale"),
    },
    "acknowledgment": {
        "sent": Look(plazy("acknowledgment", "Sent"), "done", "full"),
        "withdrawn": Look(plazy("acknowledgment", "Withdrawn"), "quiet", "none"),
    },
    "change": {
        "proposed": Look(lazy("Proposed"), "talk", "talk"),
        "countered": Look(lazy("Countered"), "talk", "talk"),
        "accepted": Look(lazy("Agreed, waits for the ERP"), "move", "most"),
        "done": Look(lazy("Done"), "done", "full"),
        "kept": Look(lazy("Agreed here alone"), "done", "most"),
        "declined": Look(lazy("Declined"), "stop", "stop"),
        "withdrawn": Look(lazy("Withdrawn"), "quiet", "none"),
        "expired": Look(lazy("Expired"), "quiet", "stale"),
        "superseded": Look(lazy("Overtaken"), "quiet", "stale"),
    },
    "mail": {
        "received": Look(plazy("mail", "Being read"), "move", "half"),
        "threaded": Look(plazy("mail", "In the thread"), "done", "full"),
        "drafted": Look(plazy("mail", "In the thread, with a draft"), "done", "most"),
        "automatic": Look(plazy("mail", "Automatic, set aside"), "quiet", "none"),
        "bounced": Look(plazy("mail", "Not delivered"), "stop", "alert"),
        "unknown": Look(plazy("mail", "Sender unknown"), "wait", "alert"),
        "unplaced": Look(plazy("mail", "Order unknown"), "wait", "wait"),
        "refused": Look(plazy("mail", "Refused"), "stop", "stop"),
        "dismissed": Look(plazy("mail", "Dismissed"), "quiet", "stop"),
    },
    "draft": {
        "open": Look(plazy("draft", "Waits for a press"), "wait", "wait"),
        "confirmed": Look(plazy("draft", "Confirmed"), "done", "full"),
        "corrected": Look(plazy("draft", "Taken over for correction"), "move", "half"),
        "discarded": Look(plazy("draft", "Discarded"), "quiet", "stop"),
        "superseded": Look(plazy("draft", "Overtaken"), "quiet", "stale"),
    },
    "gateway": {
        "received": Look(plazy("gateway", "Being dealt with"), "move", "half"),
        "taken": Look(plazy("gateway", "Taken"), "done", "full"),
        "unplaced": Look(plazy("gateway", "Not placed"), "wait", "wait"),
        "set_aside": Look(plazy("gateway", "Set aside"), "quiet", "none"),
        "refused": Look(plazy("gateway", "Refused"), "stop", "stop"),
        "dismissed": Look(plazy("gateway", "Dismissed"), "quiet", "stop"),
    },
    "gateway_message": {
        "received": Look(plazy("gateway", "Being dealt with"), "move", "half"),
        "done": Look(plazy("gateway", "Dealt with"), "done", "full"),
        "refused": Look(plazy("gateway", "Refused"), "stop", "stop"),
    },
    "outbox": {
        "waiting": Look(plazy("outbox", "Waiting"), "wait", "wait"),
        "leased": Look(plazy("outbox", "Under way"), "move", "half"),
        "delivered": Look(plazy("outbox", "Delivered"), "done", "full"),
        "parked": Look(plazy("outbox", "Parked, needs a person"), "stop", "alert"),
        "skipped": Look(plazy("outbox", "Skipped"), "quiet", "none"),
    },
    "run": {
        "running": Look(plazy("run", "Running"), "move", "half"),
        "done": Look(plazy("run", "Done"), "done", "full"),
        "failed": Look(plazy("run", "Failed"), "stop", "stop"),
    },
    "policy": {
        "draft": Look(plazy("policy", "Draft"), "quiet", "none"),
        "asked": Look(plazy("policy", "Waits for approval"), "wait", "wait"),
        "active": Look(plazy("policy", "Active"), "done", "full"),
        "retired": Look(plazy("policy", "Retired"), "quiet", "stop"),
    },
    "rules": {
        "on": Look(plazy("rules", "Rules act"), "done", "full"),
        "off": Look(plazy("rules", "Stopped"), "stop", "stop"),
    },
    "judged": {
        "accepted": Look(plazy("judged", "Agreed by rule"), "done", "full"),
        "partly": Look(plazy("judged", "Partly agreed by rule"), "move", "half"),
        "asked": Look(plazy("judged", "Went to the buyer"), "wait", "talk"),
    },
    "connection": {
        "running": Look(plazy("connection", "Running"), "done", "full"),
        "paused": Look(plazy("connection", "Paused"), "wait", "stop"),
    },
    "drift": {
        "open": Look(plazy("drift", "Open"), "stop", "alert"),
        "asked": Look(plazy("drift", "Being repaired"), "wait", "wait"),
        "under_way": Look(plazy("drift", "Sent again, waits for the ERP"), "move", "half"),
        "repaired": Look(plazy("drift", "Repaired"), "done", "full"),
        "ignored": Look(plazy("drift", "Ignored"), "quiet", "stop"),
        "gone": Look(plazy("drift", "Gone by itself"), "quiet", "full"),
    },
    "supplier": {
        "active": Look(plazy("supplier", "Active"), "done", "full"),
        "blocked": Look(plazy("supplier", "Blocked"), "stop", "stop"),
    },
    "merge": {
        "asked": Look(plazy("merge", "Waits for a second person"), "wait", "wait"),
        "merged": Look(plazy("merge", "Merged"), "done", "full"),
        "refused": Look(plazy("merge", "Two companies"), "quiet", "stop"),
        "withdrawn": Look(plazy("merge", "Withdrawn"), "quiet", "stop"),
        "undone": Look(plazy("merge", "Taken apart again"), "quiet", "stale"),
    },
    "offboarding": {
        "begun": Look(plazy("offboarding", "Is ending"), "wait", "wait"),
        "ended": Look(plazy("offboarding", "Ended"), "quiet", "full"),
        "called_off": Look(plazy("offboarding", "Called off"), "quiet", "stop"),
        "reopened": Look(plazy("offboarding", "Taken up again"), "done", "full"),
    },
    "onboarding": {
        "invited": Look(plazy("onboarding", "Invited"), "wait", "wait"),
        "started": Look(plazy("onboarding", "Under way"), "move", "quarter"),
        "in_review": Look(plazy("onboarding", "In review"), "move", "half"),
        "active": Look(plazy("onboarding", "Done"), "done", "full"),
        "refused": Look(plazy("onboarding", "Refused"), "stop", "stop"),
        "withdrawn": Look(plazy("onboarding", "Taken back"), "quiet", "stop"),
        "left": Look(plazy("onboarding", "Left"), "quiet", "full"),
    },
    "order": {
        "issued": Look(plazy("order", "Issued"), "move", "half"),
        "cancelled": Look(plazy("order", "Cancelled"), "quiet", "stop"),
        "closed": Look(plazy("order", "Closed"), "quiet", "full"),
    },
}

# The same state, said to the side that holds the ball.
TO_SIDE: Mapping[tuple[str, str, str], Look] = {
    ("agreement", "awaiting", "supplier"): Look(lazy("Awaits you"), "wait", "wait"),
    ("agreement", "answered", "company"): Look(lazy("Awaits decision"), "wait", "half"),
    ("promise", "proposed", "company"): Look(lazy("Awaits decision"), "wait", "half"),
}

DIMENSION_ICONS = {
    "agreement": "writing-sign",
    "revision": "versions",
    "logistics": "truck",
    "finance": "receipt",
}


def look_of(dimension: str, value: str, side: str = "") -> Look:
    """How this state is shown to somebody on this side. An unknown state is a mistake of ours and raises."""
    return TO_SIDE.get((dimension, str(value), side)) or STATES[dimension][str(value)]
