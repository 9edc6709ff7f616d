"""Numbers for packages: an SSCC behind the supplier's own GS1 prefix, or a carton number of ours.

Note [Never twice]: numbers are taken from a counter in one row, which is held until the transaction ends, and a number
once taken is never given again: not when its package is removed, nor when its notice is discarded. Two people who
number packages at once wait for each other. Gaps are normal.
"""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, Problem
from portal.kernel.scope import requires_scope
from procurement.labels.numbers import EXTENSION_DIGITS, BadNumber, build_sscc, sscc_capacity
from procurement.shipments.messages import NoticeNamed
from procurement.shipments.models import Package, PackageNumbering
from procurement.shipments.queries import company_prefix
from procurement.shipments.services.holding import hold_draft, touch
from suppliers.models import Supplier
from suppliers.roles import Permission


@requires_scope
def number_packages(named: NoticeNamed, *, actor: Actor, at: datetime) -> list[Package]:
    """Give every package of a draft that has none its number, so that labels can be printed. Told twice it gives none.

    Where nobody entered a prefix for packages, the one of the supplier's company data is taken over.
    Raises `Invalid` when the prefix has no numbers left.
    """
    notice = hold_draft(named.notice, named.version, actor=actor)
    bare = list(notice.packages.filter(sscc="", carton_number="").order_by("position"))
    if not bare:
        return []
    numbering = _hold_numbering(notice.supplier_id)
    if numbering.is_untouched and (prefix := company_prefix(notice.supplier_id)):
        numbering.gs1_prefix = prefix
        _tell_of_prefix(numbering, notice.supplier, "", actor, at)
    if numbering.gs1_prefix:
        _number_by_gs1(numbering, bare)
    else:
        for package in bare:
            package.carton_number = carton_number(notice.supplier.number, numbering.next_carton)
            numbering.next_carton += 1
    numbering.save(update_fields=["gs1_prefix", "next_serial", "next_carton", "extension"])
    Package.objects.bulk_update(bare, ["sscc", "carton_number"], batch_size=1000)
    touch(notice, {}, actor=actor, at=at)
    return bare


def carton_number(supplier: str, count: int) -> str:
    """The number that we give a package whose supplier has no GS1 prefix: its own number with us, and a count."""
    return f"{supplier[:18]}-{count:07d}"


def _number_by_gs1(numbering: PackageNumbering, packages: list[Package]) -> None:
    """Take the next serials; where those of an extension digit are used up the next digit goes on."""
    waiting = packages
    while waiting:
        numbers = [_next_sscc(numbering) for _package in waiting]
        # The supplier's own software may have handed one in that the counter had not reached.
        there = Package.objects.filter(sscc__in=numbers).exclude(sscc="")
        taken = set(
            there.filter(Q(is_live=True) | Q(notice=waiting[0].notice_id)).values_list("sscc", flat=True)
        )
        free = [number for number in numbers if number not in taken]
        for package, number in zip(waiting, free, strict=False):
            package.sscc = number
        waiting = waiting[len(free) :]


def _next_sscc(numbering: PackageNumbering) -> str:
    if numbering.next_serial >= sscc_capacity(numbering.gs1_prefix):
        if numbering.extension + 1 >= EXTENSION_DIGITS:
            message = _(
                "All SSCCs behind the prefix %(prefix)s have been given. Ask GS1 for another prefix, and enter it."
            )
            text = message % {"prefix": numbering.gs1_prefix}
            raise Invalid(text, [Problem("gs1_prefix", text, numbering.gs1_prefix, "used_up")])
        numbering.extension, numbering.next_serial = numbering.extension + 1, 0
    number = build_sscc(numbering.gs1_prefix, numbering.next_serial, extension=numbering.extension)
    numbering.next_serial += 1
    return number


def _hold_numbering(supplier_id: int) -> PackageNumbering:
    PackageNumbering.objects.bulk_create([PackageNumbering(supplier_id=supplier_id)], ignore_conflicts=True)
    held: PackageNumbering = PackageNumbering.objects.select_for_update().get(supplier=supplier_id)
    return held


@requires_scope
def edit_numbering(
    supplier: Supplier, *, gs1_prefix: str, next_serial: int, extension: int = 0, actor: Actor, at: datetime
) -> PackageNumbering:
    """Enter a supplier's GS1 company prefix, and where its serial numbers go on: other software may have used some.

    Raises `Invalid` for a prefix that is none, and for going back behind a number that was given here.
    """
    if not actor.may(Permission.SHIPMENT_SETUP):
        raise NotAllowed(_("Your administrator enters the GS1 prefix of your company."))
    numbering = _hold_numbering(supplier.pk)
    problems = []
    prefix = gs1_prefix.strip().replace(" ", "")
    if prefix:
        try:
            capacity = sscc_capacity(prefix)
        except BadNumber as problem:
            problems.append(Problem("gs1_prefix", str(problem), gs1_prefix, "invalid"))
        else:
            if not 0 <= next_serial < capacity:
                message = _("Behind this prefix serial numbers go from 0 to %(most)d.") % {
                    "most": capacity - 1
                }
                problems.append(Problem("next_serial", message, str(next_serial), "out_of_range"))
    if not 0 <= extension < EXTENSION_DIGITS:
        message = _("The extension digit is 0 to 9.")
        problems.append(Problem("extension", message, str(extension), "out_of_range"))
    old = numbering.gs1_prefix
    if not prefix and numbering.is_untouched:
        old = company_prefix(supplier.pk)  # taken away: it does not come back by itself
    reached = {**numbering.reached}
    if old:
        reached[old] = [numbering.extension, numbering.next_serial]
    if not prefix:  # nothing to count; if a prefix comes back, it goes on where it was
        extension, next_serial = numbering.extension, numbering.next_serial
    elif prefix in reached and [extension, next_serial] < reached[prefix]:
        message = _("Numbers up to %(last)d have been given here. Go on behind them: no SSCC is given twice.")
        text = message % {"last": reached[prefix][1] - 1}
        problems.append(Problem("next_serial", text, str(next_serial), "given"))
    if problems:
        raise Invalid(problems[0].message, problems)
    numbering.gs1_prefix, numbering.next_serial, numbering.extension = prefix, next_serial, extension
    numbering.reached = reached
    numbering.save(update_fields=["gs1_prefix", "next_serial", "extension", "reached"])
    _tell_of_prefix(numbering, supplier, old, actor, at)
    return numbering


def _tell_of_prefix(
    numbering: PackageNumbering, supplier: Supplier, old: str, actor: Actor, at: datetime
) -> None:
    record(
        "supplier.package_numbers_changed",
        supplier.stream,
        actor=actor,
        at=at,
        supplier_id=supplier.pk,
        facts={
            "old": old,
            "new": numbering.gs1_prefix,
            "next_serial": numbering.next_serial,
            "extension": numbering.extension,
        },
    )
