"""Which tokens there are."""

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from suppliers.models import ApiToken, Supplier
from suppliers.states import SupplierState


def live_tokens(actor: Actor) -> QuerySet[ApiToken]:
    """The tokens that work now, of those this actor may see."""
    return ApiToken.objects.visible_to(actor).filter(revoked_at=None).select_related("supplier")


def revoked_tokens(actor: Actor, *, limit: int = 20) -> QuerySet[ApiToken]:
    """The tokens revoked last."""
    revoked = ApiToken.objects.visible_to(actor).exclude(revoked_at=None).select_related("supplier")
    return revoked.order_by("-revoked_at", "-id")[:limit]


def own_tokens(actor: Actor) -> QuerySet[ApiToken]:
    """The tokens that act in this person's own name, those that work first."""
    own = ApiToken.objects.visible_to(actor).filter(user__isnull=False, user=actor.user_id)
    return own.order_by(F("revoked_at").desc(nulls_first=True), "-id")[:50]


def own_token(prefix: str, *, actor: Actor) -> ApiToken | None:
    """One's own token by what is shown of it; None for any other."""
    own = ApiToken.objects.visible_to(actor).filter(user__isnull=False, user=actor.user_id)
    found: ApiToken | None = own.filter(prefix=prefix).first()
    return found


def find_token(prefix: str, *, actor: Actor) -> ApiToken:
    """One token by what is shown of it. Raises `NotFound` for what is not there or not yours."""
    token: ApiToken | None = (
        ApiToken.objects.visible_to(actor).select_related("supplier").filter(prefix=prefix).first()
    )
    if token is None:
        raise NotFound(_("There is no such token."))
    return token


def suppliers_for_tokens(actor: Actor) -> QuerySet[Supplier]:
    """The suppliers for which this actor may make a token, by name."""
    return Supplier.objects.visible_to(actor).filter(state=SupplierState.ACTIVE).order_by("name", "id")
