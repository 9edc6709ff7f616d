"""Reading requests: whose a mailed link is, what is to be decided, and who is here already that is like one of them."""

import uuid
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import NotFound
from portal.kernel.link_keys import key_in, sealing_secrets
from portal.kernel.scope import acting
from suppliers.details.models import IN_FORCE, Identifier
from suppliers.models import Supplier
from suppliers.registration.models import SupplierRequest
from suppliers.registration.policies import MOST_SIMILAR, OPENS_FOR, REGISTER, own_domain
from suppliers.registration.states import RequestState

GATE = Actor.system("Registration", Channel.LINK)
SHORTEST_WORD = 4
# Somebody typed an address, and that is all.
UNCHECKED = Q(state=RequestState.ASKED, received_at=None)


def request_of(token: str, at: datetime) -> SupplierRequest | None:
    """The request that a mailed link opens now; None for any other. Runs before any scope."""
    key = key_in(token, sealing_secrets(), seal=REGISTER)
    if key is None:
        return None
    with acting(GATE):
        found = SupplierRequest.objects.filter(key=key, state=RequestState.ASKED).first()
    return found if found and at < found.mailed_at + OPENS_FOR else None


def requests() -> QuerySet[SupplierRequest]:
    """The requests whose mail address was checked. For the buying side."""
    return SupplierRequest.objects.exclude(UNCHECKED).select_related("became")


def find_request(key: uuid.UUID) -> SupplierRequest:
    """One of them. Raises `NotFound`."""
    found = requests().filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such request."))
    return found


def similar(asked: SupplierRequest, *, actor: Actor) -> list[Supplier]:
    """Suppliers that may be the same: of this tax number, of this mail domain, or with the longest word of the name."""
    number = "".join(letter for letter in asked.tax_id.upper() if letter.isalnum())
    like = Q(email__iexact=asked.address)
    if number:
        by_number = Identifier.objects.filter(IN_FORCE, value__in=[number, asked.tax_id])
        like |= Q(pk__in=by_number.values("supplier_id"))
    if domain := own_domain(asked.address):
        like |= Q(email__iendswith=f"@{domain}")
    word = max(asked.company.split(), key=len, default="")
    if len(word) >= SHORTEST_WORD:
        like |= Q(name__icontains=word)
    return list(Supplier.objects.visible_to(actor).filter(like).order_by("name", "id")[:MOST_SIMILAR])
