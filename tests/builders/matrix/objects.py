"""One of everything a supplier can have, for the persona matrix."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.models import OrderAcknowledgment, UploadedAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.changes.messages import ProposeChange, Wish
from procurement.changes.models import OrderChange
from procurement.changes.services import propose_change
from procurement.clocks.models import OfficeCalendar, ServicePolicy, StandIn
from procurement.discounting.models import DiscountPolicy
from procurement.docks.models import Appointment
from procurement.erp.models import ErpCommand, FeedRun, NoticeWrite
from procurement.erp.reconciliation.models import Drift, ReconciliationRun
from procurement.erp.states import RunState
from procurement.gateways.models import Gateway, GatewayEvent, GatewayMessage, GatewaySecret
from procurement.inbox.models import AssignmentRule, CaseQueue, CaseTask, ExceptionCase, PriorityFormula
from procurement.inbox.services.review import INBOX, review_cases
from procurement.invoices.models import Invoice, InvoiceFile, UploadedInvoices
from procurement.links.messages import Person as LinkPerson
from procurement.links.models import SignedLink
from procurement.links.services import issue_link
from procurement.mailroom.models import InboundMail, MailDraft
from procurement.matching.models import MatchPolicy
from procurement.matching.services import match_invoices
from procurement.matching.states import Trigger
from procurement.orders.models import PurchaseOrder
from procurement.payables.models import Approval, ApprovalLimit, ApprovalRule, InvoiceQuestion
from procurement.receipts.models import ReceivingSheet, SheetLine, SheetPhoto
from procurement.shipments.models import ShipNotice, UploadedNotices
from procurement.statements.models import SupplierStatement
from procurement.threads.models import Attachment
from procurement.tolerances.messages import DocumentKind
from procurement.tolerances.models import ToleranceDecision, TolerancePolicy, ToleranceRule
from procurement.tolerances.states import JudgedOutcome
from suppliers.banking.models import BankAccount, BankChange, BankProof
from suppliers.details.models import ChangeRequest
from suppliers.documents import models as proofs
from suppliers.merging.models import SupplierMerge
from suppliers.models import ApiToken, Invitation, Supplier, User
from suppliers.offboarding.models import Offboarding
from suppliers.onboarding.models import (
    OnboardingChase,
    OnboardingExclusion,
    OnboardingRun,
    OnboardingTemplate,
    UploadedInvitations,
)
from suppliers.registration.models import SupplierRequest
from suppliers.screening.models import ScreeningHit
from suppliers.services import create_token
from tests.builders.clocks import a_draft_service
from tests.builders.facts import a_bill, a_receipt, arrive, bill
from tests.builders.identities import a_saml_provider
from tests.builders.invoices import a_sent_invoice
from tests.builders.matrix.papers import (
    a_discount_policy,
    a_match_policy,
    a_time,
    by_mail,
    counted,
    for_the_erp,
    on_the_desk,
    opening_hours,
    proof,
    through_a_gateway,
    told,
)
from tests.builders.matrix.partners import (
    a_waiting_change,
    bank_details,
    documents,
    invited,
    leaves_and_joins,
    onboarding,
)
from tests.builders.shipments import a_sent_notice
from tests.builders.statements import a_statement, an_item, compared
from tests.builders.tolerances import a_draft, a_rule
from tests.builders.world import MONDAY, a_line, a_paper, receive
from tests.people import FEED, Person


@dataclass(frozen=True)
class Objects:
    """One of everything a supplier can have."""

    supplier_id: int
    supplier_key: UUID
    order: PurchaseOrder
    answer: OrderAcknowledgment
    token: ApiToken
    file: Attachment
    upload: UploadedAnswer
    uploaded_notices: UploadedNotices
    uploaded_invoices: UploadedInvoices
    command: ErpCommand
    message: OutboxMessage
    run: FeedRun
    comparison: ReconciliationRun
    drift: Drift
    policy: TolerancePolicy
    rule: ToleranceRule
    decision: ToleranceDecision
    change: OrderChange
    service: ServicePolicy
    office: OfficeCalendar
    link: SignedLink
    case: ExceptionCase
    task: CaseTask
    queue: CaseQueue
    assignment: AssignmentRule
    absence: StandIn
    formula: PriorityFormula
    notice: ShipNotice
    invoice_file: InvoiceFile
    time: Appointment
    telling: NoticeWrite
    mail: InboundMail
    mail_draft: MailDraft
    gateway: Gateway
    gateway_secret: GatewaySecret
    gateway_message: GatewayMessage
    gateway_event: GatewayEvent
    sheet: ReceivingSheet
    sheet_line: SheetLine
    photo: SheetPhoto
    match_policy: MatchPolicy
    invoice: Invoice
    approval_rule: ApprovalRule
    approval_limit: ApprovalLimit
    approval: Approval
    question: InvoiceQuestion
    statement: SupplierStatement
    discount_policy: DiscountPolicy
    person: User
    invitation: Invitation
    detail_change: ChangeRequest
    document: proofs.DocumentVersion
    document_kind: proofs.DocumentKind
    requirement: proofs.Requirement
    bank_change: BankChange
    bank_account: BankAccount
    bank_proof: BankProof
    onboarding: OnboardingRun
    exclusion: OnboardingExclusion
    template: OnboardingTemplate
    suppliers_sheet: UploadedInvitations
    chase: OnboardingChase
    hit: ScreeningHit
    asks: SupplierRequest
    offboarding: Offboarding
    merge: SupplierMerge


def make_objects(number: str, people: dict[str, Person]) -> Objects:
    """An order with an answer that waits for the buyer, a file and a token, of one supplier."""
    supplier = Supplier.objects.get(number=number)
    order_number = f"M-{number}"
    receive(a_paper(order_number, [a_line(10), a_line(20), a_line(30)], supplier=number))
    order = PurchaseOrder.objects.get(number=order_number)
    buyer = people["bea"].actor
    dear = LineAnswer("L10", (AnswerPiece(Decimal(100), price=Decimal("7.50")),))
    with acting(buyer):
        done = acknowledge_order(
            AcknowledgeOrder(order.key, order.version, (dear, LineAnswer("L30"))), actor=buyer, at=MONDAY
        )
    order.refresh_from_db()
    with acting(buyer):
        wish = ProposeChange(order.key, order.version, "L30", Wish(move_days=7))
        change = propose_change(wish, actor=buyer, at=MONDAY)
    token = create_token("test", "read", supplier=supplier, actor=FEED, at=MONDAY).token
    a_saml_provider(supplier, people["root"])
    file = Attachment.objects.create(
        supplier=supplier,
        order=order,
        name="drawing.pdf",
        content_type="application/pdf",
        size=5,
        sha256="0" * 64,
        content=b"%PDF-",
        added_at=MONDAY,
        added_by="Bea Buyer",
    )
    upload = UploadedAnswer.objects.create(
        supplier=supplier, file_name="a.xlsx", rows=[], created_at=MONDAY, created_by="Asha Acme"
    )
    uploaded_notices = UploadedNotices.objects.create(
        supplier=supplier,
        file_name="s.csv",
        digest="0" * 64,
        table=[["order", "line", "quantity"], ["1", "10", "5"]],
        planned_at=MONDAY,
        created_at=MONDAY,
        created_by="Asha Acme",
    )
    uploaded_invoices = UploadedInvoices.objects.create(
        supplier=supplier,
        kind=UploadedInvoices.SHEET,
        file_name="i.csv",
        digest="1" * 64,
        table=[["order", "line", "quantity", "number"], ["1", "10", "5", "INV-1"]],
        planned_at=MONDAY,
        created_at=MONDAY,
        created_by="Asha Acme",
    )
    arrive(a_receipt(f"GR-{number}", order=order_number))
    bill(a_bill(f"INV-{number}", order=order_number, supplier=number))
    order.refresh_from_db()
    command, message = for_the_erp(order)
    run = FeedRun.objects.create(feed="orders", started_at=MONDAY)
    comparison = ReconciliationRun.objects.create(
        state=RunState.DONE, asked_by="Ines Integrator", started_at=MONDAY, finished_at=MONDAY
    )
    drift = Drift.objects.create(
        feed="orders",
        owner="NM",
        number=order_number,
        kind="fields",
        supplier=supplier,
        order=order,
        differences=[{"line": "", "number": None, "field": "note", "here": "", "there": "Call first."}],
        fingerprint="0" * 64,
        run=comparison,
        seen_in=comparison,
        found_at=MONDAY,
    )
    policy = a_draft(people["bea"], a_rule(absolute=5), name=f"Promises of {number}")
    rule = policy.rules.get()
    decision = ToleranceDecision.objects.create(
        supplier=supplier,
        company=order.company,
        policy=policy,
        policy_name=policy.name,
        kind=DocumentKind.PROMISE,
        origin=done.paper.key,
        order_key=order.key,
        order_number=order_number,
        line_key="L10",
        line_number=10,
        item_number="VALVE-15",
        currency="EUR",
        unit="pcs",
        outcome=JudgedOutcome.ASKED,
        checks=[],
        decided_at=MONDAY,
    )
    link = issue_link(
        LinkPerson("clerk@supplier.example"),
        supplier_id=supplier.pk,
        stream=order.stream,
        order_id=order.pk,
        purpose="answer",
        actor=FEED,
        at=MONDAY,
    )
    with acting(INBOX):
        review_cases([order.pk], actor=INBOX, at=MONDAY)
    case = ExceptionCase.objects.filter(order=order, cause="answer").get()
    bea = people["bea"].user
    wrote: dict[str, Any] = {"written_by": "Root Admin", "written_at": MONDAY}
    task = CaseTask.objects.create(
        case=case,
        email="site@kelso.example",
        question="Can it wait?",
        asked_at=MONDAY,
        asked_by="Bea Buyer",
        asked_by_user_id=bea.pk,
    )
    queue = CaseQueue.objects.create(name=number, query="view=team", made_by="Bea Buyer", made_at=MONDAY)
    assignment = AssignmentRule.objects.create(supplier=supplier, owner=bea, **wrote)
    away = MONDAY.date()
    absence = StandIn.objects.create(
        person=bea, stand_in=people["max"].user, from_on=away, until_on=away, **wrote
    )
    formula = PriorityFormula.objects.create(
        name=f"Formula of {number}",
        parts=[{"name": "Value", "expression": "value / 1000"}],
        urgency="1",
        created_at=MONDAY,
        created_by="Root Admin",
    )
    notice = a_sent_notice(order, people["bea"], {"L20": 5}, number=f"DN-{number}", cartons=(1, 5))
    time = a_time(notice)
    invoice = a_sent_invoice(order, people["otto"], {"L20": 5}, number=f"R-{number}")
    match_invoices([invoice.pk], trigger=Trigger.SENT, at=MONDAY)
    mail, mail_draft = by_mail(order, supplier)
    sheet = counted(number, order_number)
    photo = SheetPhoto.objects.create(
        supplier=supplier,
        sheet=sheet,
        content_type="image/jpeg",
        size=3,
        sha256="0" * 64,
        content=b"\xff\xd8\xff",
        added_at=MONDAY,
        added_by="Rex Receiver",
    )
    return Objects(
        supplier.pk,
        supplier.key,
        order,
        done.paper,
        token,
        file,
        upload,
        uploaded_notices,
        uploaded_invoices,
        command,
        message,
        run,
        comparison,
        drift,
        policy,
        rule,
        decision,
        change,
        a_draft_service(people["bea"]),
        opening_hours(number),
        link,
        case,
        task,
        queue,
        assignment,
        absence,
        formula,
        notice,
        proof(invoice, people["otto"]),
        time,
        told(notice),
        mail,
        mail_draft,
        *through_a_gateway(supplier),
        sheet,
        sheet.lines.get(),
        photo,
        a_match_policy(number, people),
        invoice,
        *on_the_desk(invoice, wrote),
        compared(a_statement(people["otto"], [an_item(2, "R-1", 5)], supplier=number), people["otto"]),
        a_discount_policy(number),
        people["arun" if number == "ACME" else "gil"].user,
        invited(supplier),
        a_waiting_change(supplier),
        *documents(number),
        *bank_details(supplier),
        *onboarding(supplier),
        ScreeningHit.objects.create(
            supplier=supplier,
            source="own",
            ref="1",
            listed_name="Acne",
            score=90,
            seen="0" * 64,
            found_at=MONDAY,
        ),
        SupplierRequest.objects.create(
            address=f"new@{number.lower()}.example",
            state="received",
            company="New",
            asked_at=MONDAY,
            mailed_at=MONDAY,
        ),
        *leaves_and_joins(supplier),
    )
