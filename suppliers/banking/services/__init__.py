"""The verbs of bank details."""

from suppliers.banking.services.asking import propose_change, request_change, withdraw_change
from suppliers.banking.services.deciding import (
    approve_change,
    ask_shortening,
    contacts_to_call,
    grant_shortening,
    record_call,
    refuse_change,
)
from suppliers.banking.services.entering import erp_tells, note_entered
from suppliers.banking.services.following import take_due_effect
from suppliers.banking.services.freezing import (
    ask_thaw,
    confirm_thaw,
    freeze_bank_details,
    freeze_by_link,
    link_is_good,
)
from suppliers.banking.services.guards import Frozen, NeedsFactor
from suppliers.banking.services.hearing import AccountTold, account_named, account_on_paper, hear_of_accounts
from suppliers.banking.services.listening import hear_of_erp
from suppliers.banking.services.papers import open_proof, papers_of_old_keys, seal_paper_anew
from suppliers.banking.services.reaching import go_on_without
from suppliers.banking.services.showing import ShownNumber, seal_anew, show_number
from suppliers.banking.services.telling import tell_of_new_person

__all__ = [
    "AccountTold",
    "Frozen",
    "NeedsFactor",
    "ShownNumber",
    "account_named",
    "account_on_paper",
    "approve_change",
    "ask_shortening",
    "ask_thaw",
    "confirm_thaw",
    "contacts_to_call",
    "erp_tells",
    "freeze_bank_details",
    "freeze_by_link",
    "go_on_without",
    "grant_shortening",
    "hear_of_accounts",
    "hear_of_erp",
    "link_is_good",
    "note_entered",
    "open_proof",
    "papers_of_old_keys",
    "propose_change",
    "record_call",
    "refuse_change",
    "request_change",
    "seal_anew",
    "seal_paper_anew",
    "show_number",
    "take_due_effect",
    "tell_of_new_person",
    "withdraw_change",
]
