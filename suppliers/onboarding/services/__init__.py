"""The verbs of onboarding: invite, set up, supply, decide, and what the clock does."""

from suppliers.onboarding.services.chasing import (
    Chased,
    carry_out_chases,
    forget_chases,
    look_at_chase,
    mark_suppliers,
    send_chase,
)
from suppliers.onboarding.services.deciding import (
    approve_onboarding,
    begin_again,
    end_onboarded,
    hand_back,
    hand_in,
    refuse_onboarding,
    withdraw_onboarding,
)
from suppliers.onboarding.services.inviting import (
    Outcome,
    invite_by_first_order,
    invite_by_sheet,
    invite_suppliers,
    keep_sheet,
    preview,
    reassign_onboarding,
    resend_its_invitation,
    resend_onboarding,
    targets_of,
)
from suppliers.onboarding.services.keeping import forget_sheets, remind, start_begun
from suppliers.onboarding.services.renewing import ask_for_terms
from suppliers.onboarding.services.setting_up import (
    end_exclusion,
    exclude_suppliers,
    retire_template,
    set_first_order,
    write_invitation_text,
    write_template,
    write_terms,
)
from suppliers.onboarding.services.supplying import accept_terms, answer_questions
from suppliers.onboarding.services.winning import number_prospect

__all__ = [
    "Chased",
    "Outcome",
    "accept_terms",
    "answer_questions",
    "approve_onboarding",
    "ask_for_terms",
    "begin_again",
    "carry_out_chases",
    "end_exclusion",
    "end_onboarded",
    "exclude_suppliers",
    "forget_chases",
    "forget_sheets",
    "hand_back",
    "hand_in",
    "invite_by_first_order",
    "invite_by_sheet",
    "invite_suppliers",
    "keep_sheet",
    "look_at_chase",
    "mark_suppliers",
    "number_prospect",
    "preview",
    "reassign_onboarding",
    "refuse_onboarding",
    "remind",
    "resend_its_invitation",
    "resend_onboarding",
    "retire_template",
    "send_chase",
    "set_first_order",
    "start_begun",
    "targets_of",
    "withdraw_onboarding",
    "write_invitation_text",
    "write_template",
    "write_terms",
]
