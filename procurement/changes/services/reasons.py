"""The reasons that a company gives and takes: its own words, its own codes, and which it does not use."""

import re
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, Problem
from portal.kernel.scope import requires_scope
from procurement.catalogue.models import Company
from procurement.catalogue.queries import find_company
from procurement.changes.messages import EditReason
from procurement.changes.models import ChangeReason
from procurement.changes.queries import reason_rows
from procurement.orders.states import Reason
from suppliers.roles import Permission

CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")
LONGEST_LABEL = 100


@requires_scope
def save_reason(command: EditReason, *, actor: Actor, at: datetime) -> ChangeReason:
    """Add a reason, word it anew, or take it off the list or back on. What was given stays as it was given.

    Raises `Invalid` for a code or words that cannot stand, and where no reason would be left.
    """
    if not actor.may(Permission.REASON_MANAGE) or actor.is_supplier:
        raise NotAllowed(_("An administrator edits the reasons."))
    company = find_company(command.company)
    # Two who edit at once: the second sees what the first did.
    Company.objects.select_for_update().get(pk=company.pk)
    rows = reason_rows(company.pk)
    label = command.label.strip()
    problems = _problems(command.code, label, {row.code for row in rows if row.active}, active=command.active)
    if problems:
        raise Invalid(problems[0].message, problems)
    is_starters_own = command.code in Reason.values and label == str(Reason(command.code).label)
    reason, _made = ChangeReason.objects.update_or_create(
        company=company,
        code=command.code,
        defaults={"label": "" if is_starters_own else label, "active": command.active},
    )
    facts = {"company": company.code, "code": command.code, "label": label, "active": command.active}
    record(
        "reason.saved",
        f"company:{company.code}",
        actor=actor,
        at=at,
        supplier_id=None,
        facts=facts,
        internal=True,
    )
    return reason


def _problems(code: str, label: str, active_codes: set[str], *, active: bool) -> list[Problem]:
    problems = []
    if not CODE.fullmatch(code):
        message = _("A code has small letters, digits and underscores, at most 30, and begins with a letter.")
        problems.append(Problem("code", message, code))
    if not label:
        problems.append(Problem("label", _("Say what people read: one or a few words."), "", "required"))
    elif len(label) > LONGEST_LABEL:
        message = _("At most %(most)d characters fit here, and this has %(count)d. Shorten it.")
        values = {"most": LONGEST_LABEL, "count": len(label)}
        problems.append(Problem("label", message % values, label[:100], "too_long"))
    if not active and active_codes <= {code}:
        message = _("At least one reason must be left, or nobody could decline. Add another one first.")
        problems.append(Problem("active", message, code))
    return problems
