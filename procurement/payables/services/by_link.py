"""The verbs of an approval's link: made for a mail, used for one word, given back.

Note [Same bars]: what is said by a link goes through the service of the desk, which asks everything again: whether it
is still asked, of this person or of whom he or she stands in for, whether this person may. The link adds bars of its
own, and takes none away.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.links.services import LinkSpent
from procurement.payables.messages import ApprovalSaid, SayByLink
from procurement.payables.models import Approval, ApprovalLink
from procurement.payables.queries.by_link import approval_of, in_short, must_sign_in, opens
from procurement.payables.services.approvals import approve_step, decline_step, hold_to_end_round
from procurement.payables.states import Word

WORDS = {Word.APPROVE: approve_step, Word.DECLINE: decline_step}


@requires_scope
def issue_approval_links(
    approvals: Sequence[Approval], *, user_id: int, origin: uuid.UUID, at: datetime
) -> Mapping[int, ApprovalLink]:
    """Links for one person to some approvals, by the approval's id, for one mail (`origin`): asked for again, that mail
    gets the same ones. None for what one signs in to approve.
    """
    wanted = [one for one in approvals if not must_sign_in(one.invoice)]
    if not wanted:
        return {}
    told = in_short([one.invoice for one in wanted])
    ApprovalLink.objects.bulk_create(
        [
            ApprovalLink(
                supplier_id=one.supplier_id,
                approval=one,
                user_id=user_id,
                origin=origin,
                shown=told[one.invoice_id].shown.to_json(),
                issued_at=at,
                expires_at=at + settings.APPROVE_BY_LINK_FOR,
            )
            for one in wanted
        ],
        ignore_conflicts=True,
    )
    made = ApprovalLink.objects.filter(origin=origin, user=user_id, approval__in=wanted)
    return {link.approval_id: link for link in made}


@requires_scope
def say_by_link(link: ApprovalLink, command: SayByLink, *, actor: Actor, at: datetime) -> Approval:
    """Approve or decline by a link, once. See Note [Same bars].

    Raises `LinkSpent` where it was used or given back, `NotAllowed` where one signs in for this invoice,
    `StaleDocument` where the case is not as it was shown, and as `approve_step` and `decline_step`.
    """
    if command.word not in WORDS:
        raise Invalid(_("Press one of the buttons: approve or decline."))
    approval = approval_of(link)
    # Its orders, then the invoice, as on the desk; then the link: two presses at once are one word.
    invoice = hold_to_end_round(approval.invoice.key, actor=actor)
    held: ApprovalLink = ApprovalLink.objects.select_for_update().get(pk=link.pk)
    if held.used_at is not None or not opens(held, at):
        raise LinkSpent(_("This link was used already. What was said by it stands."))
    if must_sign_in(invoice):
        raise NotAllowed(_("For an invoice of this amount one signs in. Nothing was said yet."))
    if command.mark != in_short([invoice])[invoice.pk].shown.mark:
        raise StaleDocument(
            _("The invoice is not as it was when this page was opened. Look at it once more, then decide.")
        )
    said = ApprovalSaid(approval.key, approval.version, command.reason)
    answered = WORDS[Word(command.word)](said, actor=actor, at=at)
    held.used_at, held.used_for = at, command.word
    held.save(update_fields=["used_at", "used_for"])
    return answered


@requires_scope
def refuse_approval_link(link: ApprovalLink, *, actor: Actor, at: datetime) -> bool:
    """Who got it says that it is not for them: it ends, the invoice's story says so, and who asked for the approval is
    told: it waits for somebody who does not read it. Says whether it was open.
    """
    open_ones = ApprovalLink.objects.filter(pk=link.pk, used_at=None, refused_at=None)
    if not open_ones.update(refused_at=at):
        return False
    approval = approval_of(link)
    record(
        "invoice.approval_refused",
        approval.invoice.stream,
        actor=actor,
        at=at,
        supplier_id=approval.supplier_id,
        facts={
            "approval": str(approval.key),
            "invoice": str(approval.invoice.key),
            "number": approval.invoice.number,
            "supplier": approval.invoice.supplier.name,
            "to": link.user.name,
            "people": [approval.asked_by_user_id],
        },
        internal=True,
    )
    return True
