"""Who hears of which facts: the whole choreography between the floors, in one table; and what clocks are for."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.kernel.outbox.reactions import Reaction
from procurement.acknowledgments.services.clocks import MOVES_THE_BALL, review_orders_of
from procurement.changes import tasks as changes
from procurement.clocks.messages import ORDER_ANSWER
from procurement.discounting.services import HEARS as EARLY_HEARS
from procurement.discounting.services import follow_payments
from procurement.docks.services import HEARS as DOCKS_HEAR
from procurement.docks.services import follow_shipments
from procurement.erp.invoicing import HEARS as DRAFTS_MOVE
from procurement.erp.invoicing import tell_anew
from procurement.erp.noticing import HEARS as ESTIMATES_MOVE
from procurement.erp.noticing import tell_estimates
from procurement.gateways.services import HEARS as GATEWAYS_HEAR
from procurement.gateways.services import place_waiting
from procurement.inbox.services.clocks import HEARS as CASES_MOVE
from procurement.inbox.services.clocks import HEARS_STEPS, WITHOUT, call_people, clock_kind, keep_clocks
from procurement.inbox.services.review import HEARS as INBOX_HEARS
from procurement.inbox.services.review import react as review_inbox
from procurement.inbox.states import LATER, CaseKind
from procurement.mailroom.services import HEARD as MAILROOM_HEARS
from procurement.mailroom.services import hear as mailroom_hear
from procurement.matching.services import (
    HEARS_BANKS,
    HEARS_CLAIMS,
    HEARS_ONBOARDING,
    HEARS_ORDERS,
    HEARS_RULES,
    HEARS_SENT,
    match_sent,
    rematch_claims,
    rematch_held,
    rematch_onboarding,
    rematch_orders,
    rematch_suppliers,
)
from procurement.notifications.approvers import HEARS as APPROVERS_HEAR
from procurement.notifications.approvers import tell_watchers
from procurement.notifications.newcomers import HEARS as NEWCOMERS_HEARD
from procurement.notifications.newcomers import tell_earlier
from procurement.notifications.policies import HEARD
from procurement.notifications.services import hear, hear_of_bounces
from procurement.notifications.services.warning import WARNINGS, warn
from procurement.payables.services.following import HEARS as PAYABLES_HEAR
from procurement.payables.services.following import follow_invoices
from procurement.receipts.services import CLOSES as SETTLED_CLOSES
from procurement.receipts.services import HEARS as RECEIVING_HEARS
from procurement.receipts.services import close_settled, count_receipts_of
from procurement.workbench.first_orders import HEARS as FIRST_ORDERS_HEAR
from procurement.workbench.first_orders import invite_by_orders
from suppliers.onboarding.services.chasing import SENT as CHASE_SENT
from suppliers.onboarding.services.chasing import carry_out_chases

REACTIONS: Mapping[str, Reaction] = {
    "acknowledgment clocks": Reaction(MOVES_THE_BALL, review_orders_of),
    "changes.overtake": Reaction(frozenset({"order.asked_again"}), changes.overtake),
    "receiving": Reaction(RECEIVING_HEARS, count_receipts_of),
    "settled consignments": Reaction(SETTLED_CLOSES, close_settled),
    "erp estimates": Reaction(ESTIMATES_MOVE, tell_estimates),
    "booked invoices": Reaction(DRAFTS_MOVE, tell_anew),
    "gateways": Reaction(GATEWAYS_HEAR, place_waiting),
    "docks": Reaction(DOCKS_HEAR, follow_shipments),
    "early payments": Reaction(EARLY_HEARS, follow_payments),
    "payables": Reaction(PAYABLES_HEAR, follow_invoices),
    "matching": Reaction(HEARS_SENT, match_sent),
    "matching again: orders": Reaction(HEARS_ORDERS, rematch_orders),
    "matching again: claims": Reaction(HEARS_CLAIMS, rematch_claims),
    "matching again: rules": Reaction(HEARS_RULES, rematch_held),
    "matching again: bank details": Reaction(HEARS_BANKS, rematch_suppliers),
    "matching again: onboarding": Reaction(HEARS_ONBOARDING, rematch_onboarding),
    "mailroom": Reaction(MAILROOM_HEARS, mailroom_hear),
    "first orders": Reaction(FIRST_ORDERS_HEAR, invite_by_orders),
    "notices": Reaction(frozenset(HEARD), hear),
    "security notices": Reaction(frozenset(WARNINGS), warn),
    "new approvers": Reaction(APPROVERS_HEAR, tell_watchers),
    "new people": Reaction(NEWCOMERS_HEARD, tell_earlier),
    "onboarding chases": Reaction(frozenset({CHASE_SENT}), carry_out_chases),
    "bounces": Reaction(frozenset({"mail.bounced"}), hear_of_bounces),
    "inbox": Reaction(INBOX_HEARS, review_inbox),
    "case clocks": Reaction(CASES_MOVE, keep_clocks),
    "case ladders": Reaction(HEARS_STEPS, call_people),
}

# What a service policy can be written for, by the kind of clock that a package starts.
CLOCK_KINDS: Mapping[str, Any] = {
    ORDER_ANSWER: _("Answer to an order"),
    **{clock_kind(kind): kind.label for kind in CaseKind if kind not in LATER | WITHOUT},
}
