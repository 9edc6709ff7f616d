"""Packing a draft: pallets, cartons, pieces, and what lies in each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, NotFound, Problem
from portal.kernel.scope import requires_scope
from procurement.shipments.messages import AddPackages, NoticeNamed, PackedContent
from procurement.shipments.models import Package, PackedQuantity, ShipNotice, ShipNoticeLine
from procurement.shipments.policies import (
    HEAVIEST_KG,
    MOST_DEEP,
    MOST_PACKAGES,
    NESTS,
    ZERO,
    depths_of,
    inside_itself,
    spread,
)
from procurement.shipments.services.holding import hold_draft, touch
from procurement.shipments.states import PackageKind

LONGEST_CM = Decimal(2000)
MOST_SERIALS = 1000


@requires_scope
def add_packages(named: NoticeNamed, wanted: AddPackages, *, actor: Actor, at: datetime) -> list[Package]:
    """Put so many packages alike into a draft: "40 cartons of 12".

    Raises `Invalid` with every problem found. Whether all of it is packed, and not too much, is checked when the
    notice is sent: packing goes through many states that are not whole.
    """
    notice = hold_draft(named.notice, named.version, actor=actor)
    lines = {one.position: one for one in notice.lines.all()}
    problems = list(package_problems(wanted, lines))
    there = notice.packages.count()
    if not 1 <= wanted.count <= MOST_PACKAGES - there:
        message = _("A ship notice has at most %(most)d packages; %(there)d are there.")
        values = {"most": MOST_PACKAGES, "there": there}
        problems.append(Problem("count", message % values, str(wanted.count), "out_of_range"))
    parent = _package_at(notice, wanted.parent) if wanted.parent is not None else None
    problems += _nesting_problems(notice, wanted.kind, parent)
    if problems:
        raise Invalid(problems[0].message, problems)
    packages = _insert_packages(notice, [wanted] * wanted.count, parent)
    fill_packages([(package, content) for package in packages for content in wanted.contents], lines)
    touch(notice, {}, actor=actor, at=at)
    return packages


@requires_scope
def pack_rest(
    named: NoticeNamed,
    *,
    position: int,
    per_package: Decimal,
    kind: str,
    parent: int | None = None,
    lot: str = "",
    actor: Actor,
    at: datetime,
) -> list[Package]:
    """Pack all of a line that is not packed yet, by so much: full packages, and what is left in a last one.

    Raises `Invalid` where nothing is left to pack.
    """
    notice = hold_draft(named.notice, named.version, actor=actor)
    lines = {one.position: one for one in notice.lines.select_related("line")}
    one = lines.get(position)
    if one is None:
        raise NotFound(_("There is no such line in this ship notice."))
    packed = one.packed.aggregate(total=Sum("quantity"))["total"] or ZERO
    if per_package <= ZERO:
        message = _("Say how much goes into one package: more than zero.")
        raise Invalid(message, [Problem("per_package", message, str(per_package), "out_of_range")])
    left = one.quantity - packed
    if left <= ZERO:
        message = _("All that goes of this line is packed already.")
        raise Invalid(message, [Problem("line", message, str(position), "packed")])
    if left / per_package > MOST_PACKAGES - notice.packages.count():
        message = _("That would be more than %(most)d packages. Put more into each.") % {
            "most": MOST_PACKAGES
        }
        raise Invalid(message, [Problem("per_package", message, str(per_package), "too_many")])
    amounts = spread(left, per_package)
    wanted = [AddPackages(1, kind, (PackedContent(position, amount, lot),), parent) for amount in amounts]
    problems = list(package_problems(wanted[0], lines))
    host = _package_at(notice, parent) if parent is not None else None
    problems += _nesting_problems(notice, kind, host)
    if problems:
        raise Invalid(problems[0].message, problems)
    packages = _insert_packages(notice, wanted, host)
    pairs = zip(packages, wanted, strict=True)
    fill_packages([(package, content) for package, each in pairs for content in each.contents], lines)
    touch(notice, {}, actor=actor, at=at)
    return packages


def _insert_packages(
    notice: ShipNotice, wanted: Sequence[AddPackages], parent: Package | None
) -> list[Package]:
    last = notice.packages.aggregate(last=Max("position"))["last"] or 0
    packages = [
        Package(
            supplier_id=notice.supplier_id,
            notice=notice,
            parent=parent,
            position=position,
            kind=one.kind,
            gross_kg=one.gross_kg,
            length_cm=one.length_cm,
            width_cm=one.width_cm,
            height_cm=one.height_cm,
        )
        for position, one in enumerate(wanted, start=last + 1)
    ]
    return Package.objects.bulk_create(packages)


def fill_packages(
    pairs: Iterable[tuple[Package, PackedContent]], lines: Mapping[int, ShipNoticeLine]
) -> None:
    """Put contents into packages; `lines` are those of the notice, by position."""
    PackedQuantity.objects.bulk_create(
        PackedQuantity(
            supplier_id=package.supplier_id,
            notice_line=lines[content.position],
            package=package,
            quantity=content.quantity,
            lot=content.lot.strip(),
            serials=list(content.serials),
            expires_on=content.expires_on,
            origin=content.origin.strip().upper(),
            dangerous_goods=content.dangerous_goods.strip(),
        )
        for package, content in pairs
    )


def package_problems(wanted: AddPackages, lines: Mapping[int, ShipNoticeLine]) -> Iterable[Problem]:
    """What is wrong with packages as somebody wants them, whatever they stand on."""
    if wanted.kind not in PackageKind.values:
        message = _("“%(value)s” is no kind of package: %(known)s.")
        values = {"value": wanted.kind, "known": ", ".join(PackageKind.values)}
        yield Problem("kind", message % values, wanted.kind, "unknown")
    yield from _measure_problems(wanted.gross_kg, (wanted.length_cm, wanted.width_cm, wanted.height_cm))
    for content in wanted.contents:
        yield from _content_problems(content, lines)


def _measure_problems(gross_kg: Decimal | None, sides: Iterable[Decimal | None]) -> Iterable[Problem]:
    if gross_kg is not None and not ZERO < gross_kg <= HEAVIEST_KG:
        message = _("A weight is more than zero and at most %(most)s kg.") % {"most": f"{HEAVIEST_KG:f}"}
        yield Problem("gross_kg", message, str(gross_kg), "out_of_range")
    for side in sides:
        if side is not None and not ZERO < side <= LONGEST_CM:
            message = _("A side is more than zero and at most %(most)s cm.") % {"most": f"{LONGEST_CM:f}"}
            yield Problem("size", message, str(side), "out_of_range")


def _content_problems(content: PackedContent, lines: Mapping[int, ShipNoticeLine]) -> Iterable[Problem]:
    where = str(content.position)
    if content.position not in lines:
        message = _("There is no such line in this ship notice.")
        yield Problem("line", message, where, "unknown")
    if not ZERO < content.quantity < Decimal(10) ** 12:
        message = _("What is packed is more than zero.")
        yield Problem("quantity", message, str(content.quantity), "out_of_range", where)
    if len(content.lot.strip()) > 20:
        message = _("A lot number has at most 20 characters (GS1 application identifier 10).")
        yield Problem("lot", message, content.lot[:80], "too_long", where)
    if len(content.serials) > MOST_SERIALS:
        message = _("At most %(most)d serial numbers fit into one package.") % {"most": MOST_SERIALS}
        yield Problem("serials", message, str(len(content.serials)), "too_many", where)
    if any(not 0 < len(serial) <= 20 for serial in content.serials):
        message = _("A serial number has 1 to 20 characters (GS1 application identifier 21).")
        yield Problem("serials", message, "", "too_long", where)
    if len(set(content.serials)) < len(content.serials):
        message = _("A serial number is there twice. Each piece has its own.")
        yield Problem("serials", message, "", "twice", where)
    origin = content.origin.strip()
    if origin and not (len(origin) == 2 and origin.isascii() and origin.isalpha()):
        message = _("“%(value)s” is not a country of origin: two letters, like IT or CN.")
        yield Problem("origin", message % {"value": origin}, origin, "unknown", where)
    if len(content.dangerous_goods) > 200:
        message = _("A note on dangerous goods has at most 200 characters.")
        yield Problem("dangerous_goods", message, content.dangerous_goods[:80], "too_long", where)


def too_deep(where: str) -> Problem:
    """That packages lie in packages, and so on, further than anybody packs."""
    message = _("At most %(most)d packages lie one in another.") % {"most": MOST_DEEP}
    return Problem("parent", message, where, "too_deep")


def _nesting_problems(notice: ShipNotice, kind: str, parent: Package | None) -> list[Problem]:
    """What keeps a new package of this kind from going onto or into another one."""
    if parent is None:
        return []
    if parent.kind not in NESTS.get(kind, frozenset()):
        return [_does_not_nest(kind, parent)]
    deep = depths_of(_parents_in(notice))[parent.position] >= MOST_DEEP
    return [too_deep(str(parent.position))] if deep else []


def _parents_in(notice: ShipNotice) -> dict[int, int | None]:
    """On what each package stands, both by position."""
    return dict(notice.packages.values_list("position", "parent__position"))


def _does_not_nest(kind: str, parent: Package) -> Problem:
    message = _("A %(inner)s does not go onto or into a %(outer)s.")
    kinds = dict(PackageKind.choices)
    values = {"inner": kinds.get(kind, kind), "outer": kinds[parent.kind]}
    return Problem("parent", message % values, str(parent.position), "does_not_nest")


def _package_at(notice: ShipNotice, position: int) -> Package:
    package: Package | None = notice.packages.filter(position=position).first()
    if package is None:
        message = _("Package %(position)d is gone meanwhile. Look at what is packed, then go on.")
        raise NotFound(message % {"position": position})
    return package


@requires_scope
def move_package(
    named: NoticeNamed, position: int, onto: int | None, *, actor: Actor, at: datetime
) -> ShipNotice:
    """Put a package onto or into another one, or on its own (None). Raises `Invalid` where it does not go there."""
    return move_packages(named, [position], onto, actor=actor, at=at)


@requires_scope
def move_packages(
    named: NoticeNamed, positions: Sequence[int], onto: int | None, *, actor: Actor, at: datetime
) -> ShipNotice:
    """Put these packages onto or into another one, or on their own (None).

    Raises `Invalid` where one of them does not go there; then all stay where they are. `NotFound` for a single one that
    is gone; of several, those that are gone stay gone.
    """
    notice = hold_draft(named.notice, named.version, actor=actor)
    if len(positions) == 1:
        _package_at(notice, positions[0])
    parent = _package_at(notice, onto) if onto is not None else None
    packages = list(notice.packages.filter(position__in=list(positions)))
    if parent is not None:
        parents = _parents_in(notice)
        for package in packages:
            if inside_itself(parents, package.position, parent.position):
                message = _("A package cannot go into itself.")
                raise Invalid(message, [Problem("parent", message, str(onto), "in_itself")])
            if parent.kind not in NESTS[package.kind]:
                problem = _does_not_nest(package.kind, parent)
                raise Invalid(problem.message, [problem])
        moved = parents | dict.fromkeys((package.position for package in packages), parent.position)
        if max(depths_of(moved).values()) > MOST_DEEP:
            problem = too_deep(str(onto))
            raise Invalid(problem.message, [problem])
    notice.packages.filter(pk__in=[package.pk for package in packages]).update(parent=parent)
    touch(notice, {}, actor=actor, at=at)
    return notice


@requires_scope
def remove_packages(
    named: NoticeNamed, positions: Sequence[int], *, actor: Actor, at: datetime
) -> ShipNotice:
    """Unpack these packages, with all that stands on them; their numbers are never given again. Gone ones stay gone."""
    notice = hold_draft(named.notice, named.version, actor=actor)
    notice.packages.filter(position__in=list(positions)).delete()
    touch(notice, {}, actor=actor, at=at)
    return notice


@requires_scope
def set_package(
    named: NoticeNamed,
    position: int,
    *,
    gross_kg: Decimal | None,
    length_cm: Decimal | None = None,
    width_cm: Decimal | None = None,
    height_cm: Decimal | None = None,
    tracking_number: str = "",
    actor: Actor,
    at: datetime,
) -> ShipNotice:
    """Say what a package weighs (kg, with all in it), how big it is (cm), and by which number the carrier knows it."""
    notice = hold_draft(named.notice, named.version, actor=actor)
    package = _package_at(notice, position)
    problems = list(_measure_problems(gross_kg, (length_cm, width_cm, height_cm)))
    if len(tracking_number) > 60:
        message = _("A tracking number has at most 60 characters.")
        problems.append(Problem("tracking_number", message, tracking_number[:80], "too_long"))
    if problems:
        raise Invalid(problems[0].message, problems)
    fields: dict[str, Any] = {
        "gross_kg": gross_kg,
        "length_cm": length_cm,
        "width_cm": width_cm,
        "height_cm": height_cm,
        "tracking_number": tracking_number.strip(),
    }
    for name, value in fields.items():
        setattr(package, name, value)
    package.save(update_fields=list(fields))
    touch(notice, {}, actor=actor, at=at)
    return notice


@requires_scope
def set_contents(
    named: NoticeNamed, position: int, contents: Sequence[PackedContent], *, actor: Actor, at: datetime
) -> ShipNotice:
    """Say anew what lies in a package. Raises `Invalid` with every problem found; then it stays as it was."""
    notice = hold_draft(named.notice, named.version, actor=actor)
    package = _package_at(notice, position)
    lines = {one.position: one for one in notice.lines.all()}
    problems = [problem for content in contents for problem in _content_problems(content, lines)]
    if problems:
        raise Invalid(problems[0].message, problems)
    package.contents.all().delete()
    fill_packages([(package, content) for content in contents], lines)
    touch(notice, {}, actor=actor, at=at)
    return notice


@requires_scope
def set_alike(
    named: NoticeNamed,
    positions: Sequence[int],
    contents: Sequence[PackedContent],
    *,
    measures: Mapping[str, Decimal | None],
    tracking_number: str = "",
    actor: Actor,
    at: datetime,
) -> ShipNotice:
    """Say anew what lies in each of these packages, which are alike, and what each weighs (kg) and measures (cm).

    Raises `Invalid` with every problem found; then all stay as they were. Serial numbers and a tracking number belong
    to one package.
    """
    notice = hold_draft(named.notice, named.version, actor=actor)
    packages = list(notice.packages.filter(position__in=list(positions)).order_by("position"))
    if not packages:
        raise NotFound(_("These packages are gone meanwhile. Look at what is packed, then go on."))
    lines = {one.position: one for one in notice.lines.all()}
    sides = [measures.get(name) for name in ("length_cm", "width_cm", "height_cm")]
    problems = list(_measure_problems(measures.get("gross_kg"), sides))
    problems += [problem for content in contents for problem in _content_problems(content, lines)]
    if len(tracking_number) > 60:
        message = _("A tracking number has at most 60 characters.")
        problems.append(Problem("tracking_number", message, tracking_number[:80], "too_long"))
    if len(packages) > 1 and (tracking_number or any(content.serials for content in contents)):
        message = _(
            "Serial numbers and a tracking number belong to one package. Open the packages one by one."
        )
        problems.append(Problem("serials", message, "", "not_alike"))
    if problems:
        raise Invalid(problems[0].message, problems)
    fields = {name: measures.get(name) for name in ("gross_kg", "length_cm", "width_cm", "height_cm")}
    ids = [package.pk for package in packages]
    notice.packages.filter(pk__in=ids).update(**fields, tracking_number=tracking_number.strip())
    PackedQuantity.objects.filter(package__in=ids).delete()
    fill_packages([(package, content) for package in packages for content in contents], lines)
    touch(notice, {}, actor=actor, at=at)
    return notice
