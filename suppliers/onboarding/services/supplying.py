"""What a supplier gives here and nowhere else: it accepts terms and answers questions."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import acting, requires_scope
from suppliers.onboarding.models import IN_FORCE, OnboardingAnswer, OnboardingRun, Terms, TermsAccepted
from suppliers.onboarding.policies import read_answer
from suppliers.onboarding.queries import DESK, hold_run, sheet_of
from suppliers.onboarding.services.guards import require_keeper
from suppliers.onboarding.states import AnswerKind, RunState, StepKind


@requires_scope
def accept_terms(key: UUID, code: str, number: int, *, actor: Actor, at: datetime) -> TermsAccepted:
    """Somebody of the supplier accepts a version of terms, once. Nobody of ours does it for them, nor in their place.

    Raises `NotAllowed`, `Invalid` for terms that are not asked, `StaleDocument` where a newer version is there.
    """
    require_keeper(actor)
    if not actor.is_supplier or actor.impersonator_id is not None or actor.user_id is None:
        raise NotAllowed(_("Only a person of the supplier accepts terms, signed in."))
    run = hold_run(key, actor=actor)
    wanted = {word for one in sheet_of(run, at).steps if one.kind == StepKind.TERMS for word in one.wants}
    with acting(DESK):
        terms = Terms.objects.filter(IN_FORCE, code=code).first()
        if terms is None or code not in wanted:
            message = _("There are no such terms.")
            raise Invalid(message, [Problem("code", message, code[:40], "unknown")])
        if terms.number != number:
            raise StaleDocument(_("There is a newer version of these terms. Read it first."))
        row, is_new = TermsAccepted.objects.get_or_create(
            supplier_id=run.supplier_id,
            terms=terms,
            defaults={
                "language": get_language() or settings.LANGUAGE_CODE,
                "accepted_at": at,
                "accepted_by": actor.label,
                "accepted_by_user_id": actor.user_id,
            },
        )
        if is_new:
            facts = {"terms": code, "number": number, "title": terms.title}
            _record("onboarding.terms_accepted", run, facts, actor=actor, at=at)
    return row


@requires_scope
def answer_questions(key: UUID, typed: Mapping[str, str], *, actor: Actor, at: datetime) -> int:
    """Answer the questions of a supplier's template; returns how many answers changed. Empty takes an answer back.

    Raises `Invalid` with each answer that will not do, and while somebody of ours looks at them: what is approved is
    what was read. Then none is kept.
    """
    require_keeper(actor)
    run = hold_run(key, actor=actor)
    if run.state == RunState.IN_REVIEW:
        raise Invalid(
            _("Somebody looks at your answers now. To change one, ask that it is handed back to you.")
        )
    questions = {one.code: one for one in sheet_of(run, at).questions}
    problems: list[Problem] = []
    read: dict[str, str] = {}
    for code, text in typed.items():
        if code not in questions:
            continue
        answer = read_answer(questions[code], text)
        if answer is None:
            problems.append(Problem(code, _refusal(questions[code].holds), text[:40]))
        else:
            read[code] = answer
    if problems:
        raise Invalid(problems[0].message, problems)
    with acting(DESK):
        before = dict(OnboardingAnswer.objects.filter(supplier=run.supplier_id).values_list("code", "value"))
        changed = {code: value for code, value in read.items() if value != before.get(code, "")}
        rows = [
            OnboardingAnswer(
                supplier_id=run.supplier_id, code=code, value=value, answered_at=at, answered_by=actor.label
            )
            for code, value in changed.items()
        ]
        OnboardingAnswer.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["supplier", "code"],
            update_fields=["value", "answered_at", "answered_by"],
        )
        if changed:
            facts = {"answers": changed}
            _record("onboarding.questions_answered", run, facts, actor=actor, at=at)
    return len(changed)


def _refusal(holds: str) -> str:
    return {
        AnswerKind.YES_NO: _("Choose yes or no."),
        AnswerKind.CHOICE: _("Choose one of these."),
        AnswerKind.NUMBER: _("Write a number, such as 12.5."),
        AnswerKind.DATE: _("Write a day like 2026-11-30."),
    }.get(AnswerKind(holds), _("This answer is too long."))


def _record(
    kind: str, run: OnboardingRun, facts: Mapping[str, object], *, actor: Actor, at: datetime
) -> None:
    record(kind, run.stream, actor=actor, at=at, supplier_id=run.supplier_id, facts=facts)
