"""A supplier, or one of ours on its behalf, gives the next version of a document."""

import hashlib
import io
from datetime import date, datetime, timedelta

from django.db.models import Sum
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, Problem
from portal.kernel.files import PAGES, content_type_of, problem_with, safe_name
from portal.kernel.scanning import Scan
from portal.kernel.scope import requires_scope
from portal.kernel.values import is_plausible
from suppliers.documents.messages import SupplyDocument
from suppliers.documents.models import Document, DocumentKind, DocumentVersion
from suppliers.documents.policies import (
    LONGEST_HINT,
    LONGEST_REFERENCE,
    MOST_BYTES_A_DAY,
    MOST_PIXELS,
    MOST_VERSIONS_A_DAY,
    TAKEN,
    Need,
    required_of,
)
from suppliers.documents.queries import (
    find_kind,
    find_supplier,
    hold_document,
    parties_of,
    rules_in_force,
    today_of,
)
from suppliers.documents.states import DOCUMENT_LIFECYCLE, PENDING
from suppliers.documents.store import DATABASE
from suppliers.models import Supplier
from suppliers.roles import Permission


@requires_scope
def supply_document(command: SupplyDocument, *, actor: Actor, at: datetime) -> DocumentVersion:
    """Give the next version of a document: it waits for a reviewer, and takes the place of one that waited already.

    What was accepted before stays in force until the new one is accepted. The same file sent twice is one version.
    Raises `Invalid` with everything wrong with the file and its days, `NotAllowed` for who may not.
    """
    if not actor.may(Permission.DOCUMENT_SUPPLY):
        raise NotAllowed(_("Only an administrator supplies documents."))
    supplier = find_supplier(command.supplier, actor=actor)
    kind = find_kind(command.kind)
    today = today_of(supplier, at)
    need = required_of(parties_of([supplier])[supplier.pk], rules_in_force(), today).get(kind.pk)
    name = safe_name(command.name)
    problems = [
        *problems_of_file(name, command.content),
        *problems_of_days(command.valid_from, command.valid_until, need, today),
        *_problems_of_words(command),
    ]
    if problems:
        raise Invalid(problems[0].message, problems)
    document = _held(supplier, kind)
    digest = hashlib.sha256(command.content).hexdigest()
    waiting: list[DocumentVersion] = list(
        document.versions.filter(state__in=PENDING).select_related("document")
    )
    for one in waiting:
        if one.sha256 == digest and (one.valid_from, one.valid_until) == (
            command.valid_from,
            command.valid_until,
        ):
            return one
    _require_room(document, len(command.content), actor=actor, at=at)
    for one in waiting:
        DOCUMENT_LIFECYCLE.move(
            one, "replace", actor=actor, at=at, facts=said_of(one, kind), fields={"ended_at": at}
        )
    version = DocumentVersion.objects.create(
        supplier=supplier,
        document=document,
        number=document.last_number + 1,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        reference=command.reference.strip(),
        note=command.note.strip(),
        name=name,
        content_type=content_type_of(name, command.content) or "",
        size=len(command.content),
        sha256=digest,
        # What could not be looked into is looked at again, as what was not looked at: `look_again`.
        scan=Scan.WAITING if command.scan == Scan.UNREADABLE else command.scan,
        scanned_at=at if command.scan == Scan.CLEAN else None,
        supplied_at=at,
        supplied_by=actor.label,
        supplied_by_user_id=actor.user_id,
        channel=actor.channel,
        on_behalf=not actor.is_supplier,
    )
    Document.objects.filter(pk=document.pk).update(last_number=version.number)
    DATABASE.put(version.stored_as, command.content, supplier_id=supplier.pk)
    facts = said_of(version, kind) | {"sha256": digest, "size": version.size}
    record("document.supplied", document.stream, actor=actor, at=at, supplier_id=supplier.pk, facts=facts)
    if command.scan in (Scan.OFF, Scan.CLEAN):
        DOCUMENT_LIFECYCLE.move(version, "admit", actor=actor, at=at, facts=said_of(version, kind))
    return version


def _held(supplier: Supplier, kind: DocumentKind) -> Document:
    """The supplier's document of this kind, made where it is the first, and held."""
    Document.objects.bulk_create([Document(supplier=supplier, kind=kind)], ignore_conflicts=True)
    return hold_document(Document.objects.get(supplier=supplier, kind=kind).pk)


def said_of(version: DocumentVersion, kind: DocumentKind) -> dict[str, object]:
    """What every fact about a version says of it."""
    return {
        "document": str(version.document.key),
        "version": str(version.key),
        "number": version.number,
        "kind": kind.code,
        "kind_name": kind.name,
        "name": version.name,
        "until": version.valid_until.isoformat() if version.valid_until else "",
        "on_behalf": version.on_behalf,
    }


def problems_of_file(name: str, content: bytes) -> list[Problem]:
    """Why a file is not taken as a document: its kind, its size, what it hides, how many pixels it unpacks to."""
    message = problem_with(name, content, kinds=PAGES, taken=TAKEN)
    if not message and content_type_of(name, content) in ("image/png", "image/jpeg"):
        message = _problem_of_picture(name, content)
    return [Problem("file", message, name, "not_taken")] if message else []


def _problem_of_picture(name: str, content: bytes) -> str:
    # Only its head is read: how large a picture says it is. Nothing is unpacked.
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as found:
            pixels = found.width * found.height
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return _("%(name)s is no picture that can be opened. Take it again.") % {"name": name}
    if pixels > MOST_PIXELS:
        return _("%(name)s has too many pixels. Send a smaller one.") % {"name": name}
    return ""


def problems_of_days(
    valid_from: date | None, valid_until: date | None, need: Need | None, today: date
) -> list[Problem]:
    """Why the days of a document cannot be so."""
    found = []
    for field, day in (("valid_from", valid_from), ("valid_until", valid_until)):
        if day is not None and not is_plausible(day):
            found.append(Problem(field, _("Choose a day of the years 2000 to 2199."), day.isoformat()))
    if valid_until is None:
        if need is not None and need.expires:
            message = _("Say until when it is valid, as it stands on the paper.")
            found.append(Problem("valid_until", message, "", "required"))
    elif valid_from is not None and valid_until < valid_from:
        found.append(Problem("valid_until", _("It cannot end before it begins."), valid_until.isoformat()))
    elif valid_until < today:
        message = _("It has ended already. Supply one that is still valid.")
        found.append(Problem("valid_until", message, valid_until.isoformat(), "ended"))
    return found


def _problems_of_words(command: SupplyDocument) -> list[Problem]:
    longest = {"reference": (command.reference, LONGEST_REFERENCE), "note": (command.note, LONGEST_HINT)}
    return [
        Problem(field, _("At most %(most)d characters.") % {"most": most}, text[:40], "too_long")
        for field, (text, most) in longest.items()
        if len(text.strip()) > most
    ]


def _require_room(document: Document, size: int, *, actor: Actor, at: datetime) -> None:
    """Raise `Invalid` where a supplier gives one document over and over, or too much of all. The buying side is not
    held to it."""
    if not actor.is_supplier:
        return
    of_day = DocumentVersion.objects.filter(
        supplier=document.supplier_id, supplied_at__gt=at - timedelta(days=1)
    )
    text = ""
    if of_day.filter(document=document).count() >= MOST_VERSIONS_A_DAY:
        message = _("This document was supplied %(most)d times within 24 hours. Go on tomorrow.")
        text = message % {"most": MOST_VERSIONS_A_DAY}
    elif (of_day.aggregate(size=Sum("size"))["size"] or 0) + size > MOST_BYTES_A_DAY:
        message = _("More than %(most)d MB of documents within 24 hours. Go on tomorrow.")
        text = message % {"most": MOST_BYTES_A_DAY // (1024 * 1024)}
    if text:
        raise Invalid(text, [Problem("file", text, "", "too_many")])
