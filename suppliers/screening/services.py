"""Loading a list, screening whoever was not screened against it under these names, and deciding on a hit."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record, record_all
from portal.kernel.errors import Duplicate, Invalid, NotAllowed, Problem, StaleDocument
from portal.kernel.scope import requires_scope
from portal.kernel.templatetags.portal_ui import figure
from suppliers.models import Supplier
from suppliers.roles import Permission
from suppliers.screening.messages import Listed
from suppliers.screening.models import ListedParty, SanctionsList, ScreenedSupplier, ScreeningHit
from suppliers.screening.policies import Index, Match, likest, share_a_word
from suppliers.screening.queries import (
    SCREENER,
    find_hit,
    fingerprint_of,
    holders_of,
    indexes,
    lists_in_force,
    names_of,
    pair_of,
)
from suppliers.screening.states import HIT_LIFECYCLE, HitState
from suppliers.states import SUPPLIER_LIFECYCLE, SupplierState

MOST_AT_ONCE = 1_000
LONGEST_REASON = 500
LOCK = 0x73637265656E  # "screen"
LOADING = 0x73636C697374  # "sclist"


# --- lists ---------------------------------------------------------------------------------------------------


@requires_scope
def load_list(
    source: str,
    parties: Sequence[Listed],
    content: bytes,
    *,
    may_be_shorter: bool = False,
    actor: Actor,
    at: datetime,
) -> SanctionsList:
    """Put a list in force in place of the one before; everybody is screened against it by and by.

    Raises `NotAllowed`, `Duplicate` where the very same file is in force already, and `Invalid` for one that names less
    than half as many as the one in force, unless that `may_be_shorter`: a download that was cut off must not let go of
    hits unseen.
    """
    if not actor.may(Permission.SUPPLIER_MANAGE):
        raise NotAllowed(_("Only a supplier administrator loads lists."))
    with connection.cursor() as cursor:  # the first two lists of a source have no row to wait for
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOADING])
    before = SanctionsList.objects.select_for_update().filter(source=source, replaced_at=None).first()
    digest = hashlib.sha256(content).hexdigest()
    if before is not None and before.sha256 == digest:
        raise Duplicate(_("This very list is in force already."))
    unique = {one.ref[:40]: one for one in parties}
    if before is not None and not may_be_shorter and 2 * len(unique) < before.parties:
        message = _(
            "This list names %(now)s parties, the one in force %(before)s: it may have been cut off. If it was "
            "not, say that it is shorter (--shorter) and load it again."
        )
        said = message % {"now": figure(len(unique)), "before": figure(before.parties)}
        raise Invalid(said, [Problem("file", said, str(len(unique)), "shorter")])
    if before is not None:
        before.replaced_at = at
        before.save(update_fields=["replaced_at"])
        ListedParty.objects.filter(of_list=before).delete()
    made = SanctionsList.objects.create(
        source=source, sha256=digest, parties=len(unique), loaded_at=at, loaded_by=actor.label
    )
    rows = [
        ListedParty(of_list=made, ref=ref, names=list(one.names), about=one.about[:200])
        for ref, one in unique.items()
    ]
    ListedParty.objects.bulk_create(rows, batch_size=1000)
    facts = {"source": source, "parties": len(rows), "sha256": digest}
    record(
        "sanctions_list.loaded", made.stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True
    )
    return made


# --- screening -----------------------------------------------------------------------------------------------


@requires_scope
def screen_suppliers(*, at: datetime) -> int:
    """Screen the suppliers that were not screened under their names of today against the lists of today.

    The holders of its accounts are names of a supplier here: to them its money goes, or is to go. Returns how many
    were; none while another worker is at it. What somebody decided on the same names stays decided; where a name
    has changed since, here or on the list, it is to be decided anew. A fixed number of queries for each thousand.
    """
    lists = lists_in_force()
    if not lists or not _is_alone():
        return 0
    ids = [one.pk for one in lists]
    index: dict[str, Index] = {}
    screened, after = 0, 0
    while suppliers := list(Supplier.objects.filter(pk__gt=after).order_by("id")[:MOST_AT_ONCE]):
        after = suppliers[-1].pk
        names, holders = names_of(suppliers), holders_of(suppliers)
        every = {one.pk: tuple(dict.fromkeys((*names[one.pk], *holders[one.pk]))) for one in suppliers}
        now = {one.pk: fingerprint_of(every[one.pk], ids) for one in suppliers}
        was = dict(
            ScreenedSupplier.objects.filter(supplier__in=suppliers).values_list("supplier_id", "fingerprint")
        )
        due = [one for one in suppliers if now[one.pk] != was.get(one.pk)]
        if not due:
            continue
        # Read only now: on most days there is nothing to be screened.
        index = index or indexes()
        matches = {
            one.pk: {
                (source, match.listed.ref): match
                for source, each in index.items()
                for match in each.matches(every[one.pk], settings.SCREENING_THRESHOLD)
            }
            for one in due
        }
        _keep(due, names, every, matches, at)
        ScreenedSupplier.objects.bulk_create(
            [ScreenedSupplier(supplier=one, fingerprint=now[one.pk], screened_at=at) for one in due],
            update_conflicts=True,
            unique_fields=["supplier"],
            update_fields=["fingerprint", "screened_at"],
        )
        screened += len(due)
    return screened


def _is_alone() -> bool:
    """Whether no other worker screens: two at once would find the same hits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _keep(
    due: Sequence[Supplier],
    names: dict[int, tuple[str, ...]],
    every: dict[int, tuple[str, ...]],
    matches: dict[int, dict[tuple[str, str], Match]],
    at: datetime,
) -> None:
    found = ScreeningHit.objects.filter(supplier__in=due).select_related("supplier")
    held = found.select_for_update(of=("self",)).order_by("id")
    known = {(one.supplier_id, one.source, one.ref): one for one in held}
    fresh: list[ScreeningHit] = []
    anew: list[ScreeningHit] = []
    changed: list[ScreeningHit] = []
    holding: list[ScreeningHit] = []
    for supplier in due:
        for (source, ref), match in matches[supplier.pk].items():
            # A holder that has nothing to do with this party asks nobody again.
            own = names[supplier.pk]
            more = [
                one for one in every[supplier.pk] if one not in own and share_a_word(one, match.listed.names)
            ]
            seen = pair_of((*own, *more), match.listed.names)
            is_holder = bool(more) and likest((*own, *more), match.listed.names) in more
            hit = known.pop((supplier.pk, source, ref), None)
            if hit is None:
                fresh.append(_hit(supplier, source, match, seen, at))
                holding += [fresh[-1]] if is_holder else []
                continue
            holding += [hit] if is_holder else []
            differs = hit.seen != seen
            if hit.state == HitState.LAPSED or (hit.state == HitState.DISMISSED and differs):
                anew.append(hit)
            if differs:
                hit.seen, hit.score, hit.listed_name = seen, match.score, match.name
                changed.append(hit)
    gone = [one for one in known.values() if one.state == HitState.OPEN]
    ScreeningHit.objects.bulk_create(fresh, batch_size=1000)
    ScreeningHit.objects.bulk_update(changed, ["seen", "score", "listed_name"])
    _move_all(anew, "reopen", at, holding)
    _move_all(gone, "lapse", at)
    facts = [
        Fact("screening.hit_found", one.stream, one.supplier_id, _facts(one, holding), internal=True)
        for one in fresh
    ]
    record_all(facts, actor=SCREENER, at=at)


def _move_all(
    rows: Sequence[ScreeningHit], verb: str, at: datetime, holding: Sequence[ScreeningHit] = ()
) -> None:
    if rows:
        facts = [_facts(one, holding) for one in rows]
        HIT_LIFECYCLE.move_all(rows, verb, actor=SCREENER, at=at, facts=facts)


def _hit(supplier: Supplier, source: str, match: Match, seen: str, at: datetime) -> ScreeningHit:
    return ScreeningHit(
        supplier=supplier,
        source=source,
        ref=match.listed.ref,
        listed_name=match.name,
        about=match.listed.about,
        score=match.score,
        seen=seen,
        found_at=at,
    )


def _facts(hit: ScreeningHit, holding: Sequence[ScreeningHit] = ()) -> dict[str, object]:
    """What is told of a hit; of one whose name is most of all that of an account's holder (`holding`), that it is."""
    said = {"source": hit.source, "ref": hit.ref, "listed": hit.listed_name, "score": hit.score}
    is_holder = any(one is hit for one in holding)
    return {"supplier": hit.supplier.name, **said, **({"of": "holder"} if is_holder else {})}


# --- deciding ------------------------------------------------------------------------------------------------


@requires_scope
def dismiss_hit(key: UUID, version: int | None, reason: str, *, actor: Actor, at: datetime) -> ScreeningHit:
    """It is somebody else, and why: remembered as long as neither name changes. Whom it had blocked is as the ERP says.

    Raises `NotAllowed`, `Invalid` without a reason, `StaleDocument` and `IllegalTransition`.
    """
    hit = _decide(key, version, "dismiss", reason, actor=actor, at=at)
    others = ScreeningHit.objects.filter(supplier=hit.supplier_id, state=HitState.CONFIRMED)
    if not others.exists():
        _let_go(_held(hit.supplier_id), actor=actor, at=at)
    return hit


@requires_scope
def confirm_hit(key: UUID, version: int | None, reason: str, *, actor: Actor, at: datetime) -> ScreeningHit:
    """It is the listed one: the supplier is blocked, and no feed of the ERP unblocks it."""
    hit = _decide(key, version, "confirm", reason, actor=actor, at=at)
    _block(_held(hit.supplier_id), actor=actor, at=at)
    return hit


def _decide(
    key: UUID, version: int | None, verb: str, reason: str, *, actor: Actor, at: datetime
) -> ScreeningHit:
    if actor.is_supplier or not actor.may(Permission.SUPPLIER_MANAGE):
        raise NotAllowed(_("Only a supplier administrator decides on hits."))
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        message = _("Say why, in at most %(most)d characters.") % {"most": LONGEST_REASON}
        raise Invalid(message, [Problem("reason", message, said[:40], "required")])
    found = find_hit(key, actor=actor)
    _held(found.supplier_id)  # two who decide on hits of one supplier come one after the other
    hit = find_hit(key, actor=actor)
    if version is not None and version != hit.version:
        raise StaleDocument(_("Somebody has decided on it a moment ago. Look at it again."))
    fields = {"decided_at": at, "decided_by": actor.label, "reason": said}
    HIT_LIFECYCLE.move(hit, verb, actor=actor, at=at, fields=fields, facts={**_facts(hit), "reason": said})
    return hit


def _held(supplier_id: int) -> Supplier:
    held: Supplier = Supplier.objects.select_for_update(no_key=True).get(pk=supplier_id)
    return held


def _block(supplier: Supplier, *, actor: Actor, at: datetime) -> None:
    """What the ERP says is kept beside it, as for other fields of ours (suppliers/details, Note [Who owns what])."""
    says = {"state": str(supplier.state), **supplier.erp_says}
    if supplier.state == SupplierState.ACTIVE:
        SUPPLIER_LIFECYCLE.move(supplier, "block", actor=actor, at=at, fields={"erp_says": says})
    elif says != supplier.erp_says:
        supplier.erp_says = says
        supplier.save(update_fields=["erp_says"])


def _let_go(supplier: Supplier, *, actor: Actor, at: datetime) -> None:
    if "state" not in supplier.erp_says:
        return
    says = {name: value for name, value in supplier.erp_says.items() if name != "state"}
    if supplier.state == SupplierState.BLOCKED and supplier.erp_says["state"] == SupplierState.ACTIVE:
        SUPPLIER_LIFECYCLE.move(supplier, "unblock", actor=actor, at=at, fields={"erp_says": says})
    else:
        supplier.erp_says = says
        supplier.save(update_fields=["erp_says"])
