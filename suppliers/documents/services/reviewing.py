"""A reviewer of ours looks at a version, and says whether it counts.

Note [Another pair of eyes]: what one of ours supplies for a supplier, somebody else reviews. Otherwise one person alone
could give a supplier whatever it lacks.
"""

import uuid
from datetime import date, datetime

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from suppliers.documents.messages import AcceptDocument
from suppliers.documents.models import Document, DocumentVersion
from suppliers.documents.policies import DAY, LONGEST_REASON, required_of
from suppliers.documents.queries import find_version, parties_of, rules_in_force, today_of
from suppliers.documents.services.asking import rest_where_covered
from suppliers.documents.services.supplying import problems_of_days, said_of
from suppliers.documents.states import DOCUMENT_LIFECYCLE, DocumentState
from suppliers.roles import Permission


class OwnDocument(NotAllowed):
    """Somebody wants to decide on what they supplied themselves."""

    code = "own_work"


def may_review(version: DocumentVersion, actor: Actor) -> bool:
    """Whether this actor decides on this version. See Note [Another pair of eyes]."""
    is_own = version.on_behalf and version.supplied_by_user_id == actor.user_id
    return not actor.is_supplier and actor.may(Permission.DOCUMENT_REVIEW) and not is_own


def _held(key: uuid.UUID, version: int, *, actor: Actor) -> DocumentVersion:
    if actor.is_supplier or not actor.may(Permission.DOCUMENT_REVIEW):
        raise NotAllowed(_("Documents are reviewed by an administrator of the buying side."))
    found = find_version(key, actor=actor, hold=True)
    if not may_review(found, actor):
        raise OwnDocument(_("You supplied this document. Somebody else reviews it."))
    if found.version != version:
        message = _("Something happened to this document since you opened it. Look at what stands now.")
        raise StaleDocument(message, details={"version": found.version})
    return found


@requires_scope
def accept_document(command: AcceptDocument, *, actor: Actor, at: datetime) -> DocumentVersion:
    """A version counts, for the days that the reviewer read on it. What counts today is replaced, and a renewal that
    was accepted and begins later stays. Where this one begins only after today both count, each for its days, and one
    without an end ends the day before.

    Raises `OwnDocument`, `StaleDocument`, `IllegalTransition` where it does not wait for a reviewer, and `Invalid` for
    days that cannot be so.
    """
    version = _held(command.key, command.version, actor=actor)
    DOCUMENT_LIFECYCLE.transition("accept", version.state)
    supplier, kind = version.supplier, version.document.kind
    today = today_of(supplier, at)
    need = required_of(parties_of([supplier])[supplier.pk], rules_in_force(), today).get(kind.pk)
    if problems := problems_of_days(command.valid_from, command.valid_until, need, today):
        raise Invalid(problems[0].message, problems)
    said = {}
    accepted = version.document.versions.filter(state=DocumentState.ACCEPTED).select_related("document")
    if command.valid_from is None or command.valid_from <= today:
        for one in accepted.filter(Q(valid_from=None) | Q(valid_from__lte=today)):
            facts = said_of(one, kind)
            DOCUMENT_LIFECYCLE.move(one, "replace", actor=actor, at=at, facts=facts, fields={"ended_at": at})
    elif ended := _let_end(accepted, command.valid_from):
        said = {"ended": ended, "ended_on": (command.valid_from - DAY).isoformat()}
    fields = {
        "valid_from": command.valid_from,
        "valid_until": command.valid_until,
        "decided_at": at,
        "decided_by": actor.label,
    }
    version.valid_until = command.valid_until
    facts = said_of(version, kind) | said
    DOCUMENT_LIFECYCLE.move(version, "accept", actor=actor, at=at, facts=facts, fields=fields)
    rest_where_covered(Document.objects.select_related("supplier").get(pk=version.document_id), need, at=at)
    return version


def _let_end(accepted: QuerySet[DocumentVersion], next_from: date) -> list[str]:
    """Let versions without an end that begin before another end the day before it; says which, by number. Else nobody
    would ask again once the other has ended."""
    endless = accepted.filter(Q(valid_from=None) | Q(valid_from__lt=next_from), valid_until=None)
    found = list(endless.order_by("number"))
    endless.update(valid_until=next_from - DAY, version=F("version") + 1)
    return [str(one.number) for one in found]


@requires_scope
def refuse_document(
    key: uuid.UUID, version: int, reason: str, *, actor: Actor, at: datetime
) -> DocumentVersion:
    """A version does not count, and its supplier reads why and what to do. What was accepted before stays in force."""
    found = _held(key, version, actor=actor)
    DOCUMENT_LIFECYCLE.transition("refuse", found.state)
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        message = _(
            "Say why, in at most %(most)d characters: the supplier reads it and supplies another one."
        )
        text = message % {"most": LONGEST_REASON}
        raise Invalid(text, [Problem("reason", text, said[:40], "required" if not said else "too_long")])
    facts = said_of(found, found.document.kind) | {"reason": said}
    fields = {"reason": said, "decided_at": at, "decided_by": actor.label, "ended_at": at}
    DOCUMENT_LIFECYCLE.move(found, "refuse", actor=actor, at=at, facts=facts, fields=fields)
    # Its supplier hears of it now: it is reminded a week from today, not tomorrow.
    today = today_of(found.supplier, at)
    Document.objects.filter(pk=found.document_id).exclude(asked_for="").update(reminded_on=today)
    return found
