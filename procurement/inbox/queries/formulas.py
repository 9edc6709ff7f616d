"""Reading formulas: the one that counts, and those that were or may be."""

import uuid

from django.db.models import Case, IntegerField, Value, When
from django.utils.translation import gettext as _

from portal.kernel.errors import NotFound
from procurement.inbox.messages import Part
from procurement.inbox.models import PriorityFormula
from procurement.inbox.policies.scoring import Formula, default_formula, read_formula
from procurement.inbox.states import FormulaState


def as_formula(kept: PriorityFormula) -> Formula:
    """A formula as it was kept, read."""
    parts = [Part(one["name"], one["expression"]) for one in kept.parts]
    return read_formula(parts, kept.urgency, kept.rates)


def active_formula() -> PriorityFormula | None:
    """The formula that an administrator has put in the place of the one that comes with the program."""
    return PriorityFormula.objects.filter(state=FormulaState.ACTIVE).first()


def formula_that_counts() -> Formula:
    """How cases are ranked now."""
    kept = active_formula()
    return as_formula(kept) if kept else default_formula()


def find_formula(key: uuid.UUID, *, hold: bool = False) -> PriorityFormula:
    """One formula. Raises `NotFound`."""
    rows = PriorityFormula.objects.filter(key=key)
    found = (rows.select_for_update() if hold else rows).first()
    if found is None:
        raise NotFound(_("There is no such formula."))
    return found


def all_formulas() -> list[PriorityFormula]:
    """Every formula: the active one, drafts, then those that were; newest first."""
    order = {FormulaState.ACTIVE: 0, FormulaState.ASKED: 1, FormulaState.DRAFT: 2}
    rank = Case(
        *(When(state=state, then=Value(place)) for state, place in order.items()),
        default=Value(9),
        output_field=IntegerField(),
    )
    return list(PriorityFormula.objects.order_by(rank, "-created_at", "-id")[:200])
