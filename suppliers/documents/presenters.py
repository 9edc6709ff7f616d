"""Documents in words: what they are called, how a supplier stands, what comes next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kernel.actors import Actor
from portal.kernel.scanning import Scan
from portal.kernel.templatetags.portal_ui import day_text
from suppliers.documents.models import Document, DocumentKind, DocumentVersion, Requirement
from suppliers.documents.queries import Held, document_kinds, held_in, held_of, own_supplier, today_of
from suppliers.documents.states import DocumentState, Standing
from suppliers.models import Supplier
from suppliers.states import Segment

# The kinds that come with the portal: what they are called, and what is wanted, in the reader's language.
BUILT_IN: Mapping[str, tuple[Promise, Promise]] = {
    "tax-form": (
        gettext_lazy("Tax form"),
        gettext_lazy(
            "W-9 in the United States, W-8 for others who are paid from there, or your country’s own."
        ),
    ),
    "insurance": (
        gettext_lazy("Liability insurance"),
        gettext_lazy("The confirmation of your insurer, with the sums insured and the last day."),
    ),
    "iso-9001": (gettext_lazy("ISO 9001"), gettext_lazy("The certificate of your quality management.")),
    "iso-14001": (
        gettext_lazy("ISO 14001"),
        gettext_lazy("The certificate of your environmental management."),
    ),
    "conflict-minerals": (
        gettext_lazy("Conflict minerals"),
        gettext_lazy("Your report on tin, tantalum, tungsten and gold, as a PDF."),
    ),
    "code-of-conduct": (
        gettext_lazy("Code of conduct"),
        gettext_lazy("Our code of conduct, signed by somebody who may sign for your company."),
    ),
    "bank-letter": (
        gettext_lazy("Letter of the bank"),
        gettext_lazy("Your bank confirms whose account it is. It changes no bank details by itself."),
    ),
    "registration": (
        gettext_lazy("Certificate of registration"),
        gettext_lazy("The extract of the register in which your company stands."),
    ),
    "other": (gettext_lazy("Other document"), gettext_lazy("What we asked you for in words.")),
}

STANDING_LOOK = {
    Standing.MISSING: ("wait", "none"),
    Standing.IN_REVIEW: ("move", "half"),
    Standing.IN_FORCE: ("done", "full"),
    Standing.ENDING: ("wait", "alert"),
    Standing.EXPIRED: ("stop", "alert"),
    Standing.LATE: ("stop", "stop"),
    Standing.NOTHING: ("quiet", "none"),
}
STATE_LOOK = {
    DocumentState.SUPPLIED: ("move", "quarter"),
    DocumentState.IN_REVIEW: ("move", "half"),
    DocumentState.ACCEPTED: ("done", "full"),
    DocumentState.REFUSED: ("stop", "stop"),
    DocumentState.REPLACED: ("quiet", "none"),
    DocumentState.EXPIRED: ("quiet", "alert"),
}
# What waits for its supplier, the most urgent first; then what is under way, and what is well.
_URGENT = (
    Standing.LATE,
    Standing.EXPIRED,
    Standing.MISSING,
    Standing.ENDING,
    Standing.IN_REVIEW,
    Standing.IN_FORCE,
    Standing.NOTHING,
)
FOR_ITS_SUPPLIER = frozenset({Standing.LATE, Standing.EXPIRED, Standing.MISSING, Standing.ENDING})


def kind_name(code: str, name: str) -> str:
    """What a kind is called: in the reader's language where it came with the portal, else as it was named."""
    return str(BUILT_IN[code][0]) if code in BUILT_IN else name


def kind_hint(kind: DocumentKind) -> str:
    """What is wanted of it."""
    return str(BUILT_IN[kind.code][1]) if kind.code in BUILT_IN else kind.hint


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A kind of document as its list shows it."""

    held: Held
    kind: DocumentKind
    name: str
    hint: str
    word: str
    tone: str
    glyph: str
    says: str
    is_asked: bool
    waits_for_supplier: bool


def held_rows(held: Iterable[Held], kinds: Mapping[int, DocumentKind], today: date) -> list[HeldRow]:
    """The most urgent first, then by name. Kinds that are retired are there where something was given of them."""
    rows = [_row(one, kinds[one.kind_id], today) for one in held if one.need or one.versions or one.joint]
    return sorted(rows, key=lambda row: (_URGENT.index(row.held.standing), row.kind.position, row.name))


def _row(held: Held, kind: DocumentKind, today: date) -> HeldRow:
    tone, glyph = STANDING_LOOK[held.standing]
    return HeldRow(
        held=held,
        kind=kind,
        name=kind_name(kind.code, kind.name),
        hint=kind_hint(kind),
        word=str(held.standing.label),
        tone=tone,
        glyph=glyph,
        says=" ".join(filter(None, (says_of(held, today), _refused(held), _joined(held)))),
        is_asked=held.need is not None,
        waits_for_supplier=held.need is not None and held.standing in FOR_ITS_SUPPLIER,
    )


@dataclass(frozen=True, slots=True)
class HolderRow:
    """A kind of document at one supplier, in the list of all suppliers."""

    supplier: Supplier
    row: HeldRow


def holder_rows(documents: Sequence[Document], at: datetime, *, actor: Actor) -> list[HolderRow]:
    """How their suppliers stand with these documents. As many queries for many as for one."""
    return [
        HolderRow(one.supplier, _row(held, one.kind, today_of(one.supplier, at)))
        for one, held in zip(documents, held_in(documents, at, actor=actor), strict=True)
    ]


def says_of(held: Held, today: date) -> str:
    """Until when, by when, and what happens then: one sentence."""
    until = held.cover.until
    if held.standing == Standing.IN_FORCE:
        text = _("Valid until %(day)s.") % {"day": day_text(until)} if until else _("Valid without an end.")
        newer = _("A newer one is in review.")
        return f"{text} {newer}" if held.is_pending else text
    if held.standing == Standing.IN_REVIEW:
        return _("We look at it. You need not do anything.")
    if held.standing == Standing.ENDING:
        return _("Valid until %(day)s. Supply the next one before.") % {"day": day_text(until)}
    if held.standing in (Standing.EXPIRED, Standing.LATE) and held.cover.ended_on:
        return _("Ended on %(day)s.") % {"day": day_text(held.cover.ended_on)}
    if held.standing == Standing.LATE:
        return _("Was due by %(day)s.") % {"day": day_text(held.due_on)}
    if held.standing == Standing.MISSING and held.need is not None:
        if not held.need.compulsory:
            return _("Not compulsory: it helps us if you have one.")
        return _("Due by %(day)s.") % {"day": day_text(held.due_on)}
    return ""


def _joined(held: Held) -> str:
    """From which other record of the company what counts comes."""
    numbers = sorted({one.number for one in held.joint if one.state != DocumentState.EXPIRED})
    if not numbers:
        return ""
    return _("Counts from %(numbers)s, which is the same company.") % {"numbers": ", ".join(numbers)}


def _refused(held: Held) -> str:
    newest = held.newest
    if newest is None or newest.state != DocumentState.REFUSED:
        return ""
    return _("The last one was not accepted: %(reason)s") % {"reason": reason_text(newest)}


def reason_text(version: DocumentVersion) -> str:
    """Why a version was refused."""
    if version.scan == Scan.FOUND:
        return _("the file carries malware (%(what)s).") % {"what": version.scan_found}
    if version.scan == Scan.UNREADABLE:
        return _("the virus scanner could not look into the file. Save it anew, and supply that.")
    return version.reason


def scan_text(version: DocumentVersion) -> str:
    """What is known of a file, for its reviewer."""
    return {
        Scan.OFF: _("Not scanned: no virus scanner is set up"),
        Scan.CLEAN: _("Scanned, nothing found"),
        Scan.WAITING: _("Waits for the virus scanner"),
        Scan.FOUND: _("Malware found: %(what)s") % {"what": version.scan_found},
        Scan.UNREADABLE: _("The virus scanner could not look into it"),
    }[Scan(version.scan)]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version as lists show it."""

    version: DocumentVersion
    kind: str
    word: str
    tone: str
    glyph: str
    valid: str
    scan: str
    reason: str
    is_served: bool


def version_row(version: DocumentVersion, kind: DocumentKind) -> VersionRow:
    """A version in words. No query."""
    tone, glyph = STATE_LOOK[DocumentState(version.state)]
    return VersionRow(
        version=version,
        kind=kind_name(kind.code, kind.name),
        word=str(DocumentState(version.state).label),
        tone=tone,
        glyph=glyph,
        valid=valid_text(version.valid_from, version.valid_until),
        scan=scan_text(version),
        reason=reason_text(version) if version.state == DocumentState.REFUSED else "",
        is_served=version.is_served,
    )


def valid_text(first: date | None, last: date | None) -> str:
    """From when to when."""
    values = {"first": day_text(first), "last": day_text(last)}
    if first and last:
        return _("%(first)s to %(last)s") % values
    if last:
        return _("until %(last)s") % values
    return _("from %(first)s") % values if first else _("no end said")


@dataclass(frozen=True, slots=True)
class RequirementRow:
    """A requirement as its list shows it."""

    requirement: Requirement
    kind: str
    whom: str
    how: str


def requirement_rows(requirements: Sequence[Requirement]) -> list[RequirementRow]:
    """Requirements in words."""
    return [
        RequirementRow(one, kind_name(one.kind.code, one.kind.name), _whom(one), _how(one))
        for one in requirements
    ]


def _whom(one: Requirement) -> str:
    parts = []
    if one.countries:
        parts.append(", ".join(one.countries))
    parts += [str(Segment(segment).label) for segment in one.segments]
    parts += one.categories
    return " · ".join(parts) or _("Every supplier")


def _how(one: Requirement) -> str:
    words = [_("Compulsory") if one.compulsory else _("Wanted")]
    if one.expires:
        words.append(_("with an end"))
    if one.compulsory:
        words.append(_("%(n)d days of grace") % {"n": one.grace_days})
    return ", ".join(words)


def asked_of_me(actor: Actor, at: datetime) -> list[HeldRow]:
    """What the supplier that is acted for is to supply: its first page warns of it, and locks nobody out."""
    supplier = own_supplier(actor)
    kinds = {one.pk: one for one in document_kinds(with_retired=True)}
    held = held_of([supplier], at, actor=actor)[supplier.pk]
    rows = held_rows(held, kinds, today_of(supplier, at))
    return [row for row in rows if row.waits_for_supplier and row.held.need and row.held.need.compulsory]
