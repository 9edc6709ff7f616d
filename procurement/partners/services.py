"""The verb of the end: the business with a supplier ends when nothing is open, or it was said why it may be left."""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.links.services import end_links_of, hold_links_of
from procurement.partners.messages import EndBusiness
from procurement.partners.queries import open_matters
from procurement.partners.states import EndsWithIt, OpenMatter
from suppliers.offboarding.messages import LeftOpen
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.policies import LONGEST_REASON, unexplained
from suppliers.offboarding.queries import find_offboarding, hold_offboarding
from suppliers.offboarding.services import end_offboarding
from suppliers.offboarding.states import OffboardingState
from suppliers.roles import Permission


@requires_scope
def end_business(command: EndBusiness, *, actor: Actor, at: datetime) -> Offboarding:
    """End the business with a supplier: its people, programs and links get in no more, papers stay readable for us.

    What is open is counted while the supplier is held, so that nothing is sent between counting and ending. Raises
    `Invalid` naming each kind of thing that is open still and of which nobody has said why it may be left, or before
    the last day has come; `StaleDocument` and `IllegalTransition` where somebody was quicker.
    """
    if actor.is_supplier or not actor.may(Permission.SUPPLIER_MANAGE):
        raise NotAllowed(_("Only a supplier administrator ends the business with a supplier."))
    found = find_offboarding(command.offboarding, actor=actor)
    # First, as whoever answers by one: they hold the link, and then write rows that point to the supplier.
    hold_links_of(found.supplier_id)
    row = hold_offboarding(command.offboarding, actor=actor)
    if command.version is not None and command.version != row.version:
        raise StaleDocument(_("Somebody has changed this a moment ago. Look at it again."))
    if row.state != OffboardingState.BEGUN:
        message = _("%(name)s: %(state)s. There is nothing to end.")
        said = {"name": row.supplier.name, "state": row.get_state_display()}
        raise IllegalTransition(message % said, details={"verb": "end", "state": row.state})
    counts = open_matters(row.supplier, actor=actor)
    reasons = {kind: text.replace("\r\n", "\n").strip() for kind, text in command.reasons.items()}
    problems = [
        Problem(
            f"reason_{kind}",
            _("%(what)s: %(n)d open. Finish that first, or say why it may be left.")
            % {"what": OpenMatter(kind).label, "n": counts[kind]},
            str(counts[kind]),
            "open",
        )
        for kind in unexplained(counts, reasons)
    ]
    problems += [
        Problem(
            f"reason_{kind}",
            _("At most %(most)d characters.") % {"most": LONGEST_REASON},
            text[:40],
            "too_long",
        )
        for kind, text in reasons.items()
        if len(text) > LONGEST_REASON
    ]
    if problems:
        message = _("Something is open still.") if len(problems) > 1 else problems[0].message
        raise Invalid(message, problems)
    left = [LeftOpen(kind, count, reasons[kind]) for kind, count in counts.items()]
    links = end_links_of(row.supplier_id, actor=actor, at=at)
    return end_offboarding(row, left, {EndsWithIt.LINKS: links}, actor=actor, at=at)
