"""A ship notice in one piece, as programs and files tell it: written by the same verbs as on the page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.labels.numbers import BadNumber, read_sscc
from procurement.orders.queries import lock_orders, visible_orders
from procurement.shipments.messages import (
    AddPackages,
    LineChoice,
    LineEntry,
    NoticeNamed,
    PackedContent,
    SaveNotice,
    WholeLine,
    WholeNotice,
    WholePackage,
)
from procurement.shipments.models import Package, ShipNotice, ShipNoticeLine
from procurement.shipments.policies import MOST_DEEP, MOST_PACKAGES, NESTS
from procurement.shipments.queries import find_notice, hold_notice, order_ids_of, shippable_lines
from procurement.shipments.services.draft import add_lines, save_notice, start_notices
from procurement.shipments.services.holding import hold_draft, require_as_seen, require_may_ship, touch
from procurement.shipments.services.numbering import number_packages
from procurement.shipments.services.packing import fill_packages, package_problems, too_deep
from procurement.shipments.services.send import Sent, correct_notice, send_notice

Name = tuple[str, str]


@requires_scope
def write_whole(whole: WholeNotice, *, actor: Actor, at: datetime) -> ShipNotice:
    """Begin a notice and write all that is told of it, as a draft.

    Packages without an SSCC get their number here. Raises `Invalid` with every problem found; nothing is kept then.
    """
    require_may_ship(actor)
    choices = _choices(whole, actor)
    notices = start_notices(list(choices.values()), actor=actor, at=at)
    if len(notices) > 1:
        places = ", ".join(sorted(one.ship_to.code if one.ship_to else "?" for one in notices))
        message = _("These lines go to several places (%(places)s). Send one ship notice for each of them.")
        problem = Problem("lines", message % {"places": places}, places, "many_places")
        raise Invalid(problem.message, [problem])
    return _write(notices[0], whole, actor=actor, at=at)


@requires_scope
def send_whole(whole: WholeNotice, *, actor: Actor, at: datetime) -> Sent:
    """Write a notice as a whole and send it, or neither."""
    notice = write_whole(whole, actor=actor, at=at)
    return send_notice(NoticeNamed(notice.key, notice.version), actor=actor, at=at)


@requires_scope
def correct_whole(named: NoticeNamed, whole: WholeNotice, *, actor: Actor, at: datetime) -> Sent:
    """Put another notice in the place of one that was sent, and send it: its next version says all that is said here.

    Raises what `correct_notice` and `send_notice` do.
    """
    require_may_ship(actor)
    seen = find_notice(named.notice, actor=actor)
    lock_orders({*order_ids_of([seen.pk]), *_order_ids(whole, seen, actor)})  # Note [Orders first]
    require_as_seen(hold_notice(named.notice, actor=actor), named.version)
    draft = correct_notice(named, actor=actor, at=at)
    draft = hold_draft(draft.key, None, actor=actor)
    draft.packages.all().delete()
    draft.lines.all().delete()
    touch(draft, {}, actor=actor, at=at)
    choices = _choices(whole, actor, draft)
    draft = add_lines(NoticeNamed(draft.key, draft.version), list(choices.values()), actor=actor, at=at)
    notice = _write(draft, whole, actor=actor, at=at)
    return send_notice(NoticeNamed(notice.key, notice.version), actor=actor, at=at)


def _order_ids(whole: WholeNotice, notice: ShipNotice, actor: Actor) -> list[int]:
    """The orders that a notice as a whole speaks of, as far as they are those of its supplier and company."""
    numbers = {one.order for one in whole.lines}
    theirs = visible_orders(actor).filter(supplier=notice.supplier_id, company=notice.company_id)
    return list(theirs.filter(number__in=numbers).values_list("pk", flat=True))


def _choices(whole: WholeNotice, actor: Actor, besides: ShipNotice | None = None) -> dict[Name, LineChoice]:
    """The lines by the names that their ERP gave them. Raises `Invalid` for those that are not there, or twice."""
    lines: dict[Name, WholeLine] = {}
    problems: list[Problem] = []
    for one in whole.lines:
        if (one.order, one.line_key) in lines:
            message = _("Order %(order)s line %(line)s is there twice. Say it once, with all that goes.")
            problems.append(_on(message, one.order, one.line_key, "twice"))
        lines[one.order, one.line_key] = one
    found = shippable_lines(actor, besides=besides).filter(
        order__company__code=whole.company,
        order__number__in={order for order, _key in lines},
        key__in={key for _order, key in lines},
    )
    keys = {(line.order.number, line.key): line.order.key for line in found}
    message = _(
        "Nothing of order %(order)s line %(line)s can be shipped: it is not yours, or all of it has left."
    )
    problems += [_on(message, *name, "not_shippable") for name in lines if name not in keys]
    if problems:
        raise Invalid(problems[0].message, problems)
    return {name: LineChoice(keys[name], name[1], one.quantity) for name, one in lines.items()}


def _on(message: str, order: str, line: str, code: str) -> Problem:
    return Problem("lines", message % {"order": order, "line": line}, f"{order}/{line}", code, line)


def _write(notice: ShipNotice, whole: WholeNotice, *, actor: Actor, at: datetime) -> ShipNotice:
    """Head, lines and packages of a draft that holds these lines."""
    lines = {(one.line.order.number, one.line.key): one for one in notice.lines.select_related("line__order")}
    entries = tuple(
        LineEntry(lines[one.order, one.line_key].pk, one.quantity, one.remainder, one.follows_on)
        for one in whole.lines
    )
    command = SaveNotice(notice.key, notice.version, whole.header, entries)
    problems: list[Problem] = []
    try:
        notice = save_notice(command, actor=actor, at=at)
    except Invalid as refusal:
        problems += refusal.problems
    wanted = [_as_added(package, lines, problems) for package in whole.packages]
    problems += _package_problems(whole.packages, wanted, lines)
    if problems:
        raise Invalid(problems[0].message, problems)
    if whole.packages:
        _insert(notice, whole.packages, wanted, lines)
        touch(notice, {}, actor=actor, at=at)
        number_packages(NoticeNamed(notice.key, notice.version), actor=actor, at=at)
        notice.refresh_from_db(fields=["version"])
    return notice


def _as_added(
    package: WholePackage, lines: Mapping[Name, ShipNoticeLine], problems: list[Problem]
) -> AddPackages:
    contents = []
    for one in package.contents:
        line = lines.get((one.order, one.line_key))
        if line is None:
            message = _(
                "Package %(ref)s holds order %(order)s line %(line)s, which is not in this ship notice."
            )
            values = {"ref": package.ref, "order": one.order, "line": one.line_key}
            problems.append(Problem("packages", message % values, package.ref, "unknown_line"))
            continue
        contents.append(
            PackedContent(
                line.position,
                one.quantity,
                one.lot,
                one.serials,
                one.expires_on,
                one.origin,
                one.dangerous_goods,
            )
        )
    return AddPackages(
        1,
        package.kind,
        tuple(contents),
        None,
        package.gross_kg,
        package.length_cm,
        package.width_cm,
        package.height_cm,
    )


def _package_problems(
    packages: Sequence[WholePackage],
    wanted: Sequence[AddPackages],
    lines: Mapping[Name, ShipNoticeLine],
) -> Iterable[Problem]:
    by_position = {one.position: one for one in lines.values()}
    kinds = {package.ref: package.kind for package in packages}
    seen: set[str] = set()
    depths = {"": 0}
    if len(packages) > MOST_PACKAGES:
        message = _("A ship notice has at most %(most)d packages.") % {"most": MOST_PACKAGES}
        yield Problem("packages", message, str(len(packages)), "too_many")
    for package, one in zip(packages, wanted, strict=True):
        yield from package_problems(one, by_position)
        if not package.ref or package.ref in seen:
            message = _(
                "Each package has a ref of its own within the ship notice; “%(ref)s” is there twice, or empty."
            )
            yield Problem("packages", message % {"ref": package.ref}, package.ref, "ref_twice")
        if package.parent and package.parent not in seen:
            message = _("Package %(ref)s stands on %(parent)s, which must be told before it.")
            values = {"ref": package.ref, "parent": package.parent}
            yield Problem("packages", message % values, package.parent, "unknown_parent")
        elif package.parent and kinds[package.parent] not in NESTS.get(package.kind, frozenset()):
            message = _("Package %(ref)s does not go onto or into %(parent)s: look at their kinds.")
            values = {"ref": package.ref, "parent": package.parent}
            yield Problem("packages", message % values, package.parent, "does_not_nest")
        depths[package.ref] = depths.get(package.parent, 0) + 1
        if depths[package.ref] == MOST_DEEP + 1:
            yield too_deep(package.ref)
        if package.sscc:
            try:
                read_sscc(package.sscc)
            except BadNumber as problem:
                yield Problem("packages", str(problem), package.sscc, "sscc")
        if len(package.tracking_number) > 60:
            message = _("A tracking number has at most 60 characters.")
            yield Problem("packages", message, package.tracking_number[:80], "too_long")
        seen.add(package.ref)
    numbers = [package.sscc for package in packages if package.sscc]
    if len(set(numbers)) < len(numbers):
        message = _("An SSCC is there twice. Each package has its own.")
        yield Problem("packages", message, "", "sscc_twice")


def _insert(
    notice: ShipNotice,
    packages: Sequence[WholePackage],
    wanted: Sequence[AddPackages],
    lines: Mapping[Name, ShipNoticeLine],
) -> None:
    """Outer packages stand before inner ones, so two statements make them and a third puts them together."""
    made: dict[str, Package] = {}
    for position, package in enumerate(packages, start=1):
        made[package.ref] = Package(
            supplier_id=notice.supplier_id,
            notice=notice,
            position=position,
            kind=package.kind,
            sscc=read_sscc(package.sscc) if package.sscc else "",
            gross_kg=package.gross_kg,
            length_cm=package.length_cm,
            width_cm=package.width_cm,
            height_cm=package.height_cm,
            tracking_number=package.tracking_number.strip(),
        )
    Package.objects.bulk_create(made.values())
    inner = [package for package in packages if package.parent]
    for package in inner:
        made[package.ref].parent = made[package.parent]
    Package.objects.bulk_update([made[package.ref] for package in inner], ["parent"], batch_size=1000)
    by_position = {one.position: one for one in lines.values()}
    pairs = [
        (made[package.ref], content)
        for package, one in zip(packages, wanted, strict=True)
        for content in one.contents
    ]
    fill_packages(pairs, by_position)
