"""Events as they are shown: who, as whom, by which door, what changed from what to what, on which paper."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from portal.kernel.actors import Actor, Side
from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, moment_text
from procurement.acknowledgments.states import AcknowledgmentState
from procurement.changes.states import ChangeState
from procurement.clocks.states import ClockState, ServiceState
from procurement.discounting.states import DiscountPolicyState
from procurement.erp.reconciliation.states import DriftState
from procurement.erp.states import CommandState, ConnectionState
from procurement.inbox.states import CaseState, FormulaState
from procurement.invoices.states import InvoiceState
from procurement.mailroom.states import MailState
from procurement.matching.states import MatchPolicyState
from procurement.orders.presenters import FIELD_WORDS, field_word
from procurement.orders.states import OrderState
from procurement.receipts.states import SheetState
from procurement.shipments.states import NoticeState
from procurement.statements.states import StatementState
from procurement.tolerances.states import PolicyState
from procurement.trail.policies import Told, told_in
from procurement.trail.presenters.papers import PaperShown, paper_of
from procurement.trail.presenters.words import KINDS, sentence_of
from procurement.trail.queries import names_of, papers_of, suppliers_of
from procurement.trail.states import WORDS_OF, Matter, Way
from procurement.workbench.presenters import SENTENCES as ORDER_STORY
from suppliers.banking.policies import RISKS
from suppliers.banking.states import AccountState, CallOutcome, Origin
from suppliers.banking.states import ChangeKind as BankKind
from suppliers.banking.states import ChangeState as BankState
from suppliers.details.states import Part
from suppliers.documents.states import DocumentState
from suppliers.merging.states import MergeState
from suppliers.models import Supplier
from suppliers.offboarding.states import OffboardingState
from suppliers.onboarding.states import RunState, StepKind
from suppliers.people.states import InvitationState
from suppliers.registration.states import RequestState
from suppliers.roles import CompanyRole, SupplierRole
from suppliers.screening.states import HitState
from suppliers.states import SupplierState

MOST_DETAILS = 12
SIDES: Mapping[str, Promise] = {
    Side.COMPANY: lazy("our side"),
    Side.SUPPLIER: lazy("the supplier’s side"),
    Side.SYSTEM: lazy("the portal itself"),
}
# What facts are called. A name that is not here is told as it is kept: it is a word of the program.
FACTS: Mapping[str, Promise] = {
    **FIELD_WORDS,
    "account": lazy("Account"),
    "action": lazy("What was done"),
    "address": lazy("Address"),
    "amount": lazy("Amount"),
    "answer": lazy("Answer"),
    "bank_name": lazy("Bank"),
    "because": lazy("Because"),
    "bic": lazy("BIC"),
    "by": lazy("By"),
    "by_rule": lazy("By rule"),
    "carrier": lazy("Carrier"),
    "changed": lazy("Changed"),
    "changes": lazy("Changed"),
    "code": lazy("Code"),
    "company": lazy("Company"),
    "contact": lazy("Contact"),
    "count": lazy("How many"),
    "country": lazy("Country"),
    "currency": lazy("Currency"),
    "day": lazy("Day"),
    "demanded": lazy("Demanded"),
    "devices": lazy("Devices"),
    "domains": lazy("Domains"),
    "due_at": lazy("Due"),
    "duplicate": lazy("Duplicate"),
    "ends_at": lazy("Ends"),
    "events": lazy("Events"),
    "fields": lazy("Fields"),
    "file": lazy("File"),
    "filters": lazy("Narrowed by"),
    "format": lazy("As"),
    "gap": lazy("Difference"),
    "grace_days": lazy("Days of grace"),
    "group": lazy("Group"),
    "happened_at": lazy("Happened"),
    "holder": lazy("Holder"),
    "how": lazy("How"),
    "issue": lazy("Version"),
    "issuer": lazy("Issuer"),
    "kind": lazy("Kind"),
    "kinds": lazy("Kinds"),
    "last_on": lazy("Last day"),
    "left": lazy("Left"),
    "line": lazy("Line"),
    "lines": lazy("Lines"),
    "members": lazy("Members"),
    "name": lazy("Name"),
    "new": lazy("New"),
    "note": lazy("Note"),
    "number": lazy("Number"),
    "number_from": lazy("The telephone number is from"),
    "old": lazy("Former"),
    "on_behalf": lazy("For the supplier"),
    "order": lazy("Order"),
    "orders": lazy("Orders"),
    "origin": lazy("Where it came from"),
    "outcome": lazy("What came of it"),
    "owner": lazy("Owner"),
    "part": lazy("Part"),
    "place": lazy("Place"),
    "policy": lazy("Rules"),
    "prefix": lazy("Begins with"),
    "program": lazy("Program"),
    "provider": lazy("Provider"),
    "question": lazy("Question"),
    "reason": lazy("Reason"),
    "reference": lazy("Reference"),
    "repair": lazy("Repair"),
    "revision": lazy("Revision"),
    "risks": lazy("Risks"),
    "role": lazy("Role"),
    "rule": lazy("Rule"),
    "rules": lazy("Rules"),
    "scope": lazy("What it may do"),
    "score": lazy("Score"),
    "sender": lazy("Sender"),
    "side": lazy("Side"),
    "since": lazy("Since"),
    "site": lazy("Place"),
    "step": lazy("Step"),
    "subject": lazy("Subject"),
    "supplier": lazy("Supplier"),
    "takes_effect_at": lazy("Takes effect"),
    "text": lazy("Text"),
    "told_at": lazy("Told"),
    "to": lazy("To"),
    "total": lazy("Total"),
    "until": lazy("Until"),
    "user_name": lazy("User name"),
    "value": lazy("Value"),
    "version": lazy("Version"),
    "wait_hours": lazy("Waits, in hours"),
    "waits_until": lazy("Waits until"),
    "way": lazy("Way"),
    "what": lazy("What"),
    "who": lazy("Who"),
    "why": lazy("Why"),
    "words": lazy("Words"),
}
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
VALUES: Mapping[tuple[str, str], type[TextChoices]] = {
    ("bank", "kind"): BankKind,
    ("bank", "origin"): Origin,
    ("bank", "outcome"): CallOutcome,
    ("supplier", "part"): Part,
    ("onboarding", "step"): StepKind,
}
ROLES = {str(value): label for value, label in (*SupplierRole.choices, *CompanyRole.choices)}


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that an event says, in words. `old` is there where it is a change."""

    label: str
    new: str
    old: str | None = None

    @property
    def text(self) -> str:
        """The same in one line, for a file."""
        told = f"{self.old or '–'} → {self.new or '–'}" if self.old is not None else self.new
        return f"{self.label}: {told}" if self.label else told


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as it is read: what changed, and what else it says. `stands_in` acted in the place of `who`."""

    event: AuditEvent
    sentence: str
    changes: tuple[Detail, ...]
    details: tuple[Detail, ...]
    paper: PaperShown
    supplier: Supplier | None
    who: str
    side: str
    stands_in: str
    stands_in_id: int | None
    for_supplier: bool
    way: str

    @property
    def at(self) -> datetime:
        return self.event.at

    @property
    def is_told(self) -> bool:
        """Whether there are words for it; else its name is its sentence."""
        return self.sentence != self.event.kind


def event_rows(events: Sequence[AuditEvent], *, actor: Actor) -> list[EventRow]:
    """Events as rows: one query for names, one for suppliers, and one for each kind of paper among them."""
    people = {number for event in events for number in _people_in(event)}
    names = names_of(people)
    suppliers = suppliers_of(events, actor=actor)
    papers = papers_of((event.stream for event in events), actor=actor)
    rows = []
    for event in events:
        who, stands_in = _who(event, names)
        sentence = sentence_of(event)
        paper = paper_of(event.stream, papers, names, actor=actor)
        told = details_of(event, f"{sentence} {paper.called}")
        rows.append(
            EventRow(
                event,
                sentence,
                tuple(one for one in told if one.old is not None),
                tuple(one for one in told if one.old is None),
                paper,
                suppliers.get(event.supplier_id or 0),
                who,
                _side(event),
                stands_in,
                _stand_in(event) if stands_in else None,
                bool(event.facts.get("on_behalf")),
                way_of(event),
            )
        )
    return rows


def _people_in(event: AuditEvent) -> Iterable[int]:
    if (stand_in := _stand_in(event)) is not None:
        yield stand_in
        if event.actor_user_id is not None:
            yield event.actor_user_id
    kind, _colon, name = event.stream.partition(":")
    if kind == "person" and name.isascii() and name.isdecimal():
        yield int(name)


def _stand_in(event: AuditEvent) -> int | None:
    value = event.facts.get("impersonated_by")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _side(event: AuditEvent) -> str:
    """For whom somebody acted. Who comes by a link or a mail has no sign-in, and is not the portal either."""
    if event.actor_side == Side.SYSTEM and event.channel in (Way.LINK, Way.MAIL):
        return _("without signing in")
    if event.actor_side == Side.SYSTEM and event.actor_user_id is not None:
        return ""  # somebody about their own account, on whichever side
    return str(SIDES.get(event.actor_side, ""))


def _who(event: AuditEvent, names: Mapping[int, str]) -> tuple[str, str]:
    """Who did it, and who acted in that person's place. Where a name cannot be looked up (a supplier knows none of our
    people by number), what stands on the event has both."""
    stand_in = names.get(_stand_in(event) or 0, "")
    person = names.get(event.actor_user_id or 0, "")
    if stand_in and person:
        return person, stand_in
    return event.actor_label or _("nobody who signed in"), ""


def way_of(event: AuditEvent) -> str:
    """By which door it came."""
    if event.kind.startswith("scim_") and event.channel == Way.API:
        return str(Way.SCIM.label)
    return str(Way(event.channel).label) if event.channel in Way.values else event.channel


def details_of(event: AuditEvent, beside: str = "") -> tuple[Detail, ...]:
    """What changed from what to what, then what else it says and is not said `beside` it, masked. The sentences of an
    order's story say all that else there is."""
    found: list[Detail] = []
    is_whole = event.kind in ORDER_STORY and sentence_of(event) != event.kind
    for one in told_in(event.facts):
        if len(found) == MOST_DETAILS:
            break
        if one.old == one.new or (one.old is None and (one.new in beside or is_whole)):
            continue
        if one.name == "kind" and not event.kind.startswith("bank."):
            continue  # what the program sorts by; the sentence says it
        old = None if one.old is None else _value(event.kind, one.name, one.old)
        found.append(Detail(_label(one), _value(event.kind, one.name, one.new), old))
    return tuple(found)


def _label(told: Told) -> str:
    if not told.name:
        return ""
    word = str(FACTS.get(told.name) or field_word(told.name))
    if told.where:
        return _("Line %(line)s, %(field)s") % {"line": told.where, "field": word}
    return word


def _value(kind: str, name: str, text: str) -> str:
    """A value as people read it: yes or no, a state, a role, a moment in the reader's zone, a day."""
    if text in YES_NO:
        return str(YES_NO[text])
    if not name:  # from … to
        for begins, states in STATES.items():
            if kind.startswith(begins) and text in states.values:
                return str(states(text).label)
    known = VALUES.get((kind.partition(".")[0], name))
    if known is not None and text in known.values:
        return str(known(text).label)
    if name == "risks":
        return "; ".join(str(RISKS[one].label) if one in RISKS else one for one in text.split("; "))
    if name in ("", "role") and text in ROLES:
        return str(ROLES[text])
    try:
        if len(text) == 10:
            return day_text(datetime.fromisoformat(text).date())
        moment = datetime.fromisoformat(text) if "T" in text else None
        return moment_text(moment) if moment is not None and moment.tzinfo else text
    except (ValueError, OverflowError):  # somebody typed it, and there is no such moment in the reader's zone
        return text


def kinds_of(matter: str) -> tuple[str, ...]:
    """All kinds of events that are about something."""
    words = WORDS_OF.get(Matter(matter), ()) if matter in Matter.values else ()
    return tuple(sorted(kind for kind in KINDS if kind.partition(".")[0] in words))
