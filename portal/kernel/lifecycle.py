"""A lifecycle is a table: buttons, API, refusals, documentation and tests are all read off it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Model
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record, record_all
from portal.kernel.errors import IllegalTransition, StaleDocument
from portal.kernel.outbox.services import Outgoing, enqueue_all
from portal.kernel.scope import requires_scope


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: this verb leads from these states to that one, and these topics hear of it.

    What is `internal` is a fact of the buying side alone: it never reaches a supplier.
    """

    verb: str
    sources: frozenset[str]
    target: str
    event: str
    permission: str
    tells: frozenset[str] = field(default_factory=frozenset)
    internal: bool = False


class Lifecycle:
    """The states of one kind of paper and the verbs that lead from one to another."""

    def __init__(
        self,
        name: str,
        *transitions: Transition,
        initial: str,
        terminal: Iterable[str] = (),
        state: str = "state",
    ) -> None:
        self.name = name
        self.transitions = transitions
        self.initial = initial
        self.terminal = frozenset(terminal)
        self.state = state

    @property
    def states(self) -> frozenset[str]:
        """Every state the table names."""
        named = {state for row in self.transitions for state in (*row.sources, row.target)}
        return frozenset(named | {self.initial})

    def transition(self, verb: str, source: str) -> Transition:
        """The row for this verb from this state. Raises `IllegalTransition`, loudly."""
        for row in self.transitions:
            if row.verb == verb and source in row.sources:
                return row
        raise IllegalTransition(
            f"{self.name}: cannot {verb} while {source}.", details={"verb": verb, "state": str(source)}
        )

    def sources(self, verb: str) -> frozenset[str]:
        """The states from which this verb leads somewhere."""
        return frozenset().union(*(row.sources for row in self.transitions if row.verb == verb))

    def target(self, verb: str, source: str) -> str:
        """The state this verb leads to."""
        return self.transition(verb, source).target

    def verbs_for(self, actor: Actor, state: str) -> list[str]:
        """What this actor may do to a paper in this state, in the order of the table."""
        verbs = [row.verb for row in self.transitions if state in row.sources and actor.may(row.permission)]
        return list(dict.fromkeys(verbs))

    @requires_scope
    def move(
        self,
        document: Any,
        verb: str,
        *,
        actor: Actor,
        at: datetime,
        facts: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Move a document: new state, version + 1, named fields, one fact, one message per topic, or nothing.

        Raises `IllegalTransition` from a wrong state and `StaleDocument` if somebody else moved it meanwhile.
        """
        source = getattr(document, self.state)
        row = self.transition(verb, source)
        model: type[Model] = type(document)
        changes = {self.state: row.target, **(fields or {})}
        moved = model._default_manager.filter(
            pk=document.pk, version=document.version, **{self.state: source}
        ).update(version=F("version") + 1, **changes)
        if not moved:
            raise StaleDocument(_("Somebody has changed this a moment ago. Look at it again."))
        document.version += 1
        for name, value in changes.items():
            setattr(document, name, value)
        record(
            row.event,
            document.stream,
            actor=actor,
            at=at,
            supplier_id=document.supplier_id,
            facts={"from": source, "to": row.target, **(facts or {})},
            internal=row.internal,
        )
        enqueue_all(
            [
                Outgoing(topic, document.stream, row.event, dict(payload or {}), document.supplier_id)
                for topic in sorted(row.tells)
            ],
            actor=actor,
            at=at,
        )

    @requires_scope
    def move_all(
        self,
        documents: Sequence[Any],
        verb: str,
        *,
        actor: Actor,
        at: datetime,
        facts: Sequence[Mapping[str, Any]],
        fields: Mapping[str, Any] | None = None,
        payloads: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Move many documents of one kind, which are held: each with its own facts, in as many queries as one.

        Raises `IllegalTransition` where one is in a wrong state, and `StaleDocument` if one was moved meanwhile; then
        the transaction must not be kept. A verb that tells topics needs a payload for each.
        """
        by_source: dict[str, list[Any]] = {}
        for document in documents:
            by_source.setdefault(getattr(document, self.state), []).append(document)
        told: dict[int, Fact] = {}
        facts_of = {id(document): one for document, one in zip(documents, facts, strict=True)}
        outgoing: dict[int, list[Outgoing]] = {}
        payload_of = {id(document): one for document, one in zip(documents, payloads or (), strict=False)}
        for source, theirs in by_source.items():
            row = self.transition(verb, source)
            if row.tells and payloads is None:
                raise ValueError(f"{self.name}: {verb} tells topics; say what of each document.")
            changes = {self.state: row.target, **(fields or {})}
            held = type(theirs[0])._default_manager.filter(pk__in=[one.pk for one in theirs])
            moved = held.filter(**{self.state: source}).update(version=F("version") + 1, **changes)
            if moved != len(theirs):
                raise StaleDocument(_("Somebody has changed this a moment ago. Look at it again."))
            for document in theirs:
                document.version += 1
                for name, value in changes.items():
                    setattr(document, name, value)
                said = {"from": source, "to": row.target, **facts_of[id(document)]}
                told[id(document)] = Fact(
                    row.event, document.stream, document.supplier_id, said, internal=row.internal
                )
                outgoing[id(document)] = [
                    Outgoing(
                        topic,
                        document.stream,
                        row.event,
                        dict(payload_of.get(id(document), {})),
                        document.supplier_id,
                    )
                    for topic in sorted(row.tells)
                ]
        record_all([told[id(document)] for document in documents], actor=actor, at=at)
        enqueue_all([one for document in documents for one in outgoing[id(document)]], actor=actor, at=at)
