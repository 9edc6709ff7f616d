"""Somebody new acts for a supplier: whoever was there before hears of it at once, and cannot switch it off.

Whoever has got into an administrator's account lets an accomplice in, who is called back about bank details some days
later as an old contact. So the earlier ones get a notice whose link freezes (suppliers.banking: `tell_of_new_person`).

Note [Who was there before]: of an invitation by the supplier's own people, whoever was there when it was written: ten
who are invited at once do not hear of one another. Of one by our people, or where a provider lets somebody in, whoever
was there `BANK_CONTACT_DAYS` before: onboarding brings a company in over days, and they too may be called back only
after that.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from suppliers.banking.models import BankContact, BankNotice
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import tell_of_new_person
from suppliers.banking.states import BankNoticeKind
from suppliers.models import Invitation, Supplier, User
from suppliers.people.states import InvitationState

HEARS = frozenset({"supplier.member_added"})


def tell_earlier(events: Sequence[AuditEvent], at: datetime) -> str:
    """The reaction: tell whoever was there before, once. Called by the outbox, with no transaction open."""
    for event in events:
        with acting(OFFICE):
            _tell(event, at)
    return "told"


def _tell(event: AuditEvent, at: datetime) -> None:
    person = User.objects.filter(pk=event.facts.get("newcomer") or 0).first()
    supplier = Supplier.objects.filter(pk=event.supplier_id or 0).first()
    if person is None or supplier is None:
        return
    told = BankNotice.objects.filter(supplier=supplier, kind=BankNoticeKind.NEW_PERSON)
    if told.filter(about__event=event.pk).exists():
        return
    mine = BankContact.objects.filter(supplier=supplier, user_id=person.pk).order_by("-id")
    since: datetime = mine.values_list("since_at", flat=True).first() or event.at
    invited = Invitation.objects.filter(
        supplier=supplier, accepted_by=person, state=InvitationState.ACCEPTED, ended_at=event.at
    )
    invitation = invited.select_related("invited_by_user").first()
    inviter = invitation.invited_by_user if invitation else None
    if invitation is not None and inviter is not None and not inviter.company_role:
        before = min(since, invitation.invited_at)
    else:
        before = since - timedelta(days=settings.BANK_CONTACT_DAYS)
    about = {
        "event": event.pk,
        "name": person.name,
        "address": person.email,
        "role": event.facts["role"],
        "by": invitation.invited_by if invitation else event.actor_label,
    }
    tell_of_new_person(supplier, person, about, before=before, actor=OFFICE, at=at)
