"""How invoices match: first-pass match and invoice exception rate (docs/measures.md)."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from portal.kernel.actors import Actor
from procurement.matching.engine import Outcome
from procurement.matching.models import Match
from procurement.matching.queries.kept import visible_matches

NOT_CLEAN = (Outcome.HELD, Outcome.REFUSED)


@dataclass(frozen=True, slots=True)
class MatchFigures:
    """Of the invoices that were matched first in a period: how many passed at once, how many were ever held."""

    invoices: int
    first_pass: int
    exceptions: int

    @property
    def first_pass_rate(self) -> Fraction | None:
        """The share that passed at once; None where there was nothing to match."""
        return Fraction(self.first_pass, self.invoices) if self.invoices else None

    @property
    def exception_rate(self) -> Fraction | None:
        """The share that was ever held or refused; None where there was nothing to match."""
        return Fraction(self.exceptions, self.invoices) if self.invoices else None


def first_matches(actor: Actor, *, since: datetime, until: datetime) -> QuerySet[Match]:
    """The first match of each invoice, of those made in the period: the rows behind both figures. `was_held` says
    whether the invoice was ever held or refused by the match.
    """
    before = Match.objects.filter(invoice=OuterRef("invoice"), pk__lt=OuterRef("pk"))
    apart = Match.objects.filter(invoice=OuterRef("invoice"), outcome__in=NOT_CLEAN)
    found = visible_matches(actor).filter(~Exists(before), made_at__gte=since, made_at__lt=until)
    return found.annotate(was_held=Exists(apart)).defer("checks")


def match_figures(actor: Actor, *, since: datetime, until: datetime) -> MatchFigures:
    """Both figures for a period (the first moment is in it, the last is not). One query."""
    told = first_matches(actor, since=since, until=until).aggregate(
        invoices=Count("pk"),
        first_pass=Count("pk", filter=Q(outcome=Outcome.PASSED)),
        exceptions=Count("pk", filter=Q(was_held=True)),
    )
    return MatchFigures(**told)
