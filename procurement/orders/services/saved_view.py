"""Keeping a list the way somebody likes to see it."""

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.orders.models import SavedView

MOST_VIEWS = 30


@requires_scope
def save_view(page: str, name: str, query: str, *, actor: Actor) -> SavedView:
    """Keep the filters and order of a list under a name; the same name again replaces it."""
    name = name.strip()
    if not name or len(name) > 60 or len(query) > 1000:
        message = _("Give the view a name of at most 60 characters.")
        raise Invalid(message, [Problem("name", message, name)])
    mine = SavedView.objects.visible_to(actor).filter(user_id=actor.user_id, page=page)
    if mine.exclude(name=name).count() >= MOST_VIEWS:
        raise Invalid(_("You have %(count)d saved views. Remove one first.") % {"count": MOST_VIEWS})
    view, _created = SavedView.objects.update_or_create(
        user_id=actor.user_id,
        page=page,
        name=name,
        defaults={"query": query, "supplier_id": actor.supplier_ids[0] if actor.is_supplier else None},
    )
    return view


@requires_scope
def forget_view(view_id: int, *, actor: Actor) -> None:
    """Remove a saved view of one's own; removing it twice is harmless."""
    SavedView.objects.visible_to(actor).filter(pk=view_id, user_id=actor.user_id).delete()
