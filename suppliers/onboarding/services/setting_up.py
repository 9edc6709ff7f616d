"""Our administrator writes templates, terms and texts, says whom not to invite, and which company invites by itself."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record, record_all
from portal.kernel.errors import Invalid, NotFound, Problem
from portal.kernel.scope import requires_scope
from suppliers.details.states import TAXES, ContactRole, IdentifierKind
from suppliers.documents.models import DocumentKind
from suppliers.models import Supplier
from suppliers.onboarding.messages import (
    ExcludeSuppliers,
    Question,
    Step,
    WriteInvitationText,
    WriteTemplate,
    WriteTerms,
)
from suppliers.onboarding.models import (
    IN_FORCE,
    FirstOrderRule,
    InvitationText,
    OnboardingExclusion,
    OnboardingRun,
    OnboardingTemplate,
    Terms,
)
from suppliers.onboarding.policies import (
    CODE,
    LONGEST_NAME,
    LONGEST_REASON,
    LONGEST_TERMS,
    LONGEST_TEXT,
    MOST_QUESTIONS,
    PLACEHOLDERS,
    unknown_places,
)
from suppliers.onboarding.queries import PAST_STEPS, chosen_for, excluded_among
from suppliers.onboarding.services.guards import require_administrator
from suppliers.onboarding.services.renewing import ask_all, ask_done
from suppliers.onboarding.states import AnswerKind, ExclusionReason, RunState, StepKind
from suppliers.states import Segment


def _internal(kind: str, stream: str, facts: dict[str, object], *, actor: Actor, at: datetime) -> None:
    record(kind, stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)


def _name_problems(code: str, name: str, field: str) -> list[Problem]:
    problems = []
    if not CODE.fullmatch(code) or len(code) > 40:
        message = _("A code has small letters, digits and single hyphens: long-tail.")
        problems.append(Problem("code", message, code[:40]))
    if not name or len(name) > LONGEST_NAME:
        message = _("Give it a name of at most %(most)d characters.") % {"most": LONGEST_NAME}
        problems.append(Problem(field, message, name[:40]))
    return problems


# --- templates -----------------------------------------------------------------------------------------------


@requires_scope
def write_template(command: WriteTemplate, *, actor: Actor, at: datetime) -> OnboardingTemplate:
    """Write a template, or its next version; the one before is retired. Onboardings that are under way go by what is
    for them now; those in review, and those that are done, keep what they were asked, and where the command says so are
    asked for its terms besides. Raises `Invalid`.
    """
    require_administrator(actor)
    code, name = command.code.strip(), command.name.strip()
    problems = _name_problems(code, name, "name") + _reach_problems(command)
    problems += _step_problems(command.steps) + _terms_problems(command.steps) + _kind_problems(command.steps)
    problems += _question_problems(command)
    if problems:
        raise Invalid(problems[0].message, problems)
    before = OnboardingTemplate.objects.select_for_update().filter(code=code).order_by("-number").first()
    if before is not None and before.retired_at is None:
        before.retired_at, before.retired_by = at, actor.label
        before.save(update_fields=["retired_at", "retired_by"])
    made = OnboardingTemplate.objects.create(
        code=code,
        number=before.number + 1 if before else 1,
        name=name,
        countries=sorted({one.upper() for one in command.countries}),
        categories=sorted(set(command.categories)),
        segments=sorted(set(command.segments)),
        languages=sorted(set(command.languages)),
        steps=[{**asdict(one), "wants": list(one.wants)} for one in command.steps],
        questions=[{**asdict(one), "choices": list(one.choices)} for one in command.questions],
        made_at=at,
        made_by=actor.label,
    )
    done = _choose_anew(made if command.asks_done else None)
    asked = ask_done(made, done, actor=actor, at=at)
    facts: dict[str, object] = {"name": name, "number": made.number, **({"done": asked} if asked else {})}
    _internal("onboarding_template.written", made.stream, facts, actor=actor, at=at)
    return made


@requires_scope
def retire_template(code: str, *, actor: Actor, at: datetime) -> None:
    """Ask nobody by a template any more. Raises `NotFound`."""
    require_administrator(actor)
    found = OnboardingTemplate.objects.select_for_update().filter(IN_FORCE, code=code).first()
    if found is None:
        raise NotFound(_("There is no such template."))
    found.retired_at, found.retired_by = at, actor.label
    found.save(update_fields=["retired_at", "retired_by"])
    _internal("onboarding_template.retired", found.stream, {"name": found.name}, actor=actor, at=at)
    _choose_anew()


def _choose_anew(asks_done: OnboardingTemplate | None = None) -> list[OnboardingRun]:
    """The template of every onboarding that the supplier works on. Returns those whose steps are behind them and for
    which the template is that is named. A fixed number of queries; all are held at once, by supplier as everywhere.
    """
    working = Q(state__in=[RunState.INVITED, RunState.STARTED])
    going = OnboardingRun.objects.filter(working | Q(state__in=PAST_STEPS) if asks_done else working)
    rows = list(
        going.select_for_update(of=("self",), no_key=True).select_related("supplier").order_by("supplier_id")
    )
    chosen = chosen_for(one.supplier for one in rows)
    changed, done = [], []
    for run in rows:
        template, why = chosen[run.supplier_id] or (None, ())
        if run.state in PAST_STEPS:
            if asks_done and template == asks_done.pk:
                done.append(run)
        elif (run.template_id, run.why) != (template, [list(pair) for pair in why]):
            # What was asked besides, of one that was handed back, its new template asks or no more.
            run.template_id, run.why, run.terms_by_id = template, [list(pair) for pair in why], None
            changed.append(run)
    if changed:
        OnboardingRun.objects.bulk_update(changed, ["template", "why", "terms_by"])
    return done


def _reach_problems(command: WriteTemplate) -> list[Problem]:
    problems = []
    if bad := [one for one in command.countries if len(one) != 2 or not one.isalpha()]:
        message = _("%(value)s is no country code: two letters, such as DE.") % {"value": bad[0][:20]}
        problems.append(Problem("countries", message, bad[0][:20]))
    if bad := [one for one in command.segments if one not in Segment.values]:
        problems.append(Problem("segments", _("There is no such segment."), bad[0][:20], "unknown"))
    if bad := [one for one in command.languages if one not in dict(settings.LANGUAGES)]:
        problems.append(Problem("languages", _("Choose one of the languages."), bad[0][:20], "unknown"))
    return problems


def _step_problems(steps: Iterable[Step]) -> list[Problem]:
    kinds = [one.kind for one in steps]
    if not kinds:
        return [Problem("steps", _("Ask for one step at least."), "", "required")]
    if bad := [kind for kind in kinds if kind not in StepKind.values or kinds.count(kind) > 1]:
        return [Problem("steps", _("Each step stands once."), bad[0][:20], "unknown")]
    return []


def _terms_problems(steps: Iterable[Step]) -> list[Problem]:
    """A step that asks for terms which nobody can accept would be done by itself."""
    wanted = {word for one in steps if one.kind == StepKind.TERMS for word in one.wants}
    if not wanted:
        if any(one.kind == StepKind.TERMS for one in steps):
            message = _("Name the terms that are to be accepted, by their codes.")
            return [Problem("terms", message, "", "required")]
        return []
    lacking = wanted - set(Terms.objects.filter(IN_FORCE, code__in=wanted).values_list("code", flat=True))
    message = _("There are no terms %(code)s. Write them first.")
    return [Problem("terms", message % {"code": one[:40]}, one[:40], "unknown") for one in sorted(lacking)]


def _kind_problems(steps: Iterable[Step]) -> list[Problem]:
    """A step that waits for a kind which nobody can give would never be done; or, of documents, be done by itself."""
    codes = DocumentKind.objects.filter(retired_at=None).values_list("code", flat=True)
    taxes = set(map(str, TAXES))
    known: dict[str, set[str]] = {
        StepKind.TAX: taxes,
        StepKind.IDENTIFIERS: set(IdentifierKind.values) - taxes,
        StepKind.CONTACTS: set(ContactRole.values),
        StepKind.DOCUMENTS: set(codes),
    }
    message = _("There is no %(value)s among %(known)s.")
    return [
        Problem(
            one.kind,
            message % {"value": word[:40], "known": ", ".join(sorted(known[one.kind]))},
            word[:40],
            "unknown",
        )
        for one in steps
        if one.kind in known
        for word in one.wants
        if word not in known[one.kind]
    ]


def _question_problems(command: WriteTemplate) -> list[Problem]:
    """What is wrong with the questions: named by their place."""
    problems = []
    questions: tuple[Question, ...] = command.questions
    if questions and StepKind.QUESTIONS not in {one.kind for one in command.steps}:
        problems.append(Problem("questions", _("Ask for the step “Questions” as well."), "", "required"))
    if len(questions) > MOST_QUESTIONS:
        message = _("At most %(most)d questions.") % {"most": MOST_QUESTIONS}
        problems.append(Problem("questions", message, str(len(questions)), "too_many"))
    codes = [one.code for one in questions]
    for place, one in enumerate(questions, start=1):
        if not CODE.fullmatch(one.code) or len(one.code) > 40 or codes.count(one.code) > 1:
            message = _("Question %(n)d: a code of its own, of small letters, digits and hyphens.")
            problems.append(Problem("questions", message % {"n": place}, one.code[:40], line=str(place)))
        elif not one.text.strip() or len(one.text) > 300:
            message = _("Question %(n)d: write what is asked, in at most 300 characters.")
            problems.append(Problem("questions", message % {"n": place}, one.text[:40], line=str(place)))
        elif one.holds not in AnswerKind.values:
            message = _("Question %(n)d: its answer is one of %(known)s.")
            said = {"n": place, "known": ", ".join(AnswerKind.values)}
            problems.append(Problem("questions", message % said, one.holds[:40], line=str(place)))
        elif one.holds == AnswerKind.CHOICE and len(one.choices) < 2:
            message = _("Question %(n)d: give two choices at least.")
            problems.append(Problem("questions", message % {"n": place}, "", line=str(place)))
    return problems


# --- terms and texts -----------------------------------------------------------------------------------------


@requires_scope
def write_terms(command: WriteTerms, *, actor: Actor, at: datetime) -> Terms:
    """Write terms, or their next version: who accepted the one before, or is done with its steps, is asked by mail.
    Raises `Invalid`."""
    require_administrator(actor)
    code, title = command.code.strip(), command.title.strip()
    problems = _name_problems(code, title, "title")
    texts = {language: text.strip() for language, text in command.texts.items() if text.strip()}
    if not texts or any(language not in dict(settings.LANGUAGES) for language in texts):
        problems.append(
            Problem("text", _("Write the terms in one of the languages at least."), "", "required")
        )
    if any(len(text) > LONGEST_TERMS for text in texts.values()):
        message = _("At most %(most)d characters.") % {"most": LONGEST_TERMS}
        problems.append(Problem("text", message, "", "too_long"))
    if command.from_on is not None and command.from_on < at.date():
        message = _("Choose a day that is not over.")
        problems.append(Problem("from_on", message, command.from_on.isoformat()))
    if problems:
        raise Invalid(problems[0].message, problems)
    # Not against what points to it: who accepts the old version at this moment holds its run, which is held below.
    held = Terms.objects.select_for_update(no_key=True)
    before = held.filter(code=code).order_by("-number").first()
    if before is not None and before.retired_at is None:
        before.retired_at, before.retired_by = at, actor.label
        before.save(update_fields=["retired_at", "retired_by"])
    made = Terms.objects.create(
        code=code,
        number=before.number + 1 if before else 1,
        title=title,
        texts=texts,
        from_on=command.from_on,
        made_at=at,
        made_by=actor.label,
    )
    facts: dict[str, object] = {"title": title, "number": made.number}
    if made.from_on:
        facts["from"] = made.from_on.isoformat()
    _internal("terms.written", made.stream, facts, actor=actor, at=at)
    ask_all(made, Q(), actor=actor, at=at)
    return made


@requires_scope
def write_invitation_text(command: WriteInvitationText, *, actor: Actor, at: datetime) -> None:
    """Write what invitations say to suppliers of a segment (empty: any) in a language; an empty text takes it away.

    Raises `Invalid`, also for a placeholder that is none: nobody is to read braces.
    """
    require_administrator(actor)
    text = command.text.replace("\r\n", "\n").strip()
    problems = []
    if command.segment and command.segment not in Segment.values:
        problems.append(Problem("segment", _("There is no such segment."), command.segment[:20], "unknown"))
    if command.language not in dict(settings.LANGUAGES):
        problems.append(Problem("language", _("Choose one of the languages."), command.language[:20]))
    if len(text) > LONGEST_TEXT:
        message = _("At most %(most)d characters.") % {"most": LONGEST_TEXT}
        problems.append(Problem("text", message, text[:40], "too_long"))
    if bad := unknown_places(text):
        known = ", ".join("{" + name + "}" for name in PLACEHOLDERS)
        message = _("There is no placeholder {%(value)s}. There are %(known)s.")
        problems.append(Problem("text", message % {"value": bad[0][:40], "known": known}, bad[0][:40]))
    if problems:
        raise Invalid(problems[0].message, problems)
    same: dict[str, Any] = {"segment": command.segment, "language": command.language}
    if text:
        InvitationText.objects.update_or_create(
            **same, defaults={"text": text, "written_at": at, "written_by": actor.label}
        )
    else:
        InvitationText.objects.filter(**same).delete()
    facts: dict[str, object] = {**same, "text": text}
    _internal("onboarding.text_written", "onboarding_texts", facts, actor=actor, at=at)


@requires_scope
def set_first_order(company: str, *, is_on: bool, actor: Actor, at: datetime) -> None:
    """Say whether suppliers of a company of ours are invited by their first order. That there is such a company is the
    door's to know."""
    require_administrator(actor)
    FirstOrderRule.objects.update_or_create(
        company=company, defaults={"is_on": is_on, "written_at": at, "written_by": actor.label}
    )
    facts: dict[str, object] = {"company": company, "on": is_on}
    _internal("onboarding.first_order_set", "onboarding_first_orders", facts, actor=actor, at=at)


# --- whom not ------------------------------------------------------------------------------------------------


@requires_scope
def exclude_suppliers(command: ExcludeSuppliers, *, actor: Actor, at: datetime) -> int:
    """Invite these suppliers not, until a day or until somebody says otherwise; returns how many were excluded anew.

    Raises `Invalid` with each number that is none.
    """
    require_administrator(actor)
    numbers = list(dict.fromkeys(one.strip() for one in command.suppliers if one.strip()))
    words = command.words.strip()
    problems = []
    known = {one.number: one for one in Supplier.objects.filter(number__in=numbers)}
    for number in numbers:
        if number not in known:
            message = _("There is no supplier %(number)s.") % {"number": number[:40]}
            problems.append(Problem("suppliers", message, number[:40], "unknown"))
    if not numbers:
        problems.append(Problem("suppliers", _("Name one supplier at least."), "", "required"))
    if command.reason not in ExclusionReason.values:
        problems.append(Problem("reason", _("Choose a reason."), command.reason[:20], "unknown"))
    if (command.reason == ExclusionReason.OTHER and not words) or len(words) > LONGEST_REASON:
        problems.append(Problem("words", _("Say the reason in a sentence."), words[:40], "required"))
    if command.until_on is not None and command.until_on < at.date():
        message = _("Choose a day that is not over.")
        problems.append(Problem("until_on", message, command.until_on.isoformat()))
    if problems:
        raise Invalid(problems[0].message, problems)
    ids = [one.pk for one in known.values()]
    still = excluded_among(ids, at.date())
    # One whose last day is over makes room for the new one.
    over = OnboardingExclusion.objects.filter(supplier__in=set(ids) - set(still), ended_at=None)
    over.update(ended_at=at, ended_by=actor.label)
    rows = [
        OnboardingExclusion(
            supplier=one,
            reason=command.reason,
            words=words,
            until_on=command.until_on,
            made_at=at,
            made_by=actor.label,
        )
        for one in sorted(known.values(), key=lambda row: row.pk)
        if one.pk not in still
    ]
    OnboardingExclusion.objects.bulk_create(rows, ignore_conflicts=True)
    said = {"reason": command.reason, "words": words}
    facts = [Fact("onboarding.excluded", one.stream, one.supplier_id, said, internal=True) for one in rows]
    record_all(facts, actor=actor, at=at)
    return len(rows)


@requires_scope
def end_exclusion(key: UUID, *, actor: Actor, at: datetime) -> OnboardingExclusion:
    """A supplier may be invited again. Twice is harmless. Raises `NotFound`."""
    require_administrator(actor)
    found: OnboardingExclusion | None = (
        OnboardingExclusion.objects.select_for_update(of=("self",))
        .select_related("supplier")
        .filter(key=key)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such exclusion."))
    if found.ended_at is None:
        found.ended_at, found.ended_by = at, actor.label
        found.save(update_fields=["ended_at", "ended_by"])
        record(
            "onboarding.exclusion_ended",
            found.stream,
            actor=actor,
            at=at,
            supplier_id=found.supplier_id,
            internal=True,
        )
    return found
