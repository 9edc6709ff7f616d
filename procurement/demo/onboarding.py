"""Suppliers of the demo on their way in: some are invited, two are excluded, and what is asked is written."""

from datetime import datetime, timedelta

from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.outbox.reactions import TOPIC
from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from suppliers.models import Supplier
from suppliers.onboarding.messages import (
    ExcludeSuppliers,
    InviteSuppliers,
    Step,
    Target,
    WriteInvitationText,
    WriteTemplate,
    WriteTerms,
)
from suppliers.onboarding.policies import USUAL_STEPS
from suppliers.onboarding.services import (
    exclude_suppliers,
    invite_suppliers,
    write_invitation_text,
    write_template,
    write_terms,
)
from suppliers.onboarding.states import InvitedHow, StepKind
from suppliers.states import SupplierState

CONDUCT = (
    "We pay fairly and on time. We employ no children, force nobody to work, and let people organise. "
    "Whoever sees otherwise tells us, and nobody is the worse for it."
)
WELCOME = (
    "Dear {person},\n\nfrom now on you find the orders for {supplier} in our portal. You can answer them at once; "
    "the rest can be done in the next two weeks."
)


def bring_some_in(*, at: datetime) -> int:
    """Write what is asked, exclude two suppliers, and invite twelve a day ago; says how many were invited.

    After the invoices of the weeks before: what was approved then did not wait. Nobody is told: it is the past.
    """
    then = at - timedelta(days=1)
    with acting(SET_UP):
        last = OutboxMessage.objects.order_by("-id").values_list("id", flat=True).first() or 0
        there = Supplier.objects.filter(state=SupplierState.ACTIVE).exclude(email="").order_by("number")
        numbers = list(there.values_list("number", flat=True)[:14])
        conduct = Step(StepKind.TERMS, wants=("conduct",))
        write_terms(WriteTerms("conduct", "Code of conduct", {"en": CONDUCT}), actor=SET_UP, at=then)
        template = WriteTemplate("everybody", "Everybody", (*USUAL_STEPS, conduct))
        write_template(template, actor=SET_UP, at=then)
        write_invitation_text(WriteInvitationText("", "en", WELCOME), actor=SET_UP, at=then)
        if len(numbers) > 2:
            excluded = ExcludeSuppliers(
                tuple(numbers[-2:]), "one_off", until_on=at.date() + timedelta(days=90)
            )
            exclude_suppliers(excluded, actor=SET_UP, at=then)
        command = InviteSuppliers(tuple(Target(one) for one in numbers), InvitedHow.LIST)
        invited = len(invite_suppliers(command, actor=SET_UP, at=then).runs)
        told = OutboxMessage.objects.filter(pk__gt=last, topic=TOPIC, kind="notices")
        told.filter(state=MessageState.WAITING).update(state=MessageState.SKIPPED, outcome="the past")
        return invited
