"""Events as they are shown: who, as whom, by which door, what changed from what to what, on which paper."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Side
from portal.kernel.audit.models import AuditEvent
from procurement.trail.policies import Told, told_in
from procurement.trail.presenters.facts import PEOPLE, SIDES, fact_word, numbers_in, value_word
from procurement.trail.presenters.papers import PaperShown, paper_of
from procurement.trail.presenters.words import KINDS, sentence_of
from procurement.trail.queries import names_of, papers_of, suppliers_of
from procurement.trail.states import WORDS_OF, Matter, Way
from procurement.workbench.presenters import SENTENCES as ORDER_STORY
from suppliers.models import Supplier

MOST_DETAILS = 12


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that an event says, in words. `old` is there where it is a change."""

    label: str
    new: str
    old: str | None = None

    @property
    def text(self) -> str:
        """The same in one line, for a file."""
        told = f"{self.old or '–'} → {self.new or '–'}" if self.old is not None else self.new
        return f"{self.label}: {told}" if self.label else told


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as it is read: what changed, and what else it says. `stands_in` acted in the place of `who`."""

    event: AuditEvent
    sentence: str
    changes: tuple[Detail, ...]
    details: tuple[Detail, ...]
    paper: PaperShown
    supplier: Supplier | None
    who: str
    side: str
    stands_in: str
    stands_in_id: int | None
    for_supplier: bool
    way: str

    @property
    def at(self) -> datetime:
        return self.event.at

    @property
    def is_told(self) -> bool:
        """Whether there are words for it; else its name is its sentence."""
        return self.sentence != self.event.kind


def event_rows(events: Sequence[AuditEvent], *, actor: Actor) -> list[EventRow]:
    """Events as rows: one query for names, one for suppliers, and one for each kind of paper among them."""
    people = {number for event in events for number in _people_in(event)}
    names = names_of(people)
    suppliers = suppliers_of(events, actor=actor)
    papers = papers_of((event.stream for event in events), actor=actor)
    rows = []
    for event in events:
        who, stands_in = _who(event, names)
        sentence = sentence_of(event)
        paper = paper_of(event.stream, papers, names, actor=actor)
        told = details_of(event, f"{sentence} {paper.called}", names)
        rows.append(
            EventRow(
                event,
                sentence,
                tuple(one for one in told if one.old is not None),
                tuple(one for one in told if one.old is None),
                paper,
                suppliers.get(event.supplier_id or 0),
                who,
                _side(event),
                stands_in,
                _stand_in(event) if stands_in else None,
                bool(event.facts.get("on_behalf")),
                way_of(event),
            )
        )
    return rows


def _people_in(event: AuditEvent) -> Iterable[int]:
    if (stand_in := _stand_in(event)) is not None:
        yield stand_in
        if event.actor_user_id is not None:
            yield event.actor_user_id
    yield from numbers_in(event.facts)
    kind, _colon, name = event.stream.partition(":")
    if kind == "person" and name.isascii() and name.isdecimal():
        yield int(name)


def _stand_in(event: AuditEvent) -> int | None:
    value = event.facts.get("impersonated_by")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _side(event: AuditEvent) -> str:
    """For whom somebody acted. Who comes by a link or a mail has no sign-in, and is not the portal either."""
    if event.actor_side == Side.SYSTEM and event.channel in (Way.LINK, Way.MAIL):
        return _("without signing in")
    if event.actor_side == Side.SYSTEM and event.actor_user_id is not None:
        return ""  # somebody about their own account, on whichever side
    return str(SIDES.get(event.actor_side, ""))


def _who(event: AuditEvent, names: Mapping[int, str]) -> tuple[str, str]:
    """Who did it, and who acted in that person's place. Where a name cannot be looked up (a supplier knows none of our
    people by number), what stands on the event has both."""
    stand_in = names.get(_stand_in(event) or 0, "")
    person = names.get(event.actor_user_id or 0, "")
    if stand_in and person:
        return person, stand_in
    return event.actor_label or _("nobody who signed in"), ""


def way_of(event: AuditEvent) -> str:
    """By which door it came."""
    if event.kind.startswith("scim_") and event.channel == Way.API:
        return str(Way.SCIM.label)
    return str(Way(event.channel).label) if event.channel in Way.values else event.channel


def details_of(
    event: AuditEvent, beside: str = "", names: Mapping[int, str] = MappingProxyType({})
) -> tuple[Detail, ...]:
    """What changed from what to what, then what else it says and is not said `beside` it, masked. The sentences of an
    order's story say all that else there is."""
    found: list[Detail] = []
    is_whole = event.kind in ORDER_STORY and sentence_of(event) != event.kind
    for one in told_in(event.facts):
        if len(found) == MOST_DETAILS:
            break
        if one.old == one.new or (one.old is None and (one.new in beside or is_whole)):
            continue
        if one.name == "kind" and not event.kind.startswith("bank."):
            continue  # what the program sorts by; the sentence says it
        new = value_word(event.kind, one.name, one.new, names)
        old = None if one.old is None else value_word(event.kind, one.name, one.old, names)
        if one.name in PEOPLE:  # a name is not told twice, and a number is none
            if not (new or old) or (old is None and new in beside):
                continue
            beside += f" {new}"
        found.append(Detail(_label(event.kind, one), new, old))
    return tuple(found)


def _label(kind: str, told: Told) -> str:
    if not told.name:
        return ""
    word = fact_word(kind, told.name)
    if told.where:
        return _("Line %(line)s, %(field)s") % {"line": told.where, "field": word}
    return word


def kinds_of(matter: str) -> tuple[str, ...]:
    """All kinds of events that are about something."""
    words = WORDS_OF.get(Matter(matter), ()) if matter in Matter.values else ()
    return tuple(sorted(kind for kind in KINDS if kind.partition(".")[0] in words))
