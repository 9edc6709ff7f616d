"""What is to be known of each kind of case: its tone and mark on the screen, and how grave it is by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from procurement.inbox.states import CaseKind as K

# Of several differences of one answer the first of these names its case.
GRAVEST_FIRST = (
    K.LINE_REFUSED,
    K.SUBSTITUTE_OFFERED,
    K.SHORTAGE,
    K.SLIPPED_AGAIN,
    K.PROMISE_LATE,
    K.PRICE_DIFFERS,
    K.SPLIT_OFFERED,
    K.OUTSIDE_TOLERANCE,
)


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind is shown (`tone` and `glyph` of static/css/panels.css), and its weight in the formula."""

    tone: str
    glyph: str
    weight: int


LOOKS: Mapping[str, Look] = {
    K.LINE_REFUSED: Look("stop", "stop", 25),
    K.SHORTAGE: Look("stop", "alert", 18),
    K.SUBSTITUTE_OFFERED: Look("talk", "alert", 12),
    K.SLIPPED_AGAIN: Look("stop", "alert", 16),
    K.PROMISE_LATE: Look("stop", "alert", 12),
    K.PRICE_DIFFERS: Look("wait", "alert", 12),
    K.SPLIT_OFFERED: Look("wait", "alert", 8),
    K.OUTSIDE_TOLERANCE: Look("wait", "alert", 8),
    K.CHANGE_WAITS: Look("wait", "wait", 10),
    K.COUNTER_OFFER: Look("talk", "talk", 10),
    K.ACKNOWLEDGMENT_OVERDUE: Look("wait", "wait", 10),
    K.ORDER_UNSEEN: Look("wait", "wait", 8),
    K.SHIPMENT_OVERDUE: Look("stop", "alert", 20),
    K.LIKELY_LATE: Look("wait", "alert", 14),
    K.OVER_SHIPMENT: Look("quiet", "alert", 4),
    K.OVER_RECEIPT: Look("quiet", "alert", 4),
    K.RECEIPT_DIFFERS: Look("wait", "alert", 12),
    K.GOODS_REJECTED: Look("stop", "alert", 16),
    K.ASN_MISSING: Look("quiet", "alert", 4),
    K.STOCK_OUT: Look("stop", "alert", 20),
    K.NOTICE_FAILED: Look("wait", "alert", 8),
    K.MAIL_UNKNOWN: Look("quiet", "wait", 4),
    K.MAIL_DRAFT: Look("act", "wait", 8),
    K.ERP_FAILED: Look("stop", "stop", 20),
    K.ERP_CONFLICT: Look("stop", "alert", 20),
    K.ERP_UNKNOWN: Look("wait", "alert", 15),
    K.ERP_TO_KEY: Look("wait", "wait", 10),
    K.ERP_ECHO: Look("wait", "alert", 20),
    K.MATCH_FAILED: Look("wait", "alert", 12),
    K.DUPLICATE_SUSPECTED: Look("stop", "alert", 16),
    K.INVOICE_WITHOUT_ORDER: Look("wait", "alert", 10),
    K.INVOICE_DISPUTED: Look("talk", "talk", 12),
    K.CREDIT_EXPECTED: Look("wait", "wait", 8),
    K.ANSWER_MISSED: Look("wait", "talk", 10),
    K.DOCUMENT_EXPIRING: Look("wait", "alert", 8),
    K.BANK_CHANGE: Look("wait", "alert", 16),
    K.DRIFT: Look("wait", "alert", 10),
}
PLAIN = Look("quiet", "alert", 5)


def look_of(kind: str) -> Look:
    """How a kind is shown and weighed; kinds that come later have a plain one."""
    return LOOKS.get(kind, PLAIN)
