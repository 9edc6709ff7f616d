"""Who may say what about a change of bank details, and how long it waits. No database here.

Note [Four people]: who requests, who calls back, and two who approve. The requester is neither of the approvers, nor is
whoever recorded the request in the supplier's name (that is the same person here), nor who wrote the number down that
was proposed, such as in a sheet. Who called back may be one of the two, never both. See docs/adr/0036.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from suppliers.banking.messages import FreshFactor, KnownContact, Signal, Told
from suppliers.banking.states import BankMailState
from suppliers.signin.policies import was_just_shown

NEW_PERSON_FOR = timedelta(days=30)
CHANGED_LATELY = timedelta(days=90)
REACHED_LATELY = timedelta(days=14)
LONGEST_REASON = 2000
LEAST_REASON = 10
MOST_SHOWN_A_DAY = (
    30  # numbers, and papers that have them on: whoever wants all of them at once is no accountant
)


@dataclass(frozen=True, slots=True)
class Risk:
    """What a signal means, and by how many hours it lengthens the wait."""

    label: object
    hours: int


# The table of risks. Several add up, to the longest wait of the settings.
RISKS: dict[str, Risk] = {
    "new_person": Risk(
        lazy("Who asks has acted for this supplier, or in this role, for less than 30 days"), 48
    ),
    "new_device": Risk(lazy("Who asks does so from a browser not seen before"), 24),
    "new_country": Risk(lazy("Who asks signed in from a country never seen before, within two weeks"), 48),
    "foreign_account": Risk(lazy("The account is not in the supplier’s country"), 48),
    "other_country": Risk(lazy("The account is in another country than the one before"), 24),
    "other_holder": Risk(lazy("The holder’s name has no word in common with the supplier’s"), 48),
    "odd_digits": Risk(lazy("The national check digits within the IBAN do not fit"), 24),
    "shared_account": Risk(lazy("Another supplier has, or had, the same account"), 96),
    "asked_elsewhere": Risk(lazy("The same account is asked for at another supplier"), 96),
    "payment_due": Risk(lazy("A large payment is due in the next two weeks"), 48),
    "changed_lately": Risk(lazy("Bank details of this supplier changed within the last 90 days"), 48),
    "frozen_before": Risk(lazy("Bank details of this supplier were frozen before"), 72),
    "people_removed": Risk(lazy("People of this supplier were removed within the last 30 days"), 48),
    "reached_otherwise": Risk(
        lazy("How the supplier is reached was changed, or is to be, within the last 14 days"), 48
    ),
    "no_old_contact": Risk(lazy("Nobody we know of this supplier is older than the request"), 48),
}


def wait_hours(signals: Iterable[Signal], *, usual: int, most: int) -> int:
    """How long a change waits once it is approved and confirmed: the usual time, and more for each kind of signal."""
    kinds = {one.kind for one in signals}
    return min(most, usual + sum(RISKS[kind].hours for kind in kinds if kind in RISKS))


def is_fresh(factor: FreshFactor | None, user_id: int | None, at: datetime, *, within: timedelta) -> bool:
    """Whether this very person has shown a second factor a moment ago."""
    return (
        factor is not None
        and user_id is not None
        and factor.user_id == user_id
        and was_just_shown(factor.shown_at.timestamp(), at=at, within=within)
    )


def why_not_approve(
    user_id: int,
    *,
    requester: int | None,
    approvers: Iterable[int],
    callers: Iterable[int],
    proposer: int | None = None,
) -> str:
    """Why this person is not one of the two, as a sentence; empty for one who may be."""
    said = list(approvers)
    if user_id == requester:
        return _("You requested this change: two others approve it.")
    if user_id == proposer:
        return _("You wrote this account down: two others approve it.")
    if user_id in said:
        return _("You have approved it: the other approval is somebody else’s.")
    called = set(callers)
    if user_id in called and called & set(said):
        return _(
            "You called the contact back, and so did who approved it first: the other approval is somebody else’s."
        )
    return ""


def why_not_call(user_id: int, *, approvers: Iterable[int], callers: Iterable[int]) -> str:
    """Why this person does not call back, as a sentence: who approved it, where the other approver has called."""
    said = set(approvers)
    if user_id in said and (said - {user_id}) & set(callers):
        return _("You approved it, and who else approved it has called: somebody else calls this time.")
    return ""


def is_old_enough(contact: KnownContact, *, requested_at: datetime, days: int) -> bool:
    """Whether a contact was there before the request, by so many days: one made for it proves nothing."""
    return contact.since_at < requested_at - timedelta(days=days)


def who_is_called(
    contacts: Iterable[KnownContact],
    *,
    requested_at: datetime,
    days: int,
    former_days: int,
    own: Collection[str] = (),
) -> list[KnownContact]:
    """Whom one may call back about a request: known for so many days before it, and still, or until a while ago; nobody
    at an address of who asks (`own`, in small letters).

    Only where nobody at all is that old, who asks included, does any contact do who was there before: the risk
    `no_old_contact` is seen then. A supplier whose only old contact asks is no new one, and one that was added a minute
    ago would speak for it. Who has a telephone number on record, under the same address, is called under that one: the
    one there was first, since whoever waits for a while with a number of their own has waited for this.
    """
    gone = requested_at - timedelta(days=former_days)
    known = [
        one
        for one in contacts
        if is_old_enough(one, requested_at=requested_at, days=0)
        and (one.until_at is None or one.until_at > gone)
    ]
    old = [one for one in known if is_old_enough(one, requested_at=requested_at, days=days)]
    found = [one for one in old or known if not one.address or one.address.casefold() not in own]
    on_record: dict[str, str] = {}
    for one in sorted(found, key=lambda one: one.since_at):
        if one.telephone and one.address:
            on_record.setdefault(one.address.casefold(), one.telephone)
    return [
        replace(one, telephone=on_record.get(one.address.casefold(), "")) if not one.telephone else one
        for one in found
    ]


def contacts_changed(contacts: Iterable[KnownContact], *, at: datetime) -> set[str]:
    """In which ways a supplier was reached otherwise a while ago than lately: by another `contact` or `mail` address.

    What is said for the first time is no change: a new contact is one where others were there before, and a person, or
    the company, got another mail address where the one before ended.
    """
    lately = at - REACHED_LATELY
    known = list(contacts)
    desks = [one for one in known if one.ref.startswith("contact:")]
    found = set()
    is_set_up = any(one.since_at <= lately for one in desks)
    if any(
        (one.until_at is not None and one.until_at > lately) or (is_set_up and one.since_at > lately)
        for one in desks
    ):
        found.add("contact")
    people = [one for one in known if not one.ref.startswith("contact:")]
    still = {one.user_id for one in people if one.until_at is None} | {None}
    if any(one.until_at is not None and one.until_at > lately and one.user_id in still for one in people):
        found.add("mail")
    return found


def who_is_told(contacts: Iterable[KnownContact], *, at: datetime, former_days: int) -> list[KnownContact]:
    """Everybody through whom a supplier is, or was a while ago, reachable: each address once."""
    found: dict[str, KnownContact] = {}
    for one in contacts:
        if one.address and (one.until_at is None or one.until_at > at - timedelta(days=former_days)):
            found.setdefault(one.address.casefold(), one)
    return list(found.values())


def told_at(notices: Iterable[Told], *, own: Iterable[str] = ()) -> datetime | None:
    """When the last of those who are known from before was told of a request; None while one of them is not.

    A mail on its way is waited for. One that could not be delivered counts once somebody of ours has said that it goes
    on without. At least one must have got his, who is not the requester (`own`, under each address there ever was): a
    change of which nobody heard is one to which nobody can object.
    """
    seen = list(notices)
    if any(one.state == BankMailState.QUEUED for one in seen):
        return None
    if any(one.state == BankMailState.FAILED and not one.is_waived for one in seen):
        return None
    sent = [one for one in seen if one.state == BankMailState.SENT and one.sent_at is not None]
    askers = {one.casefold() for one in own}
    if all(one.address.casefold() in askers for one in sent):
        return None
    return max(one.sent_at for one in sent if one.sent_at is not None)


def masked(shown: str, country: str) -> str:
    """An account as everybody reads it: DE •••• 3000."""
    return f"{country} •••• {shown}" if shown else "••••"


def reason_problem(reason: str) -> str:
    """Why a reason is none, as a sentence; empty for a good one."""
    text = reason.strip()
    if len(text) < LEAST_REASON:
        return _("Say why, in a sentence: others decide by it.")
    if len(text) > LONGEST_REASON:
        return _("A reason has at most %(most)d characters.") % {"most": LONGEST_REASON}
    return ""


# --- the paper that shows whose account it is -----------------------------------------------------------------

LARGEST_PROOF = 10 * 1024 * 1024
LONGEST_NAME = 120
# What banks give: a confirmation, a voided cheque, a photograph of one. Nothing that could hold a program.
PROOFS: dict[str, tuple[str, bytes]] = {
    "pdf": ("application/pdf", b"%PDF-"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"),
}


def proof_type(name: str, content: bytes) -> str:
    """What a paper is served as; empty for one whose first bytes are not what its name says."""
    kind, begins = PROOFS.get(name.rpartition(".")[2].lower(), ("", b"\0"))
    return kind if content.startswith(begins) else ""


def proof_name(name: str) -> str:
    """The name without folders, control characters and what turns the direction of writing."""
    bare = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        one for one in bare if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    )
    kept = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*;%`$]', "_", kept)).strip(" .")
    stem, _dot, ending = kept.rpartition(".")
    return f"{stem[: LONGEST_NAME - len(ending) - 1] or 'proof'}.{ending}"


def proof_problem(name: str, content: bytes) -> str:
    """Why a paper is not taken, with the way out; empty for one that is."""
    if not content:
        return _("This file is empty. Choose it again.")
    if len(content) > LARGEST_PROOF:
        return _("This file is larger than %(limit)d MB. Send a smaller one.") % {
            "limit": LARGEST_PROOF // 2**20
        }
    if not proof_type(name, content):
        return _("Send a PDF, PNG or JPG: this file is another kind, or not what its name says.")
    return ""
