"""Bytes: shown to the scanner again where it had not answered, and carried to the object store where there is one."""

import logging
from datetime import datetime
from typing import Any

from portal.kernel.actors import Actor
from portal.kernel.scanning import Scan, Verdict, scan, tell_of_infection
from portal.kernel.scope import acting, require_no_transaction
from suppliers.documents.models import DocumentVersion
from suppliers.documents.queries import find_version, to_let_go, unseen
from suppliers.documents.services.supplying import said_of
from suppliers.documents.states import DOCUMENT_LIFECYCLE, DocumentState, Place
from suppliers.documents.store import DATABASE, Store, StoreUnavailable, object_store

KEEPER = Actor.system("Documents")
MOST_AT_ONCE = 100
# So often the scanner may err on a file, or run out of time over it, before that file is turned away.
MOST_TRIES = 10

log = logging.getLogger(__name__)


def look_again(at: datetime) -> int:
    """Show the scanner what it has not looked at yet; returns about how many it said something. Opens transactions.

    What is clean goes on to its reviewer. What carries something is refused, its bytes are kept nowhere, and whoever
    watches over security is told. Where it is silent still, nothing changes. What it cannot look into is shown to it
    after all others, and turned away in the end: see Note [Its file, or all files] in kernel/scanning.py.
    """
    require_no_transaction()
    with acting(KEEPER):
        waiting = unseen(MOST_AT_ONCE)
    done = 0
    for one in waiting:
        with acting(KEEPER):
            content = DATABASE.get(one.stored_as)
        verdict = scan(content)
        if verdict.scan == Scan.WAITING:
            break  # it is down: the others wait for the next round
        with acting(KEEPER):
            done += _settle(one, verdict, at)
    return done


def _settle(found: DocumentVersion, verdict: Verdict, at: datetime) -> int:
    version = find_version(found.key, actor=KEEPER, hold=True)
    if version.state != DocumentState.SUPPLIED:
        return 0
    facts = said_of(version, version.document.kind)
    if verdict.scan == Scan.UNREADABLE and version.scan_tries + 1 < MOST_TRIES:
        DocumentVersion.objects.filter(pk=version.pk).update(scan_tries=version.scan_tries + 1)
        return 0
    fields: dict[str, Any] = {"scan": verdict.scan, "scanned_at": at if verdict.scan != Scan.OFF else None}
    if verdict.scan == Scan.UNREADABLE:
        fields |= {"reason": verdict.what, "decided_at": at, "decided_by": KEEPER.label, "ended_at": at}
        DOCUMENT_LIFECYCLE.move(version, "give_up", actor=KEEPER, at=at, facts=facts, fields=fields)
        DATABASE.drop(version.stored_as)
        return 1
    if verdict.scan != Scan.FOUND:
        DOCUMENT_LIFECYCLE.move(version, "admit", actor=KEEPER, at=at, facts=facts, fields=fields)
        return 1
    told = {
        "name": version.name,
        "found": verdict.what,
        "sha256": version.sha256,
        "by": version.supplied_by,
        "user": version.supplied_by_user_id,
        "channel": version.channel,
    }
    tell_of_infection(told, supplier_id=version.supplier_id, actor=KEEPER, at=at)
    fields |= {
        "scan_found": verdict.what,
        "reason": verdict.what,
        "decided_at": at,
        "decided_by": KEEPER.label,
        "ended_at": at,
    }
    facts["found"] = verdict.what
    DOCUMENT_LIFECYCLE.move(version, "turn_away", actor=KEEPER, at=at, facts=facts, fields=fields)
    DATABASE.drop(version.stored_as)
    return 1


def let_go(at: datetime) -> int:
    """Let go of the bytes of versions that a newer one replaced before anybody had decided on them: they were never
    used, and what was supplied is told by their fingerprint. Opens transactions, none around a call."""
    require_no_transaction()
    store = object_store()
    with acting(KEEPER):
        found = to_let_go([Place.DATABASE, *([store.place] if store else [])], MOST_AT_ONCE)
    for one in found:
        # First nobody is given it any more. Cut short after this it lies where nobody finds it: random names, no row.
        with acting(KEEPER):
            DocumentVersion.objects.filter(pk=one.pk).update(place=Place.NOWHERE)
            DATABASE.drop(one.stored_as)
        if store is not None and one.place == store.place:
            _drop(store, one.stored_as)
    return len(found)


def _drop(store: Store, name: str) -> None:
    try:
        store.drop(name)
    except StoreUnavailable as problem:
        log.warning(
            "the object store keeps what was let go of", extra={"object": name, "problem": str(problem)[:300]}
        )


def carry_to_store(at: datetime) -> int:
    """Carry bytes from the database to the object store, where one is named: put, look whether they are there, let go.

    Opens transactions, none around a call. Cut short anywhere, the next round puts the same bytes under the same name.
    """
    require_no_transaction()
    store = object_store()
    if store is None:
        return 0
    with acting(KEEPER):
        rows = DocumentVersion.objects.filter(
            place=Place.DATABASE, scan__in=[Scan.OFF.value, Scan.CLEAN.value]
        ).exclude(state=DocumentState.SUPPLIED)
        rows = rows.exclude(state=DocumentState.REPLACED, decided_at=None)  # see `let_go`
        waiting = list(rows.order_by("id")[:MOST_AT_ONCE])
    done = 0
    for one in waiting:
        with acting(KEEPER):
            content = DATABASE.get(one.stored_as)
        try:
            store.put(one.stored_as, content, supplier_id=one.supplier_id)
            if store.size(one.stored_as) != one.size:
                raise StoreUnavailable(f"{one.stored_as} did not arrive whole")
        except StoreUnavailable as problem:
            log.warning("the object store does not take documents", extra={"problem": str(problem)[:300]})
            break
        with acting(KEEPER):
            moved = DocumentVersion.objects.filter(pk=one.pk, place=Place.DATABASE).update(place=store.place)
            DATABASE.drop(one.stored_as)
            is_gone = DocumentVersion.objects.filter(pk=one.pk, place=Place.NOWHERE).exists()
        if is_gone:
            _drop(store, one.stored_as)
        done += moved
    return done
