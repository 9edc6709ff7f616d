"""What each address of the persona matrix shows: one object of each kind for a supplier, and how to name it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.models import OrderAcknowledgment, UploadedAnswer
from procurement.acknowledgments.services import acknowledge_order
from procurement.calendars.policies import default_calendar
from procurement.catalogue.models import Company
from procurement.changes.messages import ProposeChange, Wish
from procurement.changes.models import OrderChange
from procurement.changes.services import propose_change
from procurement.clocks.models import OfficeCalendar, ServicePolicy, StandIn, week_to_json
from procurement.discounting.messages import WriteDiscountPolicy
from procurement.discounting.models import DiscountPolicy
from procurement.discounting.services import write_discount_policy
from procurement.docks.models import Appointment
from procurement.erp.failures import Kind, mark_of
from procurement.erp.models import ErpCommand, FeedRun, NoticeWrite
from procurement.erp.noticing import take_up_notice
from procurement.erp.reconciliation.models import Drift, ReconciliationRun
from procurement.erp.states import CommandState, RunState, TellingState
from procurement.gateways.models import Gateway, GatewayEvent, GatewayMessage, GatewaySecret
from procurement.inbox.models import (
    AssignmentRule,
    CaseQueue,
    CaseTask,
    ExceptionCase,
    PriorityFormula,
)
from procurement.inbox.services.review import INBOX, review_cases
from procurement.invoices.messages import FileEntry
from procurement.invoices.models import Invoice, InvoiceFile, UploadedInvoices
from procurement.invoices.services import add_invoice_file
from procurement.links.messages import Person as LinkPerson
from procurement.links.models import SignedLink
from procurement.links.services import issue_link
from procurement.mailroom.models import InboundMail, MailDraft
from procurement.matching.messages import WriteMatchPolicy
from procurement.matching.models import MatchPolicy
from procurement.matching.services import match_invoices, write_match_policy
from procurement.matching.states import Trigger
from procurement.orders.models import PurchaseOrder
from procurement.payables.models import Approval, ApprovalLimit, ApprovalRule, InvoiceQuestion
from procurement.receipts.messages import WholeCount, WholeCountLine
from procurement.receipts.models import ReceivingSheet, SheetLine, SheetPhoto
from procurement.receipts.services import post_count
from procurement.shipments.models import ShipNotice, UploadedNotices
from procurement.statements.models import SupplierStatement
from procurement.threads.models import Attachment
from procurement.tolerances.messages import DocumentKind
from procurement.tolerances.models import ToleranceDecision, TolerancePolicy, ToleranceRule
from procurement.tolerances.states import JudgedOutcome
from suppliers.banking.models import BankAccount, BankChange, BankNumber, BankProof
from suppliers.details.messages import ChangeDetail
from suppliers.details.models import ChangeRequest
from suppliers.details.services import change_detail
from suppliers.documents import models as proofs
from suppliers.documents.messages import WriteKind, WriteRequirement
from suppliers.documents.services import write_kind, write_requirement
from suppliers.merging.models import SupplierMerge
from suppliers.models import ApiToken, Invitation, Membership, Supplier, User
from suppliers.offboarding.models import Offboarding
from suppliers.onboarding.models import (
    OnboardingExclusion,
    OnboardingRun,
    OnboardingTemplate,
    UploadedInvitations,
)
from suppliers.people.messages import InvitePerson
from suppliers.people.services import invite_person
from suppliers.registration.models import SupplierRequest
from suppliers.roles import CompanyRole, SupplierRole
from suppliers.scim.models import ScimSecret
from suppliers.screening.models import ScreeningHit
from suppliers.services import create_token
from suppliers.sso.models import IdentityProvider
from tests.builders.clocks import a_draft_service
from tests.builders.documents import a_picture, supply
from tests.builders.facts import a_bill, a_receipt, arrive, bill
from tests.builders.identities import a_saml_provider
from tests.builders.invoices import a_sent_invoice
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
    command, message = _for_the_erp(order)
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
    sheet = _counted(number, order_number)
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
        _opening_hours(number),
        link,
        case,
        task,
        queue,
        assignment,
        absence,
        formula,
        notice,
        _proof(invoice, people["otto"]),
        time,
        _told(notice),
        mail,
        mail_draft,
        *through_a_gateway(supplier),
        sheet,
        sheet.lines.get(),
        photo,
        _a_match_policy(number, people),
        invoice,
        *on_the_desk(invoice, wrote),
        compared(a_statement(people["otto"], [an_item(2, "R-1", 5)], supplier=number), people["otto"]),
        _a_discount_policy(number),
        people["arun" if number == "ACME" else "gil"].user,
        _invited(supplier),
        _a_waiting_change(supplier),
        *_documents(number),
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


def leaves_and_joins(supplier: Supplier) -> tuple[Offboarding, SupplierMerge]:
    """An end of the business that is under way, and a merge into another supplier that waits for a second person."""
    return (
        Offboarding.objects.create(
            supplier=supplier,
            reason="Other source",
            last_on=MONDAY.date(),
            begun_at=MONDAY,
            begun_by="Root Admin",
        ),
        SupplierMerge.objects.create(
            supplier=supplier,
            kept=Supplier.objects.exclude(pk=supplier.pk).order_by("pk").first(),
            reason="One company",
            asked_at=MONDAY,
            asked_by="Nobody",
        ),
    )


def _a_waiting_change(supplier: Supplier) -> ChangeRequest:
    """Asked for by nobody who is among us, so that everybody who may can decide on it."""
    with acting(FEED):
        values = {"legal_name": f"{supplier.name} Limited", "country": supplier.country}
        change = change_detail(ChangeDetail(supplier.key, "legal", values), actor=FEED, at=MONDAY)
    assert change is not None
    return change


def on_the_desk(
    invoice: Invoice, wrote: dict[str, Any]
) -> tuple[ApprovalRule, ApprovalLimit, Approval, InvoiceQuestion]:
    """A rule and a limit of who approves, an approval that is asked for, and a question."""
    asked: dict[str, Any] = {"asked_at": MONDAY, "asked_by": "Otto Payer"}
    rule = ApprovalRule.objects.create(
        step=1, role="manager", supplier=invoice.supplier, valid_from=MONDAY.date(), **wrote
    )
    currency = {"ACME": "EUR", "GLOBEX": "USD"}[invoice.supplier.number]
    limit = ApprovalLimit.objects.create(role="manager", currency=currency, amount=Decimal(100), **wrote)
    approval = Approval.objects.create(
        supplier=invoice.supplier, invoice=invoice, step=1, role="manager", reason="Agreed.", **asked
    )
    question = InvoiceQuestion.objects.create(
        supplier=invoice.supplier,
        invoice=invoice,
        asked_of="supplier",
        question="Why?",
        due_at=MONDAY,
        **asked,
    )
    return rule, limit, approval, question


def bank_details(supplier: Supplier) -> tuple[BankChange, BankAccount, BankProof]:
    """A change that was requested, of an account that is in force, with its paper."""
    account = BankAccount(supplier=supplier, since_at=MONDAY, country="DE", currency="EUR", shown="3000")
    number = BankNumber.objects.create(supplier=supplier, sealed="x.y", trace=supplier.number)
    said = {"proposed_at": MONDAY, "proposed_by": "Asha Acme", "number": number, "origin": "portal"}
    asked = {"requested_at": MONDAY, "requested_by": "Asha Acme", "requested_by_user_id": 1}
    waited = {"called_at": MONDAY, "approved_at": MONDAY, "waits_until": MONDAY, "closed_at": MONDAY}
    account.number = number
    account.by_change = BankChange.objects.create(
        supplier=supplier, kind="add", state="in_force", **said, **asked, **waited
    )
    account.save()
    change = BankChange.objects.create(
        supplier=supplier, kind="replace", state="requested", account=account, **said, **asked
    )
    proof = BankProof.objects.create(
        supplier=supplier,
        change=change,
        name="bank.pdf",
        content_type="application/pdf",
        size=5,
        sha256="0" * 64,
        content=b"%PDF-",
        added_at=MONDAY,
        added_by="Asha Acme",
    )
    return change, account, proof


def onboarding(
    supplier: Supplier,
) -> tuple[OnboardingRun, OnboardingExclusion, OnboardingTemplate, UploadedInvitations]:
    """A run that is under way, an exclusion, a template of its own, and a sheet that nobody has invited."""
    made: dict[str, Any] = {"made_at": MONDAY, "made_by": "Root Admin"}
    step = {"kind": "questions", "compulsory": True, "paying_waits": False, "wants": []}
    asked = {
        "code": "fleet",
        "text": "How many lorries?",
        "holds": "number",
        "compulsory": True,
        "choices": [],
    }
    template = OnboardingTemplate.objects.create(
        code=f"of-{supplier.number.lower()}", name="Questions", steps=[step], questions=[asked], **made
    )
    run = OnboardingRun.objects.create(
        supplier=supplier,
        template=template,
        state="started",
        how="one",
        invited_at=MONDAY,
        invited_by="Root Admin",
        started_at=MONDAY,
    )
    exclusion = OnboardingExclusion.objects.create(supplier=supplier, reason="ending", **made)
    sheet = UploadedInvitations.objects.create(
        file_name="s.csv",
        rows=[{"supplier": supplier.number, "address": "", "name": "", "line": "2"}],
        created_at=MONDAY,
        created_by="Root Admin",
    )
    return run, exclusion, template, sheet


def _a_match_policy(number: str, people: dict[str, Person]) -> MatchPolicy:
    bea = people["bea"].actor
    with acting(bea):
        company = Company.objects.get(code="NM").pk
        command = WriteMatchPolicy(company, f"Matching of {number}", "two_way")
        return write_match_policy(command, actor=bea, at=MONDAY)


def _a_discount_policy(number: str) -> DiscountPolicy:
    """Written by nobody who is among us, so that everybody who may can let it act."""
    with acting(FEED):
        company = Company.objects.get(code="NM").pk
        command = WriteDiscountPolicy(company, f"Early for {number}", "EUR", Decimal(12), Decimal(2))
        return write_discount_policy(command, actor=FEED, at=MONDAY)


def _invited(supplier: Supplier) -> Invitation:
    """Somebody who has not answered yet."""
    with acting(FEED):
        paper = InvitePerson("new@elsewhere.example", SupplierRole.SHIPPING, supplier.pk)
        return invite_person(paper, actor=FEED, at=MONDAY)


def _documents(number: str) -> tuple[proofs.DocumentVersion, proofs.DocumentKind, proofs.Requirement]:
    """A picture that waits for a reviewer, of a kind of its own that is required; supplied by none of us."""
    with acting(FEED):
        code = f"kind-{number.lower()}"
        kind = write_kind(WriteKind(code, f"Kind of {number}"), actor=FEED, at=MONDAY)
        needed = WriteRequirement(code, True, False, MONDAY.date())
        requirement = write_requirement(needed, actor=FEED, at=MONDAY)
    version = supply(FEED, code, supplier=number, name="proof.png", content=a_picture(), valid_until=None)
    return version, kind, requirement


def _proof(invoice: Invoice, person: Person) -> InvoiceFile:
    """A file of an invoice that was sent: both sides may see it."""
    with acting(person.actor):
        entry = FileEntry("evidence", "proof.pdf", b"%PDF-1.7")
        return add_invoice_file(invoice.key, entry, actor=person.actor, at=MONDAY)


def through_a_gateway(supplier: Supplier) -> tuple[Gateway, GatewaySecret, GatewayMessage, GatewayEvent]:
    """A supplier's own carrier, with a message whose event found nothing."""
    made: dict[str, Any] = {"made_at": MONDAY, "made_by": "Ines Integrator"}
    gateway = Gateway.objects.create(
        kind="carrier", name=f"Lorries of {supplier.number}", supplier=supplier, **made
    )
    secret = GatewaySecret.objects.create(gateway=gateway, place=1, **made)
    message = GatewayMessage.objects.create(
        gateway=gateway,
        way="webhook",
        message_id="m-1",
        sha256="0" * 64,
        size=2,
        raw=b"{}",
        received_at=MONDAY,
        state="done",
    )
    event = GatewayEvent.objects.create(
        gateway=gateway,
        message=message,
        position=0,
        kind="milestone",
        own_key="e-1",
        said={"kind": "departed", "happened_at": MONDAY.isoformat(), "consignment": {"notice": "DN-9"}},
        names=["notice:dn9"],
        state="unplaced",
        why="unknown",
        received_at=MONDAY,
    )
    return gateway, secret, message, event


def _counted(number: str, order_number: str) -> ReceivingSheet:
    """A count that was posted, of goods that nobody announced, some of them damaged."""
    line = WholeCountLine(order_number, "L20", Decimal(4), Decimal(1), note="Crushed.")
    whole = WholeCount(
        "NM", number, f"WMS-{number}", MONDAY.date(), (line,), delivery_note=f"LS-{number}", site="LEEDS"
    )
    return post_count(whole, actor=FEED, at=MONDAY)


def a_time(notice: ShipNotice) -> Appointment:
    """A time at the dock that was asked for."""
    return Appointment.objects.create(
        supplier_id=notice.supplier_id,
        site_id=notice.ship_to_id,
        consignment=notice.consignment,
        starts_at=MONDAY + timedelta(days=29),
        ends_at=MONDAY + timedelta(days=29, minutes=30),
        asked_at=MONDAY,
        updated_at=MONDAY,
        written_by="Asha Acme",
    )


def _opening_hours(number: str) -> OfficeCalendar:
    """Opening hours of a country, one for each supplier's."""
    hours = week_to_json(default_calendar("DE", "Europe/Berlin").hours)
    return OfficeCalendar.objects.create(
        country={"ACME": "IN", "GLOBEX": "DE"}[number],
        hours=hours,
        written_at=MONDAY,
        written_by="Root Admin",
    )


def by_mail(order: PurchaseOrder, supplier: Supplier) -> tuple[InboundMail, MailDraft]:
    """A mail about an order, and what was read in it."""
    mail = InboundMail.objects.create(
        door="imap",
        received_at=MONDAY,
        sha256="0" * 64,
        fingerprint=f"{supplier.pk:064}",
        sender="sales@supplier.example",
        size=2,
        raw=b"\n\n",
        state="drafted",
        supplier=supplier,
        order=order,
    )
    line = {
        "key": "L20",
        "number": 20,
        "pieces": [],
        "evidence": {"line": "Fine."},
        "marks": [],
        "cancel": False,
    }
    draft = MailDraft.objects.create(
        supplier=supplier,
        order=order,
        mail=mail,
        kind="answer",
        order_version=order.version,
        revision=order.revision,
        sender="Asha Acme",
        written_at=MONDAY,
        lines=[line],
        made_at=MONDAY,
    )
    return mail, draft


def _for_the_erp(order: PurchaseOrder) -> tuple[ErpCommand, OutboxMessage]:
    """A command in conflict, and the parked message that brought it."""
    payload = {"company": "NM", "number": order.number, "supplier": "", "base_revision": "1", "lines": []}
    message = OutboxMessage.objects.create(
        topic="erp",
        stream=order.stream,
        kind="order.promise_agreed",
        payload=payload,
        supplier_id=order.supplier_id,
        state=MessageState.PARKED,
        created_at=MONDAY,
        due_at=MONDAY,
        actor_label="Bea Buyer",
        channel="portal",
    )
    command = ErpCommand.objects.create(
        key=message.key,
        origin=message.key,
        supplier_id=order.supplier_id,
        order=order,
        state=CommandState.CONFLICT,
        payload=payload | {"supplier_reference": ""},
        queued_at=MONDAY,
    )
    return command, message


def _told(notice: ShipNotice) -> NoticeWrite:
    """The notice as somebody has to key it into the ERP."""
    message = OutboxMessage.objects.get(topic="erp", kind="shipment.sent", stream=notice.stream)
    write, _orders = take_up_notice(message)
    NoticeWrite.objects.filter(pk=write.pk).update(state=TellingState.TO_KEY)
    return write


def _order(objects: Objects) -> dict[str, Any]:
    return {"key": objects.order.key}


def _answer(objects: Objects) -> dict[str, Any]:
    return {"key": objects.order.key, "answer": objects.answer.key}


def _answer_alone(objects: Objects) -> dict[str, Any]:
    return {"key": objects.answer.key}


def _token(objects: Objects) -> dict[str, Any]:
    return {"prefix": objects.token.prefix}


def _file(objects: Objects) -> dict[str, Any]:
    return {"key": objects.file.key}


def _command(objects: Objects) -> dict[str, Any]:
    return {"key": objects.command.origin}


def _message(objects: Objects) -> dict[str, Any]:
    return {"key": objects.message.key}


def _run(objects: Objects) -> dict[str, Any]:
    return {"key": objects.run.key}


def _group(objects: Objects) -> dict[str, Any]:
    return {"kind": "commands", "mark": mark_of(Kind.COMMANDS, objects.command.state, "")}


def _comparison(objects: Objects) -> dict[str, Any]:
    return {"key": objects.comparison.key}


def _drift(objects: Objects) -> dict[str, Any]:
    return {"key": objects.drift.key}


def _kind_of_drift(objects: Objects) -> dict[str, Any]:
    return {"kind": objects.drift.kind, "repair": "take_erp"}


def _policy(objects: Objects) -> dict[str, Any]:
    return {"key": objects.policy.key}


def _match_policy(objects: Objects) -> dict[str, Any]:
    return {"key": objects.match_policy.key}


def _discount_policy(objects: Objects) -> dict[str, Any]:
    return {"key": objects.discount_policy.key}


def _rule(objects: Objects) -> dict[str, Any]:
    return {"key": objects.policy.key, "rule": objects.rule.key}


def _decision(objects: Objects) -> dict[str, Any]:
    return {"key": objects.decision.key}


def _supplier(objects: Objects) -> dict[str, Any]:
    return {"key": objects.supplier_key}


def _item(_objects: Objects) -> dict[str, Any]:
    return {"number": "VALVE-15"}


def _case(objects: Objects) -> dict[str, Any]:
    return {"key": objects.case.key}


def _case_verb(objects: Objects) -> dict[str, Any]:
    return {"key": objects.case.key, "verb": "snooze"}


def _task(objects: Objects) -> dict[str, Any]:
    return {"key": objects.task.key}


def _queue(objects: Objects) -> dict[str, Any]:
    return {"key": objects.queue.key}


def _assignment(objects: Objects) -> dict[str, Any]:
    return {"key": objects.assignment.key}


def _absence(objects: Objects) -> dict[str, Any]:
    return {"key": objects.absence.key}


def _formula(objects: Objects) -> dict[str, Any]:
    return {"key": objects.formula.key}


def _formula_verb(objects: Objects) -> dict[str, Any]:
    return {"key": objects.formula.key, "verb": "ask"}


def _document(objects: Objects) -> dict[str, Any]:
    return {"key": objects.document.key}


def _document_kind(objects: Objects) -> dict[str, Any]:
    return {"code": objects.document_kind.code}


def _requirement(objects: Objects) -> dict[str, Any]:
    return {"key": objects.requirement.key}


def _document_supply(objects: Objects) -> dict[str, Any]:
    return {"key": objects.supplier_key, "code": objects.document_kind.code}


def _company(_objects: Objects) -> dict[str, Any]:
    return {"company": "NM"}


def _service(objects: Objects) -> dict[str, Any]:
    return {"key": objects.service.key}


def _office(objects: Objects) -> dict[str, Any]:
    return {"key": objects.office.key}


def _office_place(_objects: Objects) -> dict[str, Any]:
    return {"level": "company", "code": "NM"}


def _uploaded_notices(objects: Objects) -> dict[str, Any]:
    return {"key": objects.uploaded_notices.key}


def _uploaded_invoices(objects: Objects) -> dict[str, Any]:
    return {"key": objects.uploaded_invoices.key}


def _invoice_xml(objects: Objects) -> dict[str, Any]:
    return {"key": objects.invoice.key, "syntax": "ubl"}


def _upload(objects: Objects) -> dict[str, Any]:
    return {"key": objects.upload.key}


def _link(objects: Objects) -> dict[str, Any]:
    return {"key": objects.order.key, "link": objects.link.key}


def _change(objects: Objects) -> dict[str, Any]:
    return {"key": objects.change.key}


def _notice(objects: Objects) -> dict[str, Any]:
    return {"key": objects.notice.key}


def _invoice(objects: Objects) -> dict[str, Any]:
    return {"key": objects.invoice.key}


def _invoice_file(objects: Objects) -> dict[str, Any]:
    return {"key": objects.invoice_file.key}


def _invoice_verb(objects: Objects) -> dict[str, Any]:
    return {"key": objects.invoice.key, "verb": "accept"}


def _question(objects: Objects) -> dict[str, Any]:
    return {"key": objects.question.key}


def _statement(objects: Objects) -> dict[str, Any]:
    return {"key": objects.statement.key}


def _statement_row(objects: Objects) -> dict[str, Any]:
    return {"key": objects.statement.key, "row": 2}


def _statement_file(objects: Objects) -> dict[str, Any]:
    return {"key": objects.statement.key, "kind": "csv"}


def _approval(objects: Objects) -> dict[str, Any]:
    return {"key": objects.approval.key, "word": "approve"}


def _approval_alone(objects: Objects) -> dict[str, Any]:
    return {"key": objects.approval.key}


def _approval_rule(objects: Objects) -> dict[str, Any]:
    return {"key": objects.approval_rule.key}


def _approval_limit(objects: Objects) -> dict[str, Any]:
    return {"key": objects.approval_limit.key}


def _company_code(_objects: Objects) -> dict[str, Any]:
    return {"code": "NM"}


def _time(objects: Objects) -> dict[str, Any]:
    return {"key": objects.time.key}


def _time_verb(objects: Objects) -> dict[str, Any]:
    return {"key": objects.notice.key, "verb": "ask"}


def _site(_objects: Objects) -> dict[str, Any]:
    return {"code": "LEEDS"}


def _telling(objects: Objects) -> dict[str, Any]:
    return {"key": objects.telling.key}


def _mail(objects: Objects) -> dict[str, Any]:
    return {"key": objects.mail.key}


def _mail_draft(objects: Objects) -> dict[str, Any]:
    return {"key": objects.mail_draft.key}


def _sheet(objects: Objects) -> dict[str, Any]:
    return {"key": objects.sheet.key}


def _sheet_line(objects: Objects) -> dict[str, Any]:
    return {"key": objects.sheet.key, "line": objects.sheet_line.pk}


def _photo(objects: Objects) -> dict[str, Any]:
    return {"key": objects.photo.key}


def _package(objects: Objects) -> dict[str, Any]:
    return {"key": objects.notice.key, "position": 1}


def _paper(objects: Objects) -> dict[str, Any]:
    return {"key": objects.notice.key, "what": "zpl-4x6-203"}


def _gateway(objects: Objects) -> dict[str, Any]:
    return {"key": objects.gateway.key}


def _gateway_secret(objects: Objects) -> dict[str, Any]:
    return {"key": objects.gateway.key, "secret": objects.gateway_secret.key}


def _gateway_message(objects: Objects) -> dict[str, Any]:
    return {"key": objects.gateway_message.key}


def _gateway_event(objects: Objects) -> dict[str, Any]:
    return {"key": objects.gateway_event.key}


def _somebody(_objects: Objects) -> dict[str, Any]:
    return {"number": User.objects.order_by("pk").values_list("pk", flat=True)[0]}


def _person(objects: Objects) -> dict[str, Any]:
    return {"person": objects.person.pk}


def _bank_change(objects: Objects) -> dict[str, Any]:
    return {"key": objects.bank_change.key}


def _bank_account(objects: Objects) -> dict[str, Any]:
    return {"key": objects.bank_account.key}


def _bank_proof(objects: Objects) -> dict[str, Any]:
    return {"key": objects.bank_proof.key}


def _supplier_key(objects: Objects) -> dict[str, Any]:
    return {"key": objects.supplier_key}


def _member(objects: Objects) -> dict[str, Any]:
    """Somebody new each time: who was removed a moment ago is not there for the next to ask."""
    with acting(FEED):
        user = User.objects.create_user(f"{uuid4()}@supplier.example", name="Nobody Special")
        member = Membership.objects.create(
            user=user, supplier_id=objects.supplier_id, role=SupplierRole.READ_ONLY
        )
    return {"member": member.pk}


def _colleague(objects: Objects) -> dict[str, Any]:
    with acting(FEED):
        user = User.objects.create_user(
            f"{uuid4()}@northmoor.example", name="Nobody Special", company_role=CompanyRole.PLANNER
        )
    return {"person": user.pk}


def _onboarding_run(objects: Objects) -> dict[str, Any]:
    return {"key": objects.onboarding.key}


def _exclusion(objects: Objects) -> dict[str, Any]:
    return {"key": objects.exclusion.key}


def _onboarding_template(objects: Objects) -> dict[str, Any]:
    return {"code": objects.template.code}


def _hit(objects: Objects) -> dict[str, Any]:
    return {"key": objects.hit.key}


def _asks(objects: Objects) -> dict[str, Any]:
    return {"key": objects.asks.key}


def _merge(objects: Objects) -> dict[str, Any]:
    return {"key": objects.merge.key}


def _two_records(objects: Objects) -> dict[str, Any]:
    return {"key": objects.supplier_key, "other": objects.merge.kept.key}


def _offboarding(objects: Objects) -> dict[str, Any]:
    return {"key": objects.offboarding.key}


def _suppliers_sheet(objects: Objects) -> dict[str, Any]:
    return {"key": objects.suppliers_sheet.key}


def _invitation(objects: Objects) -> dict[str, Any]:
    return {"key": objects.invitation.key}


def _provider(objects: Objects) -> dict[str, Any]:
    with acting(FEED):
        return {"key": IdentityProvider.objects.get(supplier=objects.supplier_id).key}


def _scim_secret(objects: Objects) -> dict[str, Any]:
    with acting(FEED):
        provider = IdentityProvider.objects.get(supplier=objects.supplier_id)
        made = {"prefix": f"{objects.supplier_id:08x}", "digest": "0" * 64, "created_at": MONDAY}
        secret, _made = ScimSecret.objects.get_or_create(
            provider=provider, defaults=made | {"created_by": "Root"}
        )
    return {"key": provider.key, "prefix": secret.prefix}


def _company_part(objects: Objects) -> dict[str, Any]:
    return {"key": objects.supplier_key, "part": "names"}


def _detail_change(objects: Objects) -> dict[str, Any]:
    return {"key": objects.detail_change.key}


SHOWS: dict[str, Callable[[Objects], dict[str, Any]]] = {
    "person-data": _somebody,
    "person-export": _somebody,
    "person-erase": _somebody,
    "document-version": _document,
    "document-file": _document,
    "document-picture": _document,
    "document-accept": _document,
    "document-refuse": _document,
    "document-kind-retire": _document_kind,
    "document-requirement-retire": _requirement,
    "supplier-documents": _supplier,
    "document-supply": _document_supply,
    "api-document": _document,
    "api-document-file": _document,
    "api-document-accept": _document,
    "api-document-refuse": _document,
    "order": _order,
    "order-answer": _order,
    "answer-line": _order,
    "answer-discard": _order,
    "answer-withdraw": _answer,
    "answer-decide": _order,
    "order-deadline": _order,
    "order-revisions": _order,
    "thread": _order,
    "order-print": _order,
    "order-pdf": _order,
    "answer-sheet": _order,
    "answer-preview": _upload,
    "shipment-upload-preview": _uploaded_notices,
    "shipment-upload-columns": _uploaded_notices,
    "invoice-upload-preview": _uploaded_invoices,
    "invoice-upload-columns": _uploaded_invoices,
    "invoice-pdf": _invoice,
    "invoice-xml": _invoice_xml,
    "message-send": _order,
    "file-add": _order,
    "file": _file,
    "token-revoke": _token,
    "api-order": _order,
    "api-order-acknowledge": _order,
    "api-acknowledgment": _answer_alone,
    "api-acknowledgment-withdraw": _answer_alone,
    "change-new": _order,
    "change-check": _order,
    "change": _change,
    "change-answer": _change,
    "change-revise": _change,
    "api-order-changes": _order,
    "payables-case": _invoice,
    "payables-do": _invoice_verb,
    "payables-ask": _invoice,
    "payables-short": _invoice,
    "invoice-questions": _invoice,
    "invoice-answer": _question,
    "approval-answer": _approval,
    "approval-rule-end": _approval_rule,
    "approval-limit-drop": _approval_limit,
    "statement": _statement,
    "statement-columns": _statement,
    "statement-compare": _statement,
    "statement-discard": _statement,
    "statement-settle": _statement,
    "statement-say": _statement_row,
    "statement-result": _statement_file,
    "api-statement": _statement,
    "api-statement-compare": _statement,
    "invoicing": _company_code,
    "invoicing-save": _company_code,
    **{
        f"api-desk-{verb}": _invoice
        for verb in (
            "case",
            "accept",
            "ask-approval",
            "call-off",
            "hold",
            "release",
            "reject",
            "reopen",
            "ask",
            "pay-short",
        )
    },
    "api-approval": _approval_alone,
    "api-approval-approve": _approval_alone,
    "api-approval-decline": _approval_alone,
    "api-invoice-questions": _invoice,
    "api-question-answer": _question,
    "api-invoice": _invoice,
    **{
        f"api-invoice-{verb}": _invoice
        for verb in ("match", "send", "revise", "withdraw", "reject", "discard", "credit")
    },
    "api-ship-notice": _notice,
    "api-ship-notice-send": _notice,
    "api-ship-notice-correct": _notice,
    "api-ship-notice-cancel": _notice,
    "api-ship-notice-discard": _notice,
    "api-ship-notice-milestone": _notice,
    "api-thread": _order,
    "api-file": _file,
    "api-change": _change,
    "api-change-accept": _change,
    "api-change-counter": _change,
    "api-change-decline": _change,
    "api-change-edit": _change,
    "api-change-withdraw": _change,
    "integration-command": _command,
    "order-story": _order,
    "item": _item,
    "supplier-record": _supplier,
    "order-link-end": _link,
    "integration-command-read": _command,
    "integration-command-retry": _command,
    "integration-command-keep": _command,
    "integration-command-ask": _command,
    "integration-command-assign": _command,
    "integration-command-give-up": _command,
    "integration-message-replay": _message,
    "integration-message-skip": _message,
    "integration-telling": _telling,
    "integration-telling-again": _telling,
    "integration-telling-keyed": _telling,
    "integration-run": _run,
    "integration-failure-group": _group,
    "integration-failure-group-retry": _group,
    "integration-comparison-run": _comparison,
    "integration-drift": _drift,
    "integration-drift-repair": _drift,
    "integration-drift-ignore": _drift,
    "integration-drift-reopen": _drift,
    "integration-drift-repair-all": _kind_of_drift,
    "integration-gateway": _gateway,
    "integration-gateway-upload": _gateway,
    "integration-gateway-switch": _gateway,
    "integration-gateway-secret": _gateway,
    "integration-gateway-secret-end": _gateway_secret,
    "integration-gateway-message": _gateway_message,
    "integration-gateway-message-raw": _gateway_message,
    "integration-gateway-message-replay": _gateway_message,
    "integration-gateway-event": _gateway_event,
    "integration-gateway-event-place": _gateway_event,
    "integration-gateway-event-dismiss": _gateway_event,
    "policy": _policy,
    "policy-copy": _policy,
    "policy-ask": _policy,
    "policy-hand-back": _policy,
    "policy-approve": _policy,
    "policy-retire": _policy,
    "policy-rule-new": _policy,
    "policy-rule": _rule,
    "policy-rule-drop": _rule,
    "policy-dry-run": _policy,
    "invoice-match": _invoice,
    "supplier-company": _supplier,
    "supplier-categories": _supplier,
    "company-history": _supplier,
    "company-part": _company_part,
    "detail-change": _detail_change,
    "detail-change-approve": _detail_change,
    "detail-change-refuse": _detail_change,
    "detail-change-withdraw": _detail_change,
    "api-supplier": _supplier,
    "api-supplier-legal": _supplier,
    "api-supplier-names": _supplier,
    "api-supplier-preferences": _supplier,
    "api-supplier-channel": _supplier,
    "api-supplier-number": _supplier,
    "api-supplier-address": _supplier,
    "api-supplier-contact": _supplier,
    "api-detail-change": _detail_change,
    "api-detail-change-approve": _detail_change,
    "api-detail-change-refuse": _detail_change,
    "api-detail-change-withdraw": _detail_change,
    "bank-supplier": _supplier_key,
    "bank-new": _supplier_key,
    "bank-freeze": _supplier_key,
    "bank-thaw": _supplier_key,
    "bank-thaw-confirm": _supplier_key,
    "bank-account-number": _bank_account,
    "bank-change": _bank_change,
    "bank-confirm": _bank_change,
    "bank-withdraw": _bank_change,
    "bank-call": _bank_change,
    "bank-approve": _bank_change,
    "bank-go-on": _bank_change,
    "bank-entered": _bank_change,
    "bank-refuse": _bank_change,
    "bank-shorten": _bank_change,
    "bank-grant": _bank_change,
    "bank-change-number": _bank_change,
    "bank-proof": _bank_proof,
    "api-bank-change": _bank_change,
    "early-payment": _invoice,
    "early-payment-agree": _invoice,
    "early-payment-take-back": _invoice,
    "api-early-payment": _invoice,
    "api-early-payment-agree": _invoice,
    "api-early-payment-take-back": _invoice,
    "discount-policy": _discount_policy,
    "discount-policy-edit": _discount_policy,
    "discount-policy-approve": _discount_policy,
    "discount-policy-retire": _discount_policy,
    "match-policy": _match_policy,
    "match-policy-edit": _match_policy,
    "match-policy-approve": _match_policy,
    "match-policy-retire": _match_policy,
    "rules-switch": _company,
    "service": _service,
    "service-change": _service,
    "service-approve": _service,
    "service-retire": _service,
    "office": _office_place,
    "office-forget": _office,
    "rule-decision": _decision,
    "rule-decision-reopen": _decision,
    "inbox-case": _case,
    "api-case": _case,
    "api-case-notes": _case,
    "api-case-assign": _case,
    "api-case-snooze": _case,
    "api-case-wake": _case,
    "api-case-settle": _case,
    "api-case-reopen": _case,
    "api-case-decide": _case,
    "inbox-note": _case,
    "inbox-do": _case_verb,
    "inbox-task": _task,
    "inbox-task-withdraw": _task,
    "inbox-queue-drop": _queue,
    "inbox-rule-drop": _assignment,
    "inbox-away-drop": _absence,
    "formula": _formula,
    "formula-write": _formula,
    "formula-try": _formula,
    "formula-move": _formula_verb,
    "shipment": _notice,
    "shipment-save": _notice,
    "shipment-package": _package,
    "shipment-send": _notice,
    "shipment-discard": _notice,
    "shipment-correct": _notice,
    "shipment-cancel": _notice,
    "shipment-close": _notice,
    "shipment-repeat": _notice,
    "shipment-milestone": _notice,
    "shipment-print": _notice,
    "shipment-document": _paper,
    "shipment-counted": _notice,
    "receiving-sheet": _sheet,
    "receiving-count": _sheet,
    "receiving-lines": _sheet,
    "receiving-line": _sheet_line,
    "receiving-wrong": _sheet,
    "receiving-photos": _sheet,
    "receiving-photo": _photo,
    "receiving-post": _sheet,
    "receiving-discard": _sheet,
    "receiving-reverse": _sheet,
    "receiving-say": _sheet,
    "api-count": _sheet,
    "api-count-reverse": _sheet,
    "api-count-say": _sheet,
    "invoice": _invoice,
    "invoice-save": _invoice,
    "invoice-send": _invoice,
    "invoice-discard": _invoice,
    "invoice-withdraw": _invoice,
    "invoice-revise": _invoice,
    "invoice-note": _invoice,
    "invoice-account": _invoice,
    "invoice-file-add": _invoice,
    "invoice-file": _invoice_file,
    "invoice-file-drop": _invoice_file,
    "shipment-time": _notice,
    "shipment-time-do": _time_verb,
    "dock-plan": _site,
    "dock-plan-forget": _site,
    "api-appointment": _time,
    "api-appointment-confirm": _time,
    "api-appointment-accept": _time,
    "api-appointment-refuse": _time,
    "api-appointment-cancel": _time,
    "api-appointment-call-off": _time,
    "api-free-time-list": _notice,
    "api-time-ask": _notice,
    "api-time-propose": _notice,
    "api-mail-draft": _mail_draft,
    "mail": _mail,
    "mail-raw": _mail,
    "mail-place": _mail,
    "mail-dismiss": _mail,
    "draft-confirm": _mail_draft,
    "draft-correct": _mail_draft,
    "draft-discard": _mail_draft,
    "draft-sheet": _mail_draft,
    "person-signin": _person,
    "factor-reset-withdraw": _person,
    "impersonate": _person,
    "onboarding-run": _onboarding_run,
    "onboarding-resend": _onboarding_run,
    "onboarding-reassign": _onboarding_run,
    "onboarding-decide": _onboarding_run,
    "onboarding-template": _onboarding_template,
    "onboarding-template-retire": _onboarding_template,
    "onboarding-sheet": _suppliers_sheet,
    "exclusion-end": _exclusion,
    "registration": _asks,
    "registration-approve": _asks,
    "registration-refuse": _asks,
    "supplier": _supplier,
    "merge": _merge,
    "merge-decide": _merge,
    "merge-new": _two_records,
    "api-supplier-merge": _merge,
    **{f"api-supplier-merge-{verb}": _merge for verb in ("approve", "refuse", "withdraw", "undo")},
    "supplier-health": _supplier,
    "supplier-offboarding": _supplier,
    "offboarding-begin": _supplier,
    **{f"offboarding-{verb}": _offboarding for verb in ("move", "call-off", "end", "reopen")},
    "api-offboarding": _offboarding,
    **{f"api-offboarding-{verb}": _offboarding for verb in ("move", "call-off", "end", "reopen")},
    "screening-hit": _hit,
    "screening-decide": _hit,
    "api-onboarding": _onboarding_run,
    "api-onboarding-hand-in": _onboarding_run,
    "api-onboarding-approve": _onboarding_run,
    "api-onboarding-hand-back": _onboarding_run,
    "api-onboarding-refuse": _onboarding_run,
    "api-onboarding-withdraw": _onboarding_run,
    "identity-provider-add": lambda _objects: {"kind": "saml"},
    "identity-provider": _provider,
    "identity-provider-change": _provider,
    "identity-provider-try": _provider,
    "identity-provider-on": _provider,
    "identity-provider-off": _provider,
    "scim-secret-new": _provider,
    "scim-secret-revoke": _scim_secret,
    "identity-provider-part": lambda objects: _provider(objects) | {"identity": 1},
    "people-role": _member,
    "people-remove": _member,
    "invitation-resend": _invitation,
    "invitation-revoke": _invitation,
    "staff-role": _colleague,
    "staff-deactivate": _colleague,
    "staff-reactivate": _colleague,
    "api-person": _member,
    "api-person-role": _member,
    "api-person-remove": _member,
    "api-invitation": _invitation,
    "api-invitation-resend": _invitation,
    "api-invitation-revoke": _invitation,
    "api-staff-role": _colleague,
    "api-staff-close": _colleague,
    "api-staff-open": _colleague,
}
