"""What is being typed, kept on the server as typed, until it is sent or thrown away.

Note [Order first]: whoever writes here holds the order first, then the drafts, as an answer does that ends in
dropping them. The other way round, two people on one order would wait for each other until one is thrown out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.messages import TypedHeader, TypedPiece
from procurement.acknowledgments.models import DraftAnswer, DraftHeader
from procurement.acknowledgments.queries import side_of
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lock_order

LONGEST_FIELD = 2000
MOST_PIECES = 100


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
def discard_draft(order: PurchaseOrder, *, actor: Actor) -> None:
    """Throw away everything typed on this order and not sent."""
    lock_order(order.key, actor=actor)  # see Note [Order first]
    DraftAnswer.objects.visible_to(actor).filter(order=order, side=side_of(actor)).delete()
    DraftHeader.objects.visible_to(actor).filter(order=order, side=side_of(actor)).delete()


def forget_drafts(order: PurchaseOrder, line_keys: Sequence[str]) -> None:
    """Drop the drafts of lines that have now been answered, on both sides; the header's too. The order is held."""
    DraftAnswer.objects.filter(order=order, line_key__in=line_keys).delete()
    DraftHeader.objects.filter(order=order).delete()
