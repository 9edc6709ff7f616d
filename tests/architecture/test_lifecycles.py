"""A lifecycle is a table, and the table is whole."""

import pytest

from portal.kernel.actors import Actor, Side
from portal.kernel.errors import IllegalTransition
from procurement.acknowledgments.states import ACKNOWLEDGMENT_LIFECYCLE, AcknowledgmentState
from procurement.changes.states import CHANGE_LIFECYCLE, ChangeState
from procurement.clocks.states import CLOCK_LIFECYCLE, SERVICE_LIFECYCLE, ClockState, ServiceState
from procurement.discounting.states import (
    DISCOUNT_POLICY_LIFECYCLE,
    EARLY_LIFECYCLE,
    DiscountPolicyState,
    EarlyState,
)
from procurement.docks.states import APPOINTMENT_LIFECYCLE, AppointmentState
from procurement.erp.reconciliation.states import DRIFT_LIFECYCLE, DriftState
from procurement.erp.states import (
    CONNECTION_LIFECYCLE,
    EARLY_PAYMENT_WRITE_LIFECYCLE,
    INVOICE_WRITE_LIFECYCLE,
    NOTICE_WRITE_LIFECYCLE,
    RECEIPT_WRITE_LIFECYCLE,
    ConnectionState,
    TellingState,
)
from procurement.inbox.states import (
    CASE_LIFECYCLE,
    FORMULA_LIFECYCLE,
    TASK_LIFECYCLE,
    CaseState,
    FormulaState,
    TaskState,
)
from procurement.invoices.states import INVOICE_LIFECYCLE, InvoiceState
from procurement.mailroom.states import DRAFT_LIFECYCLE, MAIL_LIFECYCLE, DraftState, MailState
from procurement.matching.states import MATCH_POLICY_LIFECYCLE, MatchPolicyState
from procurement.orders.states import (
    LINE_LIFECYCLE,
    ORDER_LIFECYCLE,
    PROMISE_LIFECYCLE,
    Agreement,
    OrderState,
    PromiseState,
)
from procurement.payables.states import APPROVAL_LIFECYCLE, QUESTION_LIFECYCLE, ApprovalState, QuestionState
from procurement.receipts.states import SHEET_LIFECYCLE, SheetState
from procurement.shipments.states import NOTICE_LIFECYCLE, NoticeState
from procurement.tolerances.states import POLICY_LIFECYCLE, SWITCH_LIFECYCLE, PolicyState, SwitchState
from suppliers.banking.states import ACCOUNT_LIFECYCLE, CHANGE_OF_BANK_LIFECYCLE, AccountState
from suppliers.banking.states import ChangeState as BankChangeState
from suppliers.details.states import DETAIL_LIFECYCLE
from suppliers.details.states import ChangeState as DetailState
from suppliers.documents.states import DOCUMENT_LIFECYCLE, DocumentState
from suppliers.merging.states import MERGE_LIFECYCLE, MergeState
from suppliers.offboarding.states import OFFBOARDING_LIFECYCLE, OffboardingState
from suppliers.onboarding.states import RUN_LIFECYCLE
from suppliers.onboarding.states import RunState as OnboardingState
from suppliers.people.states import ADDRESS_LIFECYCLE, INVITATION_LIFECYCLE, AddressState, InvitationState
from suppliers.registration.states import REQUEST_LIFECYCLE, RequestState
from suppliers.roles import Permission
from suppliers.screening.states import HIT_LIFECYCLE, HitState
from suppliers.signin.states import FACTOR_RESET_LIFECYCLE, ResetState
from suppliers.sso.states import PROVIDER_LIFECYCLE, ProviderState
from suppliers.states import SUPPLIER_LIFECYCLE, SupplierState

TABLES = [
    (ORDER_LIFECYCLE, OrderState),
    (LINE_LIFECYCLE, Agreement),
    (PROMISE_LIFECYCLE, PromiseState),
    (ACKNOWLEDGMENT_LIFECYCLE, AcknowledgmentState),
    (CHANGE_LIFECYCLE, ChangeState),
    (CLOCK_LIFECYCLE, ClockState),
    (SERVICE_LIFECYCLE, ServiceState),
    (MAIL_LIFECYCLE, MailState),
    (DRAFT_LIFECYCLE, DraftState),
    (CONNECTION_LIFECYCLE, ConnectionState),
    (NOTICE_WRITE_LIFECYCLE, TellingState),
    (RECEIPT_WRITE_LIFECYCLE, TellingState),
    (INVOICE_WRITE_LIFECYCLE, TellingState),
    (EARLY_PAYMENT_WRITE_LIFECYCLE, TellingState),
    (DISCOUNT_POLICY_LIFECYCLE, DiscountPolicyState),
    (EARLY_LIFECYCLE, EarlyState),
    (NOTICE_LIFECYCLE, NoticeState),
    (SHEET_LIFECYCLE, SheetState),
    (APPOINTMENT_LIFECYCLE, AppointmentState),
    (INVOICE_LIFECYCLE, InvoiceState),
    (APPROVAL_LIFECYCLE, ApprovalState),
    (QUESTION_LIFECYCLE, QuestionState),
    (MATCH_POLICY_LIFECYCLE, MatchPolicyState),
    (CASE_LIFECYCLE, CaseState),
    (TASK_LIFECYCLE, TaskState),
    (FORMULA_LIFECYCLE, FormulaState),
    (DRIFT_LIFECYCLE, DriftState),
    (POLICY_LIFECYCLE, PolicyState),
    (SWITCH_LIFECYCLE, SwitchState),
    (SUPPLIER_LIFECYCLE, SupplierState),
    (FACTOR_RESET_LIFECYCLE, ResetState),
    (INVITATION_LIFECYCLE, InvitationState),
    (ADDRESS_LIFECYCLE, AddressState),
    (PROVIDER_LIFECYCLE, ProviderState),
    (DETAIL_LIFECYCLE, DetailState),
    (DOCUMENT_LIFECYCLE, DocumentState),
    (ACCOUNT_LIFECYCLE, AccountState),
    (CHANGE_OF_BANK_LIFECYCLE, BankChangeState),
    (RUN_LIFECYCLE, OnboardingState),
    (REQUEST_LIFECYCLE, RequestState),
    (HIT_LIFECYCLE, HitState),
    (OFFBOARDING_LIFECYCLE, OffboardingState),
    (MERGE_LIFECYCLE, MergeState),
]
ids = [table.name for table, _ in TABLES]


def reachable(table):
    found, waiting = {table.initial}, [table.initial]
    while waiting:
        state = waiting.pop()
        for row in table.transitions:
            if state in row.sources and row.target not in found:
                found.add(row.target)
                waiting.append(row.target)
    return found


@pytest.mark.parametrize(("table", "states"), TABLES, ids=ids)
def test_the_table_names_every_state_and_each_can_be_reached(table, states):
    assert table.states == set(states.values)
    assert reachable(table) == set(states.values)


@pytest.mark.parametrize(("table", "states"), TABLES, ids=ids)
def test_only_the_terminal_states_have_no_way_out(table, states):
    stuck = {state for state in states.values if not any(state in row.sources for row in table.transitions)}
    assert stuck == table.terminal


@pytest.mark.parametrize(("table", "states"), TABLES, ids=ids)
def test_permissions_are_known_and_events_are_dotted_and_past(table, states):
    for row in table.transitions:
        assert row.permission in set(Permission)
        noun, verb = row.event.split(".")
        assert noun
        assert verb.endswith(("ed", "sent", "withdrawn", "paid", "held", "left"))


@pytest.mark.parametrize(("table", "states"), TABLES, ids=ids)
def test_a_verb_leads_to_one_place_from_each_state(table, states):
    for state in states.values:
        verbs = [row.verb for row in table.transitions if state in row.sources]
        assert len(verbs) == len(set(verbs))


def test_an_illegal_step_is_refused_loudly():
    with pytest.raises(IllegalTransition, match="cannot close while closed"):
        ORDER_LIFECYCLE.target("close", "closed")


def test_buttons_are_read_off_the_table_and_the_role():
    seller = Actor("Asha", "portal", Side.SUPPLIER, permissions=frozenset({Permission.ORDER_ACKNOWLEDGE}))
    buyer = Actor("Bea", "portal", Side.COMPANY, permissions=frozenset({Permission.ORDER_DECIDE}))

    assert LINE_LIFECYCLE.verbs_for(seller, Agreement.ANSWERED) == ["answer", "refuse", "confirm", "withdraw"]
    assert LINE_LIFECYCLE.verbs_for(buyer, Agreement.ANSWERED) == ["accept", "decline"]
    assert LINE_LIFECYCLE.verbs_for(buyer, Agreement.AGREED) == []
