"""Gatherer: the tables of every package. A forgotten line here is a forgotten table; a test compares."""

from procurement.acknowledgments.models import DraftAnswer, DraftHeader, OrderAcknowledgment, UploadedAnswer
from procurement.catalogue.models import (
    Company,
    CustomerDemand,
    Item,
    Site,
    StockPosition,
    SupplierItem,
    SupplyTold,
    Unit,
)
from procurement.changes.models import ChangeReason, ChangeRound, OrderChange
from procurement.clocks.models import Clock, ClockStep, DueMove, LadderStep, OfficeCalendar, ServicePolicy
from procurement.docks.models import Appointment, DockPlan
from procurement.erp.models import Alert, ErpCommand, ErpConnection, FeedCursor, FeedProblem, FeedRun
from procurement.erp.reconciliation.models import Drift, ReconciliationRun, Rehearsal, SweptRecord
from procurement.inbox.models import (
    AssignmentRule,
    CaseLook,
    CaseNote,
    CaseQueue,
    CaseTask,
    ExceptionCase,
    InboxPlace,
    PriorityFormula,
    StandIn,
)
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
from procurement.shipments.models import (
    Milestone,
    Package,
    PackageNumbering,
    PackedQuantity,
    ShipNotice,
    ShipNoticeLine,
)
from procurement.threads.models import Attachment, Message
from procurement.tolerances.models import (
    ToleranceDecision,
    TolerancePolicy,
    ToleranceRule,
    ToleranceSwitch,
)

__all__ = [
    "Alert",
    "Appointment",
    "AssignmentRule",
    "Attachment",
    "CaseLook",
    "CaseNote",
    "CaseQueue",
    "CaseTask",
    "ChangeReason",
    "ChangeRound",
    "Clock",
    "ClockStep",
    "Company",
    "CustomerDemand",
    "DeliveryWatch",
    "DockPlan",
    "DraftAnswer",
    "DraftHeader",
    "Drift",
    "DueMove",
    "ErpCommand",
    "ErpConnection",
    "ExceptionCase",
    "FeedCursor",
    "FeedProblem",
    "FeedRun",
    "InboundMail",
    "InboxPlace",
    "Invoice",
    "InvoiceLine",
    "Item",
    "LadderStep",
    "MailDraft",
    "Mailbox",
    "Message",
    "Milestone",
    "Notice",
    "NoticeMail",
    "NoticePreference",
    "OfficeCalendar",
    "OrderAcknowledgment",
    "OrderChange",
    "OrderDocument",
    "OrderRevision",
    "OrderSight",
    "Package",
    "PackageNumbering",
    "PackedQuantity",
    "PriorityFormula",
    "Promise",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "Receipt",
    "ReconciliationRun",
    "Rehearsal",
    "ReplyAddress",
    "SavedView",
    "ScheduleLine",
    "ServicePolicy",
    "ShipNotice",
    "ShipNoticeLine",
    "SignedLink",
    "Site",
    "StandIn",
    "StockPosition",
    "SupplierItem",
    "SupplyTold",
    "SweptRecord",
    "ToleranceDecision",
    "TolerancePolicy",
    "ToleranceRule",
    "ToleranceSwitch",
    "Unit",
    "UploadedAnswer",
]
