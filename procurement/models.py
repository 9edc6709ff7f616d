"""Gatherer: the tables of every package. A forgotten line here is a forgotten table; a test compares."""

from procurement.acknowledgments.models import DraftAnswer, DraftHeader, OrderAcknowledgment, UploadedAnswer
from procurement.catalogue.models import Company, Item, Site, SupplierItem, Unit
from procurement.changes.models import ChangeReason, ChangeRound, OrderChange
from procurement.erp.models import Alert, ErpCommand, ErpConnection, FeedCursor, FeedProblem, FeedRun
from procurement.erp.reconciliation.models import Drift, ReconciliationRun, Rehearsal, SweptRecord
from procurement.invoices.models import Invoice, InvoiceLine
from procurement.links.models import ReplyAddress, SignedLink
from procurement.mailroom.models import InboundMail, Mailbox, MailDraft
from procurement.notifications.models import (
    DeliveryWatch,
    Notice,
    NoticeMail,
    NoticePreference,
    OrderSight,
)
from procurement.orders.models import (
    OrderDocument,
    OrderRevision,
    Promise,
    PurchaseOrder,
    PurchaseOrderLine,
    SavedView,
    ScheduleLine,
)
from procurement.receipts.models import Receipt
from procurement.threads.models import Attachment, Message
from procurement.tolerances.models import (
    ToleranceDecision,
    TolerancePolicy,
    ToleranceRule,
    ToleranceSwitch,
)

__all__ = [
    "Alert",
    "Attachment",
    "ChangeReason",
    "ChangeRound",
    "Company",
    "DeliveryWatch",
    "DraftAnswer",
    "DraftHeader",
    "Drift",
    "ErpCommand",
    "ErpConnection",
    "FeedCursor",
    "FeedProblem",
    "FeedRun",
    "InboundMail",
    "Invoice",
    "InvoiceLine",
    "Item",
    "MailDraft",
    "Mailbox",
    "Message",
    "Notice",
    "NoticeMail",
    "NoticePreference",
    "OrderAcknowledgment",
    "OrderChange",
    "OrderDocument",
    "OrderRevision",
    "OrderSight",
    "Promise",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "Receipt",
    "ReconciliationRun",
    "Rehearsal",
    "ReplyAddress",
    "SavedView",
    "ScheduleLine",
    "SignedLink",
    "Site",
    "SupplierItem",
    "SweptRecord",
    "ToleranceDecision",
    "TolerancePolicy",
    "ToleranceRule",
    "ToleranceSwitch",
    "Unit",
    "UploadedAnswer",
]
