"""Reading onboarding: who stands where, what is asked of whom, how its steps stand, and what paying waits for.

Note [At the desk]: templates, terms, texts and exclusions are the buying side's own, and rows of suppliers are written
in its scope. What of them a supplier is to know is read there too, for the supplier that was found in its own scope.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Invalid, NotFound, Problem
from portal.kernel.scope import acting
from suppliers.banking.models import BankAccount, BankChange
from suppliers.banking.states import UNDECIDED, AccountState
from suppliers.details.models import IN_FORCE as STANDS
from suppliers.details.models import Address, ChangeRequest, CompanyNames, Contact, Identifier
from suppliers.details.queries import confirmed
from suppliers.details.states import TAXES, ChangeState, Part
from suppliers.documents.models import DocumentKind, DocumentVersion
from suppliers.documents.queries import held_of, parties_of
from suppliers.models import Membership, Supplier
from suppliers.onboarding.messages import PayingWaits, Question, Step
from suppliers.onboarding.models import (
    IN_FORCE,
    FirstOrderRule,
    InvitationText,
    OnboardingAnswer,
    OnboardingChase,
    OnboardingExclusion,
    OnboardingRun,
    OnboardingTemplate,
    Terms,
    TermsAccepted,
    UploadedInvitations,
)
from suppliers.onboarding.policies import (
    USUAL_STEPS,
    TermsVersion,
    Whose,
    choose,
    counting,
    is_excluded,
    of_all,
    paying_waits_for,
    still_open,
    with_terms,
)
from suppliers.onboarding.states import OPEN, RunState, StepKind, StepStanding
from suppliers.states import SupplierState

DESK = Actor.system("Onboarding", Channel.RULE)

Standings = Mapping[str, str]


# --- runs ----------------------------------------------------------------------------------------------------


def runs(actor: Actor) -> QuerySet[OnboardingRun]:
    """The onboardings this actor may see, each with its supplier. The template is the desk's to read."""
    found: QuerySet[OnboardingRun] = OnboardingRun.objects.visible_to(actor).select_related("supplier")
    return found


def find_run(key: uuid.UUID, *, actor: Actor) -> OnboardingRun:
    """One onboarding. Raises `NotFound` for what is not there or not yours."""
    run = runs(actor).filter(key=key).first()
    if run is None:
        raise NotFound(_("There is no such onboarding."))
    return run


def keys_of_suppliers(numbers: Collection[str], *, actor: Actor) -> tuple[uuid.UUID, ...]:
    """The onboardings of these suppliers, by their numbers. Raises `Invalid` with each number that has none."""
    found = dict(runs(actor).filter(supplier__number__in=numbers).values_list("supplier__number", "key"))
    if lacking := [number for number in dict.fromkeys(numbers) if number not in found]:
        message = _("No onboarding of a supplier of this number is there.")
        raise Invalid(message, [Problem("suppliers", message, number, "unknown") for number in lacking])
    return tuple(found[number] for number in dict.fromkeys(numbers))


def hold_run(key: uuid.UUID, *, actor: Actor) -> OnboardingRun:
    """One onboarding, held until the transaction ends: who decides on it comes one after the other."""
    found = find_run(key, actor=actor)
    with acting(DESK):
        held: OnboardingRun = (
            OnboardingRun.objects.select_for_update(of=("self",)).select_related("supplier").get(pk=found.pk)
        )
    return held


def own_run(actor: Actor) -> OnboardingRun | None:
    """The onboarding of the supplier acted for; None where there is none."""
    return runs(actor).filter(supplier__in=actor.supplier_ids).first() if actor.is_supplier else None


def by_state(actor: Actor) -> dict[str, int]:
    """How many onboardings stand in each state. One query."""
    rows = OnboardingRun.objects.visible_to(actor).values_list("state").annotate(n=Count("id"))
    return dict(rows.order_by("state"))


def states_of_streams(streams: Iterable[str]) -> dict[str, str]:
    """How onboardings stand, by the streams of their facts. One query, in the scope of who asks."""
    keys = [stream.partition(":")[2] for stream in streams]
    found = OnboardingRun.objects.filter(key__in=keys).values_list("key", "state")
    return {f"onboarding:{key}": state for key, state in found}


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far the open onboardings are: by state, and, of those under way, by the first step that waits for them."""

    states: Mapping[str, int]
    stuck: Mapping[str, Sequence[int]]


def funnel(actor: Actor, at: datetime) -> Funnel:
    """Who is stuck at which step. As many queries for five thousand as for one."""
    under_way = list(runs(actor).filter(state=RunState.STARTED).order_by("id"))
    sheets = sheets_of(under_way, at)
    stuck: dict[str, list[int]] = defaultdict(list)
    for run in under_way:
        if waiting := sheets[run.pk].waiting:
            stuck[waiting[0]].append(run.pk)
    return Funnel(by_state(actor), stuck)


def quiet_since(found: Iterable[OnboardingRun]) -> dict[int, datetime]:
    """Since when nothing has moved in these onboardings, by the run's id: it neither went on nor was anything given.

    A reminder moves nothing. Five queries however many there are.
    """
    rows = list(found)
    ids = [one.supplier_id for one in rows]
    since: dict[int, list[datetime]] = defaultdict(list)
    given: Sequence[tuple[Any, str]] = (
        (ChangeRequest, "requested_at"),
        (DocumentVersion, "supplied_at"),
        (BankChange, "proposed_at"),
        (TermsAccepted, "accepted_at"),
        (OnboardingAnswer, "answered_at"),
    )
    if rows:
        with acting(DESK):
            for model, moment in given:
                last = model.objects.filter(supplier__in=ids).order_by().values_list("supplier_id")
                for supplier_id, at in last.annotate(last=Max(moment)):
                    since[supplier_id].append(at)
    return {
        one.pk: max(
            moment
            for moment in (one.invited_at, one.started_at, one.handed_in_at, *since[one.supplier_id])
            if moment is not None
        )
        for one in rows
    }


# --- steps ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is asked of one supplier, and how each step stands.

    `terms_from`: the day until which the step “Terms” holds up nothing: what lacks of it does not count before.
    """

    run: OnboardingRun
    steps: Sequence[Step]
    questions: Sequence[Question]
    standing: Standings
    terms_from: date | None = None

    @property
    def waiting(self) -> list[str]:
        """The compulsory steps that wait for the supplier, in their order."""
        return still_open(self.steps, self.standing)

    @property
    def paying(self) -> list[str]:
        """The steps for which paying waits, in their order: none once it is done or taken back. Whom we refuse, or with
        whom the business ended before it was done, is not paid by that: it waits on."""
        left = self.run.state == RunState.WITHDRAWN and self.run.supplier.left_at is not None
        holds = left or self.run.state in (*OPEN, RunState.REFUSED)
        return paying_waits_for(self.steps, self.standing) if holds else []

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(self.standing[one.kind] == StepStanding.DONE for one in self.steps)


def sheets_of(found: Iterable[OnboardingRun], at: datetime) -> dict[int, Sheet]:
    """How the steps of these onboardings stand, by the run's id: as many queries for many as for one.

    See Note [At the desk]. A supplier without a template of its own is asked `USUAL_STEPS`.
    """
    rows = list(found)
    if not rows:
        return {}
    with acting(DESK):
        templates = templates_of(rows)
        given = _Given.of([one.supplier for one in rows], at)
    sheets = {}
    for run in rows:
        template = templates.get(run.template_id) if run.template_id else None
        steps = template.as_steps() if template else USUAL_STEPS
        if run.terms_by_id:
            steps = with_terms(steps, asks_for(templates[run.terms_by_id]))
        questions = template.as_questions() if template else ()
        standing = {one.kind: given.standing(run.supplier_id, one, questions) for one in steps}
        terms_from = given.terms_from(run.supplier_id, steps)
        if terms_from:
            steps = tuple(_holding_up_nothing(one) if one.kind == StepKind.TERMS else one for one in steps)
        sheets[run.pk] = Sheet(run, steps, questions, standing, terms_from)
    return sheets


def templates_of(rows: Iterable[OnboardingRun]) -> dict[int, OnboardingTemplate]:
    """The versions by which these go, and by whose terms. One query, in the desk's scope."""
    ids = {pk for one in rows for pk in (one.template_id, one.terms_by_id) if pk}
    found: dict[int, OnboardingTemplate] = OnboardingTemplate.objects.in_bulk(ids)
    return found


def _holding_up_nothing(step: Step) -> Step:
    return replace(step, compulsory=False, paying_waits=False)


def sheet_of(run: OnboardingRun, at: datetime) -> Sheet:
    """How the steps of one onboarding stand."""
    return sheets_of([run], at)[run.pk]


@dataclass(frozen=True, slots=True)
class _Given:
    """What many suppliers have given, read off the records of each package."""

    names: Collection[int]
    numbers: Mapping[int, Collection[str]]
    addresses: Mapping[int, Collection[str]]
    roles: Mapping[int, Collection[str]]
    changes: Mapping[int, Collection[str]]
    papers: Mapping[int, Mapping[str, bool]]
    paid: Collection[int]
    asked_bank: Collection[int]
    reached: Collection[int]
    confirmed: Collection[int]
    accepted: Mapping[int, Mapping[str, int]]
    terms: Mapping[str, "_TermsNow"]
    answers: Mapping[int, Collection[str]]

    @classmethod
    def of(cls, suppliers: Sequence[Supplier], at: datetime) -> "_Given":
        """A fixed number of queries."""
        ids = [one.pk for one in suppliers]
        named = CompanyNames.objects.filter(supplier__in=ids).exclude(legal_name="")
        numbers = Identifier.objects.filter(STANDS, supplier__in=ids)
        addresses = Address.objects.filter(STANDS, supplier__in=ids)
        contacts = Contact.objects.filter(STANDS, supplier__in=ids)
        waiting = ChangeRequest.objects.filter(supplier__in=ids, state=ChangeState.WAITING)
        accounts = BankAccount.objects.filter(supplier__in=ids, state=AccountState.IN_FORCE)
        bank = BankChange.objects.filter(supplier__in=ids, state__in=UNDECIDED)
        agreed = TermsAccepted.objects.filter(supplier__in=ids).order_by("terms__number")
        accepted: dict[int, dict[str, int]] = defaultdict(dict)
        for supplier_id, code, number in agreed.values_list("supplier_id", "terms__code", "terms__number"):
            accepted[supplier_id][code] = number
        answers = OnboardingAnswer.objects.filter(supplier__in=ids)
        roles: dict[int, set[str]] = defaultdict(set)
        for supplier_id, some in contacts.values_list("supplier_id", "roles"):
            roles[supplier_id] |= set(some)
        return cls(
            frozenset(named.values_list("supplier_id", flat=True)),
            _grouped(numbers.values_list("supplier_id", "kind")),
            _grouped(addresses.values_list("supplier_id", "kind")),
            roles,
            _grouped(waiting.values_list("supplier_id", "part")),
            _papers(suppliers, at),
            frozenset(accounts.values_list("supplier_id", flat=True)),
            frozenset(bank.values_list("supplier_id", flat=True)),
            frozenset(one.pk for one in suppliers if one.email),
            confirmed(ids, Part.PREFERENCES) & confirmed(ids, Part.CHANNEL),
            accepted,
            _terms_now(at.date()),
            _grouped(answers.exclude(value="").values_list("supplier_id", "code")),
        )

    def standing(self, pk: int, step: Step, questions: Sequence[Question]) -> StepStanding:
        """How a step of one supplier stands. Asked eight times for each of thousands."""
        if self._is_done(pk, step, questions):
            return StepStanding.DONE
        return StepStanding.WITH_US if self._is_with_us(pk, step) else StepStanding.OPEN

    def _is_done(self, pk: int, step: Step, questions: Sequence[Question]) -> bool:
        match step.kind:
            case StepKind.COMPANY:
                return pk in self.names
            case StepKind.TAX:
                return of_all(step.wants, [kind for kind in self.numbers.get(pk, ()) if kind in TAXES])
            case StepKind.ADDRESS:
                return of_all(step.wants or ("registered",), self.addresses.get(pk, ()))
            case StepKind.CONTACTS:
                return of_all(step.wants, self.roles.get(pk, ()))
            case StepKind.IDENTIFIERS:
                return of_all(step.wants, [kind for kind in self.numbers.get(pk, ()) if kind not in TAXES])
            case StepKind.DOCUMENTS:
                return not self._lacking_papers(pk, step)
            case StepKind.TERMS:
                return not self._unaccepted(pk, step)
            case StepKind.BANK:
                return pk in self.paid
            case StepKind.PREFERENCES:
                return pk in self.reached and pk in self.confirmed
            case _:
                return {one.code for one in questions if one.compulsory} <= set(self.answers.get(pk, ()))

    def _unaccepted(self, pk: int, step: Step) -> list[str]:
        """The terms of a step of which the version in force is not accepted."""
        has = self.accepted.get(pk, {})
        return [one for one in step.wants if one in self.terms and has.get(one, 0) < self.terms[one].number]

    def terms_from(self, pk: int, steps: Iterable[Step]) -> date | None:
        """From which day on the first terms count that are not accepted; None where one of them does already, and where
        all are."""
        has = self.accepted.get(pk, {})
        lacking = [
            (code, self.terms[code])
            for step in steps
            if step.kind == StepKind.TERMS
            for code in self._unaccepted(pk, step)
        ]
        if any(has.get(code, 0) < now.counting for code, now in lacking):
            return None
        return min((now.from_on for _code, now in lacking if now.from_on), default=None)

    def _lacking_papers(self, pk: int, step: Step) -> list[bool]:
        """Of the compulsory proofs that a step counts and that lack, whether each was given and is being checked."""
        lacking = self.papers.get(pk, {})
        return [is_given for code, is_given in lacking.items() if not step.wants or code in step.wants]

    def _is_with_us(self, pk: int, step: Step) -> bool:
        match step.kind:
            case StepKind.COMPANY:
                return Part.LEGAL in self.changes.get(pk, ())
            case StepKind.TAX:
                return Part.TAX_ID in self.changes.get(pk, ())
            case StepKind.DOCUMENTS:
                return all(self._lacking_papers(pk, step))
            case StepKind.PREFERENCES:
                return Part.CHANNEL in self.changes.get(pk, ()) and pk in self.reached
            case _:
                return step.kind == StepKind.BANK and pk in self.asked_bank


@dataclass(frozen=True, slots=True)
class _TermsNow:
    """Terms in force: the version that is asked for, its first day, and the version that counts (0: none yet)."""

    number: int
    from_on: date | None
    counting: int


def _terms_now(today: date) -> dict[str, _TermsNow]:
    """The terms in force, by their code. One query, in the desk's scope."""
    rows = Terms.objects.order_by("id").values_list("code", "number", "from_on", "retired_at")
    versions = [
        TermsVersion(code, number, from_on, retired_at.date() if retired_at else None)
        for code, number, from_on, retired_at in rows
    ]
    count = counting(versions, today)
    return {
        one.code: _TermsNow(one.number, one.from_on, count.get(one.code, 0))
        for one in versions
        if one.replaced_on is None
    }


def _grouped(pairs: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for supplier_id, word in pairs:
        found[supplier_id].add(word)
    return found


def _papers(suppliers: Sequence[Supplier], at: datetime) -> dict[int, dict[str, bool]]:
    """The compulsory proofs that each supplier lacks, by the code of their kind: whether they were given and are being
    checked. One query more than for what is held."""
    codes = dict(DocumentKind.objects.values_list("id", "code"))
    return {
        pk: {
            codes[one.kind_id]: one.is_pending
            for one in every
            if one.need and one.need.compulsory and not one.cover.is_covered
        }
        for pk, every in held_of(suppliers, at, actor=DESK).items()
    }


def paying_waits(supplier_ids: Iterable[int], at: datetime) -> dict[int, PayingWaits]:
    """For which steps paying a supplier waits, by the supplier's id; nothing of a supplier whose onboarding is done, or
    taken back (`Sheet.paying`), or which was never invited. A fixed number of queries; one where no onboarding is open.
    """
    left = Q(state=RunState.WITHDRAWN, supplier__left_at__isnull=False)
    with acting(DESK):
        found = OnboardingRun.objects.filter(
            Q(state__in=[*OPEN, RunState.REFUSED]) | left, supplier__in=list(supplier_ids)
        )
        rows = list(found.select_related("supplier"))
    waits = {}
    for sheet in sheets_of(rows, at).values():
        kinds = tuple(sheet.paying)
        if kinds:
            is_ours = all(sheet.standing[kind] == StepStanding.WITH_US for kind in kinds)
            waits[sheet.run.supplier_id] = PayingWaits(kinds, is_ours, sheet.run.state not in OPEN)
    return waits


# --- templates, terms, texts ---------------------------------------------------------------------------------


def templates_in_force() -> list[OnboardingTemplate]:
    """The templates that are not retired, by name."""
    with acting(DESK):
        return list(OnboardingTemplate.objects.filter(IN_FORCE).order_by("name", "id"))


def find_template(code: str) -> OnboardingTemplate:
    """A template in force, by its code. Raises `NotFound`."""
    with acting(DESK):
        found = OnboardingTemplate.objects.filter(IN_FORCE, code=code).first()
    if found is None:
        raise NotFound(_("There is no such template."))
    return found


def template_of(run: OnboardingRun) -> OnboardingTemplate | None:
    """The version by which an onboarding goes."""
    if run.template_id is None:
        return None
    with acting(DESK):
        return OnboardingTemplate.objects.filter(pk=run.template_id).first()


def chosen_for(
    suppliers: Iterable[Supplier],
) -> dict[int, tuple[int, tuple[tuple[str, str], ...]] | None]:
    """The template of each supplier and why, by the supplier's id. Two queries."""
    every = list(suppliers)
    with acting(DESK):
        reaches = [one.as_reach() for one in OnboardingTemplate.objects.filter(IN_FORCE).order_by("id")]
        parties = parties_of(every)
    return {
        one.pk: choose(reaches, Whose(one.country, one.segment, one.language, parties[one.pk].categories))
        for one in every
    }


def terms_in_force() -> list[Terms]:
    """The terms that are not retired, by title."""
    with acting(DESK):
        return list(Terms.objects.filter(IN_FORCE).order_by("title", "id"))


@dataclass(frozen=True, slots=True)
class TermsToAccept:
    """Terms as one supplier's person sees them: the text in the reader's language, and who accepted them when."""

    terms: Terms
    text: str
    accepted: TermsAccepted | None


def terms_for(supplier: Supplier, codes: Collection[str]) -> list[TermsToAccept]:
    """The terms that a supplier is asked for, as it reads them. Two queries."""
    with acting(DESK):
        found = list(Terms.objects.filter(IN_FORCE, code__in=list(codes)).order_by("title", "id"))
        agreed = {
            one.terms_id: one for one in TermsAccepted.objects.filter(supplier=supplier, terms__in=found)
        }
    language = get_language() or settings.LANGUAGE_CODE
    return [TermsToAccept(one, one.text_in(language), agreed.get(one.pk)) for one in found]


def asks_for(template: OnboardingTemplate) -> frozenset[str]:
    """The codes of the terms that a template asks for."""
    return frozenset(
        code for step in template.as_steps() if step.kind == StepKind.TERMS for code in step.wants
    )


# Who has handed in, or is done, is asked for terms by nothing but terms: reminders of steps are over for it.
PAST_STEPS = (RunState.IN_REVIEW, RunState.ACTIVE)


def terms_owed(actor: Actor, at: datetime) -> list[Terms]:
    """Terms in force that the supplier acted for has not accepted, though its steps are behind it; while those go on,
    only terms that do not count yet, since the others are one of them. One query where nobody was invited, three where
    terms are asked."""
    run = own_run(actor)
    if run is None or run.state not in (RunState.STARTED, *PAST_STEPS):
        return []
    with acting(DESK):
        codes = {code for one in templates_of([run]).values() for code in asks_for(one)}
        if not codes:
            return []
        accepted = TermsAccepted.objects.filter(supplier=run.supplier_id).values("terms_id")
        found = Terms.objects.filter(IN_FORCE, code__in=codes).exclude(pk__in=accepted)
        if run.state == RunState.STARTED:
            found = found.filter(from_on__gt=at.date())
        return list(found.order_by("title", "id"))


def asked_beside(template: OnboardingTemplate, *, actor: Actor) -> int:
    """Of how many suppliers whose steps are behind them a template asks its terms. One query."""
    return OnboardingRun.objects.visible_to(actor).filter(terms_by=template).count()


def find_terms(code: str) -> Terms:
    """Terms in force, by their code. Raises `NotFound`."""
    with acting(DESK):
        found = Terms.objects.filter(IN_FORCE, code=code).first()
    if found is None:
        raise NotFound(_("There are no such terms."))
    return found


def asked_for_terms(terms: Terms, *, actor: Actor) -> QuerySet[Any]:
    """The onboardings that ask for terms, of suppliers that do business with us and have somebody here by now.

    Each with who accepted this version and when (`accepted_by`, `accepted_at`), and which version was accepted last
    (`accepted_number`); None where none was. One query for the templates.
    """
    with acting(DESK):
        ids = [one.pk for one in OnboardingTemplate.objects.order_by("id") if terms.code in asks_for(one)]
    theirs = TermsAccepted.objects.filter(supplier=OuterRef("supplier"))
    this = theirs.filter(terms=terms)
    last = theirs.filter(terms__code=terms.code).order_by("-terms__number")
    by = Q(template__in=ids) | Q(terms_by__in=ids)
    found: QuerySet[Any] = runs(actor).filter(by, state__in=[RunState.STARTED, *PAST_STEPS])
    told: QuerySet[Any] = found.filter(supplier__left_at=None, supplier__merged_into=None).annotate(
        accepted_at=Subquery(this.values("accepted_at")[:1]),
        accepted_by=Subquery(this.values("accepted_by")[:1]),
        accepted_number=Subquery(last.values("terms__number")[:1]),
    )
    return told


def terms_standing(actor: Actor) -> dict[str, tuple[int, int]]:
    """By the code of terms in force, how many suppliers accepted them, and of how many they are asked: those of
    `asked_for_terms`. Three queries however many terms there are."""
    going = Q(state__in=[RunState.STARTED, *PAST_STEPS], supplier__left_at=None, supplier__merged_into=None)
    found = OnboardingRun.objects.visible_to(actor).filter(going)
    counted = found.order_by().values_list("template_id", "terms_by_id").annotate(n=Count("id"))
    asked = {tuple(pair): n for *pair, n in counted}
    with acting(DESK):
        by = OnboardingTemplate.objects.in_bulk({pk for pair in asked for pk in pair if pk})
    codes = {pair: {code for pk in pair if pk for code in asks_for(by[pk])} for pair in asked}
    ours = TermsAccepted.objects.visible_to(actor).filter(
        terms__retired_at=None, supplier__onboarding__in=found
    )
    agreed = ours.order_by().values_list(
        "terms__code", "supplier__onboarding__template_id", "supplier__onboarding__terms_by_id"
    )
    standing: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for pair, some in codes.items():
        for code in some:
            standing[code] = (standing[code][0], standing[code][1] + asked[pair])
    for code, *pair, n in agreed.annotate(n=Count("id")):
        if code in codes.get(tuple(pair), ()):
            standing[code] = (standing[code][0] + n, standing[code][1])
    return dict(standing)


def accepted_streams(streams: Iterable[str]) -> set[tuple[str, str]]:
    """Of these onboardings which terms are accepted in the version in force: pairs of stream and code. One query."""
    keys = [stream.partition(":")[2] for stream in streams]
    found = TermsAccepted.objects.filter(supplier__onboarding__key__in=keys, terms__retired_at=None)
    pairs = found.values_list("supplier__onboarding__key", "terms__code")
    return {(f"onboarding:{key}", code) for key, code in pairs}


def answers_of(supplier: Supplier, *, actor: Actor) -> dict[str, str]:
    """What a supplier answered, by the question's code."""
    found = OnboardingAnswer.objects.visible_to(actor).filter(supplier=supplier)
    return dict(found.values_list("code", "value"))


def texts() -> list[InvitationText]:
    """What invitations say, by segment and language."""
    with acting(DESK):
        return list(InvitationText.objects.order_by("segment", "language"))


def first_order_rules() -> dict[str, bool]:
    """By a company's code, whether its suppliers are invited by their first order."""
    with acting(DESK):
        return dict(FirstOrderRule.objects.values_list("company", "is_on"))


# --- who is not invited --------------------------------------------------------------------------------------


def exclusions(actor: Actor) -> QuerySet[OnboardingExclusion]:
    """The exclusions that nobody has ended, the newest first. For the buying side."""
    found = OnboardingExclusion.objects.visible_to(actor).filter(ended_at=None)
    return found.select_related("supplier").order_by("-id")


def excluded_among(supplier_ids: Iterable[int], today: date) -> dict[int, OnboardingExclusion]:
    """Of these suppliers those that are not invited today, by their ids. One query, in the desk's scope."""
    found = OnboardingExclusion.objects.filter(supplier__in=list(supplier_ids), ended_at=None)
    return {one.supplier_id: one for one in found if is_excluded(one.until_on, today)}


def without_run(actor: Actor, today: date) -> QuerySet[Supplier]:
    """The suppliers that do business with us, were never invited, and are not excluded."""
    excluded = OnboardingExclusion.objects.filter(ended_at=None).filter(
        Q(until_on=None) | Q(until_on__gte=today)
    )
    found: QuerySet[Supplier] = Supplier.objects.visible_to(actor).filter(state=SupplierState.ACTIVE)
    return found.filter(onboarding=None, left_at=None, merged_into=None).exclude(
        pk__in=excluded.values("supplier_id")
    )


def with_people(supplier_ids: Iterable[int]) -> set[int]:
    """Of these suppliers those for which somebody acts already. One query, in the desk's scope."""
    found = Membership.objects.filter(supplier__in=list(supplier_ids), user__is_active=True)
    return set(found.values_list("supplier_id", flat=True))


def find_sheet(key: uuid.UUID, *, hold: bool = False) -> UploadedInvitations:
    """A sheet that was read. Raises `NotFound`."""
    rows: Any = UploadedInvitations.objects.select_for_update() if hold else UploadedInvitations.objects
    found: UploadedInvitations | None = rows.filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such sheet."))
    return found


def find_chase(key: uuid.UUID, *, hold: bool = False) -> OnboardingChase:
    """Suppliers that were marked. Raises `NotFound`."""
    rows: Any = OnboardingChase.objects.select_for_update() if hold else OnboardingChase.objects
    found: OnboardingChase | None = rows.filter(key=key).first()
    if found is None:
        raise NotFound(_("Nobody was marked here."))
    return found
