"""What is being typed, kept on the server as typed, until it is sent or thrown away.

Note [Order first]: whoever writes here holds the order first, then the drafts, as an answer does that ends in
dropping them. The other way round, two people on one order would wait for each other until one is thrown out.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.messages import TypedHeader, TypedPiece
from procurement.acknowledgments.models import DraftAnswer, DraftHeader
from procurement.acknowledgments.queries import drafts_of, side_of
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lock_order

LONGEST_FIELD = 2000
MOST_PIECES = 100


# --- what a page showed -------------------------------------------------------------------------------------

# Note [Marks]: a draft is shared by two windows and by colleagues, so a page that is sent may show something else than
# what is kept by then. Each page therefore carries a mark of what it shows of each line's draft. What was typed
# elsewhere since is told before anything is sent, and a field that nobody touched on this page never undoes it.


class TypedElsewhere(StaleDocument):
    """What is kept of an answer is not what the page showed that was to be sent."""

    code = "typed_elsewhere"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What was typed for a line in another window; no pieces: set back to as asked. It stands, or is `replaced`."""

    pieces: tuple[TypedPiece, ...] = ()
    typed_by: str = ""
    replaced: bool = False


def mark_of(parts: Iterable[TypedPiece | TypedHeader]) -> str:
    """A short mark of what is typed: equal for equal words, empty for nothing."""
    said = [{name: value for name, value in asdict(part).items() if value} for part in parts]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16] if said else ""


def require_as_shown(seen_elsewhere: bool) -> None:
    """Raise `TypedElsewhere` when the page did not show what would be sent. See Note [Marks]."""
    if seen_elsewhere:
        raise TypedElsewhere(
            _(
                "Nothing was sent: somebody typed on this order in another window meanwhile. Look at what stands here "
                "now, then send again."
            )
        )


@requires_scope
def keep_draft_lines(
    order: PurchaseOrder,
    typed: Mapping[str, Sequence[TypedPiece]],
    *,
    seen: Mapping[str, str],
    version: int,
    actor: Actor,
    at: datetime,
) -> dict[str, Elsewhere]:
    """Keep what was typed on a page that showed drafts with these marks; returns what was typed elsewhere since.

    A line left on this page as it was shown stays as it was typed elsewhere.
    """
    before = drafts_of(order, actor=actor)
    elsewhere: dict[str, Elsewhere] = {}
    changed: dict[str, Sequence[TypedPiece]] = {}
    for key, pieces in typed.items():
        draft, shown, mark = before.get(key), seen.get(key, ""), mark_of(pieces)
        stored = tuple(TypedPiece(**piece) for piece in draft.pieces) if draft else ()
        if mark_of(stored) not in (shown, mark):
            by = draft.typed_by if draft else ""
            elsewhere[key] = Elsewhere(stored, by, replaced=mark != shown)
        if mark != shown or mark_of(stored) == shown:
            changed[key] = pieces
    save_draft_lines(order, changed, version=version, actor=actor, at=at)
    return elsewhere


# --- keeping it ---------------------------------------------------------------------------------------------


@requires_scope
def save_draft_lines(
    order: PurchaseOrder,
    typed: Mapping[str, Sequence[TypedPiece]],
    *,
    version: int,
    actor: Actor,
    at: datetime,
) -> int:
    """Keep what was typed for some lines (by line key), exactly as typed; other lines' drafts stay.

    No pieces for a line means that it was set back to as asked: its draft goes. `version` is the order's version
    that was on the screen, so that a newer one can show what moved.
    """
    lock_order(order.key, actor=actor)  # see Note [Order first]
    known = set(order.lines.filter(key__in=list(typed)).values_list("key", flat=True))
    rows: list[DraftAnswer] = []
    for line_key, pieces in typed.items():
        if line_key not in known or not pieces:
            continue
        if len(pieces) > MOST_PIECES:
            raise Invalid(f"At most {MOST_PIECES} pieces for one line.")
        rows.append(
            DraftAnswer(
                supplier_id=order.supplier_id,
                order=order,
                line_key=line_key,
                side=side_of(actor),
                version=version,
                pieces=[
                    {name: value[:LONGEST_FIELD] for name, value in asdict(piece).items() if value}
                    for piece in pieces
                ],
                typed_at=at,
                typed_by=actor.label,
            )
        )
    emptied = [key for key in known if not typed[key]]
    if emptied:
        DraftAnswer.objects.filter(order=order, side=side_of(actor), line_key__in=emptied).delete()
    DraftAnswer.objects.bulk_create(
        sorted(rows, key=lambda row: row.line_key),
        update_conflicts=True,
        unique_fields=["order", "line_key", "side"],
        update_fields=["version", "pieces", "typed_at", "typed_by"],
    )
    return len(rows)


@requires_scope
def save_draft_header(order: PurchaseOrder, typed: TypedHeader, *, actor: Actor, at: datetime) -> None:
    """Keep what was typed about the answer as a whole."""
    lock_order(order.key, actor=actor)  # see Note [Order first]
    DraftHeader.objects.update_or_create(
        order=order,
        side=side_of(actor),
        defaults={
            "supplier_id": order.supplier_id,
            "supplier_reference": typed.supplier_reference[:60],
            "ship_from_code": typed.ship_from[:40],
            "note": typed.note[:LONGEST_FIELD],
            "typed_at": at,
            "typed_by": actor.label,
        },
    )


@requires_scope
def keep_draft_header(
    order: PurchaseOrder, typed: TypedHeader, *, seen: str, before: TypedHeader, actor: Actor, at: datetime
) -> bool:
    """Keep what was typed about the answer as a whole on a page that showed this mark, where it was touched there.

    Returns whether something else (`before`) had been typed elsewhere since.
    """
    mark, stored = mark_of([typed]), mark_of([before])
    if mark != seen:
        save_draft_header(order, typed, actor=actor, at=at)
    return stored not in (seen, mark)


@requires_scope
def discard_draft(order: PurchaseOrder, *, actor: Actor) -> None:
    """Throw away everything typed on this order and not sent."""
    lock_order(order.key, actor=actor)  # see Note [Order first]
    DraftAnswer.objects.visible_to(actor).filter(order=order, side=side_of(actor)).delete()
    DraftHeader.objects.visible_to(actor).filter(order=order, side=side_of(actor)).delete()


def forget_drafts(order: PurchaseOrder, line_keys: Sequence[str]) -> None:
    """Drop the drafts of lines that have now been answered, on both sides; the header's too. The order is held."""
    DraftAnswer.objects.filter(order=order, line_key__in=line_keys).delete()
    DraftHeader.objects.filter(order=order).delete()
