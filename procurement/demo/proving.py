"""Documents of the demo's suppliers: most are there, one ends soon, one waits for a reviewer, one was refused, one is
late."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.kernel.actors import Actor
from portal.kernel.pdf import pdf_file
from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from suppliers.documents.messages import AcceptDocument, SupplyDocument, WriteRequirement
from suppliers.documents.models import DocumentVersion
from suppliers.documents.services import (
    accept_document,
    ask_suppliers,
    refuse_document,
    supply_document,
    write_requirement,
)
from suppliers.models import Membership, Supplier, User
from suppliers.queries import actor_of
from suppliers.roles import CompanyRole, SupplierRole

DAY = timedelta(days=1)
REQUIRED = (("insurance", True, True), ("tax-form", True, False), ("code-of-conduct", False, False))


def prove_some(*, at: datetime) -> int:
    """Require three kinds, and let suppliers have given them; returns how many versions there are."""
    with acting(SET_UP):
        suppliers = [
            member.supplier
            for member in Membership.objects.filter(role=SupplierRole.ADMINISTRATOR, user__is_active=True)
            .select_related("supplier")
            .order_by("supplier__number", "id")
            .distinct("supplier__number")
        ]
        reviewer = _reviewer()
        if reviewer is None or not suppliers:
            return 0
        for kind, compulsory, expires in REQUIRED:
            needed = WriteRequirement(
                kind,
                compulsory,
                expires,
                (at - 120 * DAY).date(),
                countries=tuple(sorted({one.country for one in suppliers})),
            )
            write_requirement(needed, actor=SET_UP, at=at - 121 * DAY)
        for place, supplier in enumerate(suppliers):
            _give(supplier, place, reviewer, at, is_last=place == len(suppliers) - 1)
        late = suppliers[-1:]
        ask_suppliers(late, at=at - 31 * DAY)
        ask_suppliers(suppliers, at=at)
        return int(DocumentVersion.objects.count())


def _reviewer() -> Actor | None:
    roles = (CompanyRole.ADMINISTRATOR, CompanyRole.MANAGER)
    user = User.objects.filter(company_role__in=roles, is_active=True).order_by("company_role", "id").first()
    return actor_of(user) if user else None


def _give(supplier: Supplier, place: int, reviewer: Actor, at: datetime, *, is_last: bool) -> None:
    """The first is asked for its next insurance, the second waits for a reviewer, the third was refused; the last has
    never given its insurance."""
    came_at = at - 100 * DAY
    here = at.astimezone(ZoneInfo(supplier.time_zone)).date()
    for kind in ("tax-form", "code-of-conduct"):
        _accepted(supplier, kind, None, reviewer, came_at)
    if is_last:
        return
    until = here + (20 * DAY if place == 0 else (60 + 23 * place) * DAY)
    if place == 1:
        _supplied(supplier, "insurance", until, at - timedelta(hours=3))
    elif place == 2:
        version = _supplied(supplier, "insurance", until, at - timedelta(hours=20))
        reason = "The sum insured cannot be read. Please send the first page as well."
        refuse_document(version.key, version.version, reason, actor=reviewer, at=at - timedelta(hours=2))
    else:
        _accepted(supplier, "insurance", until, reviewer, came_at)


def _supplied(supplier: Supplier, kind: str, until: date | None, at: datetime) -> DocumentVersion:
    content = pdf_file([b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [] /Count 0>>"])
    command = SupplyDocument(
        supplier.key, kind, f"{kind}.pdf", content + supplier.number.encode(), valid_until=until
    )
    return supply_document(command, actor=SET_UP, at=at)


def _accepted(supplier: Supplier, kind: str, until: date | None, reviewer: Actor, at: datetime) -> None:
    version = _supplied(supplier, kind, until, at)
    command = AcceptDocument(version.key, version.version, None, until)
    accept_document(command, actor=reviewer, at=at + timedelta(hours=5))
