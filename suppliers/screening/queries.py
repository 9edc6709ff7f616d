"""Reading what was screened: which lists are loaded, who is like whom, and what stands against a supplier."""

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import NotFound
from suppliers.banking.models import BankAccount, BankChange
from suppliers.banking.states import UNDECIDED, AccountState
from suppliers.banking.states import ChangeState as BankState
from suppliers.details.models import CompanyNames
from suppliers.models import Supplier
from suppliers.screening.models import ListedParty, SanctionsList, ScreenedSupplier, ScreeningHit
from suppliers.screening.policies import COMPARED_AS, Index, Match
from suppliers.screening.states import HitState

SCREENER = Actor.system("Screening", Channel.RULE)
AGAINST = (HitState.OPEN, HitState.CONFIRMED)


def lists_in_force() -> list[SanctionsList]:
    """The lists that are loaded. Where none is, nobody is screened, and the page says so."""
    return list(SanctionsList.objects.filter(replaced_at=None).order_by("source"))


def parties_in_force() -> dict[str, list[ListedParty]]:
    """All listed parties, by the source of their list. One query."""
    found: dict[str, list[ListedParty]] = defaultdict(list)
    rows = ListedParty.objects.filter(of_list__replaced_at=None).select_related("of_list").order_by("id")
    for one in rows.iterator(chunk_size=5000):
        found[one.of_list.source].append(one)
    return dict(found)


def names_of(suppliers: Sequence[Supplier]) -> dict[int, tuple[str, ...]]:
    """Under which names suppliers are known: the ERP's, the legal and the trading one. One query."""
    named = {one.supplier_id: one for one in CompanyNames.objects.filter(supplier__in=suppliers)}
    found = {}
    for supplier in suppliers:
        names = [supplier.name]
        if one := named.get(supplier.pk):
            names += [one.legal_name, one.trading_name]
        found[supplier.pk] = tuple(dict.fromkeys(name for name in names if name))
    return found


def holders_of(suppliers: Sequence[Supplier]) -> dict[int, tuple[str, ...]]:
    """Who holds the accounts of suppliers: those that have not ended, and those that are proposed or asked for, by the
    supplier's id. Two queries."""
    live = BankAccount.objects.filter(supplier__in=suppliers).exclude(state=AccountState.ENDED)
    asked = BankChange.objects.filter(supplier__in=suppliers, state__in=[BankState.PROPOSED, *UNDECIDED])
    found: dict[int, set[str]] = defaultdict(set)
    for rows in (live, asked):
        for supplier_id, holder in rows.exclude(holder="").values_list("supplier_id", "holder"):
            found[supplier_id].add(holder)
    return {one.pk: tuple(sorted(found[one.pk])) for one in suppliers}


def fingerprint_of(names: Iterable[str], against: Iterable[object]) -> str:
    """What was compared with what, in a few letters; another threshold, or rule, is another comparison."""
    return _mark([sorted(names), [str(one) for one in against], settings.SCREENING_THRESHOLD, COMPARED_AS])


def pair_of(names: Iterable[str], listed: Iterable[str]) -> str:
    """The two names that somebody decided about, in a few letters. Whatever the threshold is, they stay the same."""
    return _mark([sorted(names), sorted(listed)])


def _mark(said: list[object]) -> str:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def is_screened(supplier: Supplier) -> bool:
    """Whether a supplier was screened under its names, and the holders of its accounts, of today against the lists of
    today; so it was where none is loaded. In the buying side's scope."""
    lists = [one.pk for one in lists_in_force()]
    names = {*names_of([supplier])[supplier.pk], *holders_of([supplier])[supplier.pk]}
    now = fingerprint_of(names, lists)
    return not lists or ScreenedSupplier.objects.filter(supplier=supplier, fingerprint=now).exists()


def hits(actor: Actor) -> QuerySet[ScreeningHit]:
    """The hits this actor may see, each with its supplier. For the buying side."""
    found: QuerySet[ScreeningHit] = ScreeningHit.objects.visible_to(actor).select_related("supplier")
    return found


def hits_by_state(actor: Actor) -> Mapping[str, int]:
    """How many hits stand in each state. One query."""
    return dict(hits(actor).order_by().values_list("state").annotate(n=Count("id")))


def find_hit(key: uuid.UUID, *, actor: Actor) -> ScreeningHit:
    """One hit. Raises `NotFound`."""
    found = hits(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such hit."))
    return found


def stands_against(supplier_id: int) -> bool:
    """Whether a hit on a supplier is undecided, or was confirmed. In the buying side's scope."""
    return ScreeningHit.objects.filter(supplier=supplier_id, state__in=AGAINST).exists()


def what_holds(supplier: Supplier) -> str:
    """Why no account of a supplier comes into force: `listed` while a hit stands against it, `not_screened` until its
    names and the holders of its accounts were compared with the lists of today; empty where nothing does. In the buying
    side's scope."""
    if stands_against(supplier.pk):
        return "listed"
    return "" if is_screened(supplier) else "not_screened"


def indexes() -> dict[str, Index]:
    """The listed parties ready to be compared with, by their list's source. Seconds, for tens of thousands."""
    return {source: Index(one.as_listed() for one in rows) for source, rows in parties_in_force().items()}


def listed_like(name: str) -> list[tuple[str, Match]]:
    """The listed parties that a name is like, each with the source of its list: for a company that is no supplier yet.
    In the buying side's scope.
    """
    found = indexes().items()
    return [
        (source, one) for source, each in found for one in each.matches([name], settings.SCREENING_THRESHOLD)
    ]
