"""Changes of bank details, their papers, and who has said yes to them."""

import uuid
from collections.abc import Mapping, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from suppliers.banking.models import BankChange, BankProof, BankVote
from suppliers.banking.queries.accounts import OURS_ALONE
from suppliers.banking.states import ChangeState, VotePurpose


def changes(actor: Actor) -> QuerySet[BankChange]:
    """The changes this actor may see, each with its supplier and the account it is about."""
    found: QuerySet[BankChange] = BankChange.objects.visible_to(actor).select_related("supplier", "account")
    return found if actor.is_company else found.defer(*OURS_ALONE)


def find_change(key: uuid.UUID, *, actor: Actor) -> BankChange:
    """One change. Raises `NotFound`."""
    found: BankChange | None = changes(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such change of bank details."))
    return found


def find_proof(key: uuid.UUID, *, actor: Actor) -> BankProof:
    """One paper, without what is in it (`services.open_proof`). Raises `NotFound`."""
    seen = BankProof.objects.visible_to(actor).defer("content")
    found: BankProof | None = seen.filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such file."))
    return found


def hold_change(pk: int) -> BankChange:
    """A change, held until the transaction ends; its supplier is held before it."""
    held: BankChange = (
        BankChange.objects.select_related("supplier", "account").select_for_update(of=("self",)).get(pk=pk)
    )
    return held


def votes_of(change: BankChange, purpose: str = VotePurpose.APPROVE) -> list[BankVote]:
    """Who said yes in this round, in order. In the office."""
    return list(
        change.votes.filter(round=change.round, purpose=purpose).select_related("user").order_by("id")
    )


def callers_of(change: BankChange) -> list[int]:
    """Who called a contact back in this round. In the office."""
    return list(change.calls.filter(round=change.round).values_list("called_by_user_id", flat=True))


def waiting_changes(actor: Actor) -> QuerySet[BankChange]:
    """The changes somebody of ours has to do something about."""
    asks = (ChangeState.PROPOSED, ChangeState.REQUESTED, ChangeState.FIRST_APPROVED, ChangeState.APPROVED)
    return changes(actor).filter(state__in=[*asks, ChangeState.FROZEN])


def progress_of(rows: Sequence[BankChange]) -> Mapping[int, int]:
    """How many approvals each of these has in its round. One query, in the office."""
    counted: dict[int, int] = {}
    rounds = {row.pk: row.round for row in rows}
    said = BankVote.objects.filter(change__in=rounds, purpose=VotePurpose.APPROVE)
    for change_id, number in said.values_list("change_id", "round"):
        if rounds[change_id] == number:
            counted[change_id] = counted.get(change_id, 0) + 1
    return counted
