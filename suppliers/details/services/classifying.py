"""What our administrator says of suppliers: segment, channel, category; and which changes of theirs wait."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import Fact, record, record_all
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Problem
from portal.kernel.scope import requires_scope
from suppliers.approvers import require_long_role
from suppliers.details.messages import ClassifySuppliers
from suppliers.details.models import DetailRule, SupplierCategory, SupplierInCategory
from suppliers.details.policies.changes import USUAL_WAY
from suppliers.details.states import Part, Way
from suppliers.models import Supplier
from suppliers.roles import Permission
from suppliers.services import set_here
from suppliers.states import Segment, TradeChannel

CLASSIFIED = "supplier.classified"
MOST_AT_ONCE = 5_000


def _require(actor: Actor) -> None:
    if actor.is_supplier or not actor.may(Permission.SUPPLIER_MANAGE):
        raise NotAllowed(_("Only a supplier administrator of ours says this."))


@requires_scope
def classify_suppliers(command: ClassifySuppliers, *, actor: Actor, at: datetime) -> int:
    """Put suppliers into a segment, onto a channel, into categories; says how many it changed. From now on a segment
    is ours: the ERP's feed moves it no more. Raises `Invalid`. Six queries however many suppliers."""
    _require(actor)
    groups = _groups(command)
    wanted = set(command.suppliers)
    held = Supplier.objects.filter(key__in=wanted).order_by("id").select_for_update(no_key=True)
    suppliers: list[Supplier] = list(held)
    if len(suppliers) != len(wanted):
        raise NotFound(_("One of these suppliers is not there."))
    before = _categories_of(suppliers) if groups is not None else {}
    facts: list[Fact] = []
    moved: list[Supplier] = []
    for one in suppliers:
        said = _classify(one, command)
        if said:
            moved.append(one)
        if groups is not None and before.get(one.pk, set()) != {group.pk for group in groups}:
            said["categories"] = [group.code for group in groups]
        if said:
            facts.append(Fact(CLASSIFIED, one.stream, one.pk, said, internal=True))
    Supplier.objects.bulk_update(moved, ["segment", "channel", "erp_says", "version"])
    if groups is not None:
        _put_into(suppliers, groups)
    record_all(facts, actor=actor, at=at)
    return len(facts)


def _groups(command: ClassifySuppliers) -> list[SupplierCategory] | None:
    problems = []
    if not command.suppliers or len(command.suppliers) > MOST_AT_ONCE:
        message = _("Choose one to %(most)d suppliers.") % {"most": MOST_AT_ONCE}
        problems.append(Problem("suppliers", message, "", "required"))
    if command.segment is not None and command.segment not in Segment.values:
        problems.append(Problem("segment", _("Choose a segment of the list."), command.segment[:20]))
    if command.channel is not None and command.channel not in TradeChannel.values:
        problems.append(Problem("channel", _("Choose a way of the list."), command.channel[:20]))
    if command.segment is None and command.channel is None and command.categories is None:
        problems.append(Problem("segment", _("Say what is to be changed."), "", "required"))
    found: list[SupplierCategory] | None = None
    if command.categories is not None:
        found = list(
            SupplierCategory.objects.filter(code__in=command.categories, retired_at=None).order_by("code")
        )
        unknown = sorted(set(command.categories) - {one.code for one in found})
        if unknown:
            message = _("There is no category “%(value)s”, or it is retired.") % {"value": unknown[0][:40]}
            problems.append(Problem("categories", message, unknown[0][:40], "unknown"))
    if problems:
        raise Invalid(problems[0].message, problems)
    return found


def _classify(supplier: Supplier, command: ClassifySuppliers) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if command.segment is not None and (
        command.segment != supplier.segment or "segment" not in supplier.erp_says
    ):
        said["segment"] = [supplier.segment, command.segment]
        supplier.erp_says.setdefault("segment", supplier.segment)
        set_here(supplier, segment=command.segment)
    if command.channel is not None and command.channel != supplier.channel:
        said["channel"] = [supplier.channel, command.channel]
        supplier.channel = command.channel
    if said:
        supplier.version += 1
    return said


def _categories_of(suppliers: Sequence[Supplier]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    rows = SupplierInCategory.objects.filter(supplier__in=suppliers)
    for supplier_id, category_id in rows.values_list("supplier_id", "category_id"):
        found.setdefault(supplier_id, set()).add(category_id)
    return found


def _put_into(suppliers: Sequence[Supplier], groups: Sequence[SupplierCategory]) -> None:
    SupplierInCategory.objects.filter(supplier__in=suppliers).exclude(category__in=groups).delete()
    rows = [SupplierInCategory(supplier=one, category=group) for one in suppliers for group in groups]
    SupplierInCategory.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)


@requires_scope
def write_category(code: str, name: str, *, actor: Actor, at: datetime) -> SupplierCategory:
    """A category by its code: a new one, or one under another name; a retired one is in use again. Raises `Invalid`."""
    _require(actor)
    code, name = "-".join(code.lower().split()), " ".join(name.split())
    problems = []
    if not code or len(code) > 40 or not all(one.isalnum() or one in "-_." for one in code):
        message = _("A code has letters, digits and hyphens: at most 40.")
        problems.append(Problem("code", message, code[:40]))
    if not name or len(name) > 100:
        problems.append(Problem("name", _("Give the category a name of at most 100 characters."), name[:40]))
    if problems:
        raise Invalid(problems[0].message, problems)
    kept, _is_new = SupplierCategory.objects.update_or_create(
        code=code, defaults={"name": name, "retired_at": None}
    )
    _record_set_up("category.written", f"category:{code}", {"code": code, "name": name}, actor=actor, at=at)
    return kept


@requires_scope
def retire_category(code: str, *, actor: Actor, at: datetime) -> None:
    """Put no more suppliers into a category; those in it stay. Retiring twice is harmless."""
    _require(actor)
    if SupplierCategory.objects.filter(code=code, retired_at=None).update(retired_at=at):
        _record_set_up("category.retired", f"category:{code}", {"code": code}, actor=actor, at=at)


@requires_scope
def write_detail_rule(part: str, way: str, *, actor: Actor, at: datetime) -> bool:
    """Say how changes of a part come into force from now on; what waits goes on waiting. Says whether it did anything.

    That they wait is so as soon as our supplier administrator says it. That they come into force at once, so that
    nobody looks at them any more, is asked for first, and is so once somebody else who decides on changes says it as
    well; who says that they wait takes it off the table. Else one person alone could take the second pair of eyes
    away, change, and put it back. Raises `Invalid`, and `NotAllowed`.
    """
    decides = _decides(actor)
    if not decides:
        _require(actor)
    problems = []
    if part not in Part.values:
        problems.append(
            Problem("part", _("There is no such part of the company data."), part[:20], "unknown")
        )
    if way not in Way.values:
        problems.append(Problem("way", _("Choose one of the two."), way[:20], "unknown"))
    if problems:
        raise Invalid(problems[0].message, problems)
    usual = USUAL_WAY[Part(part)]
    fresh = DetailRule(part=part, way=usual, written_at=at, written_by=actor.label)
    if way == usual and not DetailRule.objects.filter(part=part).exists():
        return False
    DetailRule.objects.bulk_create([fresh], ignore_conflicts=True)
    rule = DetailRule.objects.select_for_update().get(part=part)
    said = _tighten(rule, actor) if way == Way.APPROVE else _loosen(rule, actor, at)
    if not said:
        return False
    if said == "detail_rule.changed":
        rule.way, rule.written_at = way, at
        rule.written_by, rule.written_by_user_id = actor.label, actor.user_id
    facts = {"part": part, "to": way, "asked_by": rule.asked_by}
    if way == Way.APPROVE:
        rule.asked_at, rule.asked_by, rule.asked_by_user_id = None, "", None
    rule.save()
    _record_set_up(said, f"detail_rule:{part}", facts, actor=actor, at=at)
    return True


def _decides(actor: Actor) -> bool:
    is_person = actor.user_id is not None and actor.token_id is None
    return actor.is_company and is_person and actor.may(Permission.DETAIL_APPROVE)


def _tighten(rule: DetailRule, actor: Actor) -> str:
    """Which fact it is that changes of this part wait; empty for none."""
    if rule.is_asked:
        return "detail_rule.loosening_refused"
    if rule.way == Way.APPROVE:
        return ""
    _require(actor)
    return "detail_rule.changed"


def _loosen(rule: DetailRule, actor: Actor, at: datetime) -> str:
    """Which fact it is that somebody wants changes of this part in force at once; empty for none."""
    if rule.way == Way.AT_ONCE:
        return ""
    if rule.is_asked and rule.asked_by_user_id == actor.user_id:
        return ""
    if actor.user_id is None or actor.token_id is not None:
        raise NotAllowed(_("Only a person, signed in, lets changes come into force unseen."))
    if not rule.is_asked:
        _require(actor)
        rule.asked_at, rule.asked_by, rule.asked_by_user_id = at, actor.label, actor.user_id
        return "detail_rule.loosening_asked"
    if not _decides(actor):
        raise NotAllowed(_("Somebody who decides on changes of company data says this as well."))
    require_long_role(actor.user_id, rule.asked_at or at)
    return "detail_rule.changed"


def _record_set_up(kind: str, stream: str, facts: dict[str, Any], *, actor: Actor, at: datetime) -> None:
    record(kind, stream, actor=actor, at=at, supplier_id=None, facts=facts, internal=True)
