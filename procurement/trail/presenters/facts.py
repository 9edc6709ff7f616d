"""What facts of events are called and their values, as people read them: no word of the program where there is one."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from portal.kernel.actors import Side
from portal.kernel.templatetags.portal_ui import day_text, figure, moment_text
from procurement.acknowledgments.states import AcknowledgmentState
from procurement.changes.states import ChangeState
from procurement.clocks.states import ClockState, ServiceState
from procurement.discounting.states import DiscountPolicyState
from procurement.erp.reconciliation.states import DriftState
from procurement.erp.states import CommandState, ConnectionState
from procurement.inbox.states import CaseKind, CaseState, FormulaState
from procurement.invoices.states import Acts, InvoiceState
from procurement.mailroom.states import Door, MailState
from procurement.mailroom.states import Why as MailWhy
from procurement.matching.states import MatchPolicyState
from procurement.orders.presenters import FIELD_WORDS, field_word
from procurement.orders.states import OrderState
from procurement.payables.states import Asked as AskedOfInvoice
from procurement.receipts.states import SheetState
from procurement.receipts.states import Word as SaidOfDifference
from procurement.shipments.states import NoticeState
from procurement.statements.states import StatementState
from procurement.tolerances.states import PolicyState
from suppliers.banking.policies import RISKS
from suppliers.banking.states import AccountState, CallOutcome, Origin
from suppliers.banking.states import ChangeKind as BankKind
from suppliers.banking.states import ChangeState as BankState
from suppliers.details.states import Part
from suppliers.documents.states import AskedFor, DocumentState
from suppliers.merging.states import MergeState
from suppliers.offboarding.states import OffboardingState
from suppliers.onboarding.states import ChaseKind, ExclusionReason, InvitedHow, RunState, StepKind
from suppliers.people.states import InvitationState
from suppliers.registration.states import RequestState
from suppliers.roles import CompanyRole, SupplierRole
from suppliers.screening.states import HitState, ListSource
from suppliers.states import Segment, SupplierState, TradeChannel

Words = Mapping[str, object]  # of codes; labels are texts or lazy ones


def _words(choices: type[TextChoices]) -> Words:
    return dict(choices.choices)


SIDES: Mapping[str, Promise] = {
    Side.COMPANY: lazy("our side"),
    Side.SUPPLIER: lazy("the supplier’s side"),
    Side.SYSTEM: lazy("the portal itself"),
}
# What facts are called. The same name may mean another thing in another kind of event: `FACTS_OF`.
FACTS: Mapping[str, Promise] = {
    **FIELD_WORDS,
    "account": lazy("Account"),
    "action": lazy("What was done"),
    "active": lazy("In use"),
    "acts": lazy("Whose turn"),
    "address": lazy("Address"),
    "again": lazy("Asked once more"),
    "agreed": lazy("Agreed"),
    "allow_without_order": lazy("Invoices without an order are taken"),
    "amount": lazy("Amount"),
    "amount_from": lazy("From the amount"),
    "answer": lazy("Answer"),
    "answers": lazy("Answers"),
    "approved_too": lazy("Approved it too"),
    "approves_alone": lazy("Approves by itself"),
    "as_asked": lazy("As asked"),
    "asked": lazy("Somebody acts for it already"),
    "asked_by": lazy("Asked by"),
    "asked_of": lazy("Asked of"),
    "author": lazy("Author"),
    "bank_name": lazy("Bank"),
    "because": lazy("Because"),
    "before": lazy("Before"),
    "bic": lazy("BIC"),
    "bill": lazy("Invoice in the ERP"),
    "booked": lazy("Booked"),
    "by": lazy("By"),
    "by_rule": lazy("By rule"),
    "bytes": lazy("Size in bytes"),
    "carrier": lazy("Carrier"),
    "categories": lazy("Categories"),
    "change_count": lazy("How many changes"),
    "changed": lazy("Changed"),
    "changes": lazy("Changed"),
    "channel": lazy("Channel"),
    "claims_received": lazy("What was received is paid"),
    "code": lazy("Code"),
    "company": lazy("Company"),
    "compulsory": lazy("Compulsory"),
    "contact": lazy("Contact"),
    "contacts": lazy("Contacts"),
    "copy_of": lazy("Copied from"),
    "count": lazy("How many"),
    "countries": lazy("Countries"),
    "country": lazy("Country"),
    "currency": lazy("Currency"),
    "day": lazy("Day"),
    "demanded": lazy("Demanded"),
    "devices": lazy("Devices"),
    "differing": lazy("Rows that differ"),
    "differs": lazy("Differences"),
    "discount": lazy("Discount"),
    "disputed": lazy("Disputed"),
    "documents": lazy("Documents"),
    "domains": lazy("Domains"),
    "door": lazy("Door"),
    "due_at": lazy("Due"),
    "due_on": lazy("Due"),
    "duplicate": lazy("Duplicate"),
    "echoed": lazy("As it was promised"),
    "email": lazy("Address"),
    "ended": lazy("Ended"),
    "ended_on": lazy("Ended"),
    "ends": lazy("Removed"),
    "ends_at": lazy("Ends"),
    "events": lazy("Events"),
    "expected_on": lazy("Expected"),
    "expires": lazy("Has an end"),
    "extension": lazy("Extension digit"),
    "failures": lazy("Failures"),
    "feed": lazy("Feed"),
    "fields": lazy("Fields"),
    "file": lazy("File"),
    "filters": lazy("Narrowed by"),
    "format": lazy("As"),
    "formats": lazy("Formats"),
    "found": lazy("Found"),
    "from": lazy("From"),
    "from_on": lazy("From"),
    "gap": lazy("Difference"),
    "grace_days": lazy("Days of grace"),
    "group": lazy("Group"),
    "happened_at": lazy("Happened"),
    "has_ended": lazy("Has ended already"),
    "holder": lazy("Holder"),
    "hours": lazy("Hours"),
    "how": lazy("How"),
    "id": lazy("Number at the sender"),
    "identifiers": lazy("Identifiers"),
    "into": lazy("Goes into"),
    "invited": lazy("Invited"),
    "issue": lazy("Version"),
    "issuer": lazy("Issuer"),
    "item_group": lazy("Item group"),
    "kept": lazy("Kept"),
    "kind": lazy("Kind"),
    "kind_name": lazy("Document"),
    "kinds": lazy("Kinds"),
    "label": lazy("Of"),
    "language": lazy("Language"),
    "last_on": lazy("Last day"),
    "late_from": lazy("Late from"),
    "lead_days": lazy("Lead time in days"),
    "left": lazy("Left"),
    "level": lazy("Level"),
    "line": lazy("Line"),
    "line_count": lazy("How many lines"),
    "lines": lazy("Lines"),
    "listed": lazy("Listed as"),
    "marked": lazy("How many were marked"),
    "members": lazy("Members"),
    "missing": lazy("Missing"),
    "moment": lazy("When"),
    "most_percent": lazy("At most, in percent"),
    "name": lazy("Name"),
    "new": lazy("New"),
    "next_serial": lazy("Next number"),
    "note": lazy("Note"),
    "number": lazy("Number"),
    "number_from": lazy("The telephone number is from"),
    "of": lazy("Of how many"),
    "old": lazy("Former"),
    "on": lazy("Day"),
    "on_behalf": lazy("For the supplier"),
    "order": lazy("Order"),
    "order_kind": lazy("Kind of order"),
    "orders": lazy("Orders"),
    "origin": lazy("Where it came from"),
    "others": lazy("Others"),
    "outcome": lazy("What came of it"),
    "overdue": lazy("Overdue"),
    "overdue_minutes": lazy("Overdue, in minutes"),
    "owner": lazy("Owner"),
    "packages": lazy("Packages"),
    "paid_on": lazy("Paid"),
    "part": lazy("Part"),
    "parties": lazy("How many parties"),
    "pay_on": lazy("To be paid"),
    "people": lazy("People"),
    "person": lazy("Person"),
    "pieces": lazy("Pieces"),
    "place": lazy("Place"),
    "policy": lazy("Rules"),
    "prefix": lazy("Begins with"),
    "program": lazy("Program"),
    "prospect": lazy("Not in the ERP yet"),
    "provider": lazy("Provider"),
    "purpose": lazy("What for"),
    "question": lazy("Question"),
    "reason": lazy("Reason"),
    "record": lazy("Record"),
    "ref": lazy("Number on the list"),
    "reference": lazy("Reference"),
    "refused": lazy("Refused"),
    "releases": lazy("The accounts are released"),
    "reopened": lazy("Opened again"),
    "repair": lazy("Repair"),
    "repeats": lazy("Repeats"),
    "revision": lazy("Revision"),
    "risks": lazy("Risks"),
    "role": lazy("Role"),
    "row": lazy("Row"),
    "rows": lazy("Rows"),
    "rule": lazy("Rule"),
    "rules": lazy("Rules"),
    "same_as": lazy("The same as"),
    "scope": lazy("What it may do"),
    "score": lazy("Score"),
    "secret": lazy("Secret"),
    "segment": lazy("Segment"),
    "segments": lazy("Segments"),
    "sender": lazy("Sender"),
    "sent_again": lazy("Sent again"),
    "ship_on": lazy("Ships on"),
    "side": lazy("Side"),
    "since": lazy("Since"),
    "site": lazy("Place"),
    "size": lazy("Size in bytes"),
    "source": lazy("List"),
    "stand_in": lazy("Stands in"),
    "starts_at": lazy("Begins"),
    "state": lazy("State"),
    "stated_on": lazy("Of the day"),
    "step": lazy("Step"),
    "steps": lazy("Steps"),
    "subject": lazy("Subject"),
    "supplier": lazy("Supplier"),
    "system": lazy("System"),
    "taken": lazy("As it is here"),
    "taken_over": lazy("Record taken over"),
    "takes_effect_at": lazy("Takes effect"),
    "target": lazy("Time allowed"),
    "taxes": lazy("Taxes"),
    "terms": lazy("Terms"),
    "text": lazy("Text"),
    "title": lazy("Title"),
    "to": lazy("To"),
    "to_pay": lazy("To pay"),
    "tokens": lazy("Access tokens"),
    "told_at": lazy("Told"),
    "total": lazy("Total"),
    "unit": lazy("Unit"),
    "until": lazy("Until"),
    "until_on": lazy("Until"),
    "user_name": lazy("User name"),
    "valid_from": lazy("From"),
    "valid_to": lazy("Until"),
    "value": lazy("Value"),
    "version": lazy("Version"),
    "wait_hours": lazy("Waits, in hours"),
    "waiting": lazy("Waiting"),
    "waits_for_onboarding": lazy("Waits for the onboarding"),
    "waits_until": lazy("Waits until"),
    "way": lazy("Way"),
    "what": lazy("What"),
    "who": lazy("Who"),
    "whose": lazy("Whose turn"),
    "why": lazy("Why"),
    "word": lazy("What is said"),
    "words": lazy("Words"),
    "wrong": lazy("What is wrong"),
    "yearly_percent": lazy("A year, in percent"),
}
FACTS_OF: Mapping[tuple[str, str], Promise] = {
    ("mail", "door"): lazy("By which way"),
    ("onboarding", "on"): lazy("Switched on"),
    ("screening", "of"): lazy("Whose name"),
}
# Facts that name people by their numbers.
PEOPLE = frozenset({"before", "holder", "owner", "people", "person", "stand_in"})
# Facts that count: figures as the reader writes them.
COUNTS = frozenset(
    {
        "bytes",
        "change_count",
        "contacts",
        "count",
        "differing",
        "differs",
        "documents",
        "events",
        "failures",
        "identifiers",
        "invited",
        "line_count",
        "marked",
        "members",
        "orders",
        "overdue_minutes",
        "packages",
        "parties",
        "refused",
        "rows",
        "size",
    }
)
YES_NO = {"True": pgettext_lazy("trail", "yes"), "False": pgettext_lazy("trail", "no")}
# The states of papers, by how the kinds of their events begin.
STATES: Mapping[str, type[TextChoices]] = {
    "order.": OrderState,
    "acknowledgment.": AcknowledgmentState,
    "change.": ChangeState,
    "shipment.": NoticeState,
    "count.": SheetState,
    "invoice.": InvoiceState,
    "statement.": StatementState,
    "bank.account_": AccountState,
    "bank.change_": BankState,
    "supplier.": SupplierState,
    "document.": DocumentState,
    "onboarding.": RunState,
    "offboarding.": OffboardingState,
    "merge.": MergeState,
    "registration.": RequestState,
    "screening.": HitState,
    "invitation.": InvitationState,
    "mail.": MailState,
    "case.": CaseState,
    "clock.": ClockState,
    "erp.command_": CommandState,
    "connection.": ConnectionState,
    "drift.": DriftState,
    "tolerances.": PolicyState,
    "service.": ServiceState,
    "formula.": FormulaState,
    "matching.": MatchPolicyState,
    "discounting.": DiscountPolicyState,
}
# Words of the program that have one on the screen, by how the kinds of events begin and the name of the fact.
VALUES: Mapping[tuple[str, str], Words] = {
    ("bank", "how"): {
        "told": lazy("the ERP told it"),
        "said": lazy("somebody said it"),
        "overtaken": lazy("a newer change took its place"),
    },
    ("bank", "kind"): _words(BankKind),
    ("bank", "origin"): _words(Origin),
    ("bank", "outcome"): _words(CallOutcome),
    ("bank", "risks"): {code: risk.label for code, risk in RISKS.items()},
    ("case", "before"): _words(CaseKind),
    ("clock", "whose"): SIDES,
    ("count", "word"): _words(SaidOfDifference),
    ("document", "why"): _words(AskedFor),
    ("document_requirement", "segments"): _words(Segment),
    ("invoice", "acts"): _words(Acts),
    ("invoice", "asked_of"): _words(AskedOfInvoice),
    ("mail", "door"): _words(Door),
    ("mail", "why"): _words(MailWhy),
    ("matching", "way"): {"two_way": lazy("two-way"), "three_way": lazy("three-way")},
    ("onboarding", "how"): _words(InvitedHow),
    ("onboarding", "reason"): _words(ExclusionReason),
    ("onboarding", "step"): _words(StepKind),
    ("onboarding", "steps"): _words(StepKind),
    ("onboarding_chase", "what"): _words(ChaseKind),
    ("sanctions_list", "source"): _words(ListSource),
    ("screening", "of"): {"holder": lazy("of the holder of an account")},
    ("screening", "source"): _words(ListSource),
    ("service", "segment"): _words(Segment),
    ("service", "whose"): SIDES,
    ("supplier", "channel"): _words(TradeChannel),
    ("supplier", "part"): _words(Part),
    ("supplier", "segment"): _words(Segment),
}
ROLES = {str(value): label for value, label in (*SupplierRole.choices, *CompanyRole.choices)}


def fact_word(kind: str, name: str) -> str:
    """What a fact is called; one of an older or a newer version by its name."""
    return str(FACTS_OF.get((_begins(kind), name)) or FACTS.get(name) or field_word(name))


def numbers_in(facts: Mapping[str, object]) -> Iterable[int]:
    """The people that facts name by number."""
    for name in PEOPLE & facts.keys():
        value = facts[name]
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int) and not isinstance(one, bool):
                yield one


def value_word(kind: str, name: str, text: str, names: Mapping[int, str]) -> str:
    """A value as people read it: yes or no, a name, a state, a role, a figure, a moment in the reader's zone, a day.
    Empty where it is the number of somebody whom the reader cannot know.
    """
    parts = text.split("; ")
    if name in PEOPLE and all(one.isascii() and one.isdecimal() for one in parts):
        return ", ".join(found for one in parts if (found := names.get(int(one), "")))
    known = VALUES.get((_begins(kind), name))
    if known is not None and any(one in known for one in parts):
        return "; ".join(str(known.get(one, one)) for one in parts)
    if text in YES_NO:
        return str(YES_NO[text])
    if not name:  # from … to
        for begins, states in STATES.items():
            if kind.startswith(begins) and text in states.values:
                return str(states(text).label)
    if name in ("", "role") and text in ROLES:
        return str(ROLES[text])
    if name in COUNTS and text.isascii() and text.isdecimal():
        return figure(int(text))
    return _moment(text)


def _moment(text: str) -> str:
    try:
        if len(text) == 10:
            return day_text(datetime.fromisoformat(text).date())
        moment = datetime.fromisoformat(text) if "T" in text else None
        return moment_text(moment) if moment is not None and moment.tzinfo else text
    except (ValueError, OverflowError):  # somebody typed it, and there is no such moment in the reader's zone
        return text


def _begins(kind: str) -> str:
    return kind.partition(".")[0]
