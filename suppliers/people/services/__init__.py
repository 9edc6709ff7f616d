"""The verbs of people: invite, accept, change a role, remove, change one's address, fall asleep and wake."""

from suppliers.people.services.addresses import (
    agree_address,
    ask_address_change,
    change_due_addresses,
    confirm_address,
    note_address_told,
    stop_address,
    withdraw_address,
)
from suppliers.people.services.inviting import (
    InvitationOver,
    Invited,
    accept_as_new,
    accept_invitation,
    expire_invitations,
    invite_people,
    invite_person,
    repeat_invitations,
    resend_invitation,
    resend_invitations,
    revoke_invitation,
    why_not_again,
)
from suppliers.people.services.members import LastAdministrator, change_member_role, remove_member
from suppliers.people.services.sessions import end_presence
from suppliers.people.services.sleeping import ask_to_wake, put_to_sleep, wake_person
from suppliers.people.services.staff import change_staff_role, deactivate_staff, join_staff, reactivate_staff

__all__ = [
    "InvitationOver",
    "Invited",
    "LastAdministrator",
    "accept_as_new",
    "accept_invitation",
    "agree_address",
    "ask_address_change",
    "ask_to_wake",
    "change_due_addresses",
    "change_member_role",
    "change_staff_role",
    "confirm_address",
    "deactivate_staff",
    "end_presence",
    "expire_invitations",
    "invite_people",
    "invite_person",
    "join_staff",
    "note_address_told",
    "put_to_sleep",
    "reactivate_staff",
    "remove_member",
    "repeat_invitations",
    "resend_invitation",
    "resend_invitations",
    "revoke_invitation",
    "stop_address",
    "wake_person",
    "why_not_again",
    "withdraw_address",
]
