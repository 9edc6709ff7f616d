"""Accounts that nobody has used for long: asleep, and awake again by a mailed link. Nothing is deleted."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db.models import DateTimeField, Exists, F, OuterRef
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import Fact, record, record_all
from portal.kernel.errors import NotFound
from portal.kernel.scope import acting, requires_scope
from suppliers.models import User
from suppliers.people.policies import WAKE_MAIL_EVERY
from suppliers.people.queries import KEEPER

MOST_AT_ONCE = 1_000


@requires_scope
def put_to_sleep(*, at: datetime) -> int:
    """Let those fall asleep who have not been here for `DORMANT_AFTER`; 0 days: nobody ever does.

    What a program does with a token of theirs is no sign of them: it sleeps with them. Mails, and the links in them,
    go on: they are a supplier's, not an account's.
    """
    if not settings.DORMANT_AFTER:
        return 0
    since = at - settings.DORMANT_AFTER
    seen = Greatest(F("last_login"), F("date_joined"), F("woken_at"), output_field=DateTimeField())
    here = UserSession.objects.filter(user=OuterRef("pk"), last_seen_at__gt=since)
    unused = User.objects.filter(is_active=True, asleep_at__isnull=True).annotate(seen=seen)
    rows = unused.filter(~Exists(here), seen__lte=since).select_for_update(of=("self",), skip_locked=True)
    people = list(rows.order_by("id")[:MOST_AT_ONCE])
    ids = [one.pk for one in people]
    User.objects.filter(pk__in=ids).update(asleep_at=at, session_round=F("session_round") + 1)
    facts = [
        Fact("person.dozed", f"person:{one.pk}", None, {"name": one.name}, internal=True) for one in people
    ]
    record_all(facts, actor=KEEPER, at=at)
    return len(people)


@requires_scope
def ask_to_wake(user: User, *, actor: Actor, at: datetime) -> bool:
    """Mail a link that wakes an account; one every `WAKE_MAIL_EVERY` at most. Says whether one goes.

    Whoever asks has just shown the password: the door sees to that.
    """
    with acting(KEEPER):
        held = User.objects.select_for_update().get(pk=user.pk)
        stream = f"person:{held.pk}"
        asked = AuditEvent.objects.filter(
            stream=stream, kind="person.wake_asked", at__gt=at - WAKE_MAIL_EVERY
        )
        if held.asleep_at is None or asked.exists():
            return False
        reader = {
            "address": held.email,
            "name": held.name,
            "language": held.language,
            "time_zone": held.time_zone,
        }
        facts = {"person": held.pk, "tell": [reader]}
        record("person.wake_asked", stream, actor=actor, at=at, supplier_id=None, facts=facts)
    return True


@requires_scope
def wake_person(user: User, *, actor: Actor, at: datetime) -> None:
    """Wake an account, by the link in a mail to its address. Signing in goes as ever after it.

    Raises `NotFound` where it was woken meanwhile: the link is for once.
    """
    with acting(KEEPER):
        asleep = User.objects.filter(pk=user.pk, asleep_at=user.asleep_at, asleep_at__isnull=False)
        if not asleep.update(asleep_at=None, woken_at=at):
            raise NotFound(_("This link was used already."))
        record(
            "person.woken",
            f"person:{user.pk}",
            actor=actor,
            at=at,
            supplier_id=None,
            facts={"name": user.name},
        )
