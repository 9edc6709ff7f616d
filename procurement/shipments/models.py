"""Ship notices with their lines, the packages that the goods travel in, and what was told of the way."""

import uuid
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q, Value

from portal.kernel.scope import ScopedQuerySet
from procurement.shipments.states import (
    LIVE,
    ON_THE_WAY,
    FreightTerms,
    MilestoneKind,
    NoticeState,
    PackageKind,
    Remainder,
)

QUANTITY: dict[str, Any] = {"max_digits": 18, "decimal_places": 6}
WEIGHT: dict[str, Any] = {"max_digits": 12, "decimal_places": 3}
LENGTH: dict[str, Any] = {"max_digits": 8, "decimal_places": 1}


def one_writing(column: str) -> Func:
    """A carrier's number as it is compared, without blanks and in capitals; it is indexed in just these words."""
    return Func(
        F(column),
        template=r"upper(regexp_replace(%(expressions)s, '\s', '', 'g'))",
        output_field=models.TextField(),
    )


# The same of all tracking numbers of a notice.
TRACKING_NUMBERS = Func(
    F("tracking_numbers"), function="procurement_one_writing", output_field=ArrayField(models.TextField())
)


class ShipNotice(models.Model):
    """One consignment to one site of one company: what a supplier says has left, or is about to.

    A notice that was sent is never edited. Its correction is another notice that `replaces` it: same `consignment`,
    next `issue`, so that every version is kept. `number` is the supplier's own (the delivery note's); `number_key` is
    that number as it is compared (`policies.number_key`). `ship_on` and `delivery_on` are dates where the goods are
    then; `expected_on` is the day of arrival as planning should see it: what was announced, or what a milestone made
    of it. `counted_at` is there while a count of it at the dock stands, also before the ERP has booked it. Weights are
    in kilograms.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    ship_to = models.ForeignKey("procurement.Site", on_delete=models.PROTECT, null=True, related_name="+")
    ship_from = models.ForeignKey(
        "suppliers.SupplierSite", on_delete=models.PROTECT, null=True, related_name="+"
    )
    consignment = models.UUIDField(default=uuid.uuid4)
    issue = models.PositiveIntegerField(default=1)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    state = models.CharField(max_length=20, choices=NoticeState.choices, default=NoticeState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    number = models.CharField(max_length=60, blank=True)
    number_key = models.CharField(max_length=60, blank=True)
    ship_on = models.DateField(null=True)
    delivery_on = models.DateField(null=True)
    expected_on = models.DateField(null=True)
    carrier = models.CharField(max_length=100, blank=True)
    service = models.CharField(max_length=100, blank=True)
    tracking_numbers = models.JSONField(default=list)
    bill_of_lading = models.CharField(max_length=60, blank=True)
    freight_terms = models.CharField(max_length=20, choices=FreightTerms.choices, blank=True)
    seal = models.CharField(max_length=60, blank=True)
    pieces = models.PositiveIntegerField(null=True)
    gross_kg = models.DecimalField(**WEIGHT, null=True)
    note = models.TextField(blank=True)
    drafted_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)
    on_behalf = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=200, blank=True)
    sent_by_user_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20, blank=True)
    departed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="ship_notice_wall"),
            models.UniqueConstraint(fields=["consignment", "issue"], name="ship_notice_issue_once"),
            models.UniqueConstraint(
                fields=["supplier", "company", "number_key"],
                condition=Q(state__in=list(LIVE)),
                name="ship_notice_number_once",
            ),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="ship_notice_state_known"),
            models.CheckConstraint(
                condition=Q(freight_terms__in=["", *FreightTerms.values]), name="ship_notice_freight_known"
            ),
            models.CheckConstraint(condition=Q(issue__gte=1), name="ship_notice_issue_from_one"),
            models.CheckConstraint(
                condition=~Q(state__in=list(LIVE))
                | (
                    Q(sent_at__isnull=False, ship_on__isnull=False, expected_on__isnull=False)
                    & ~Q(number_key="")
                ),
                name="ship_notice_sent_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(ship_on__isnull=True)
                | Q(delivery_on__isnull=True)
                | Q(ship_on__lte=F("delivery_on")),
                name="ship_notice_leaves_before_it_arrives",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(end_reason=""), name="ship_notice_cancelled_for_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["supplier", "-updated_at", "-id"], name="ship_notice_of_supplier"),
            models.Index(fields=["-updated_at", "-id"], name="ship_notice_newest"),
            models.Index(fields=["updated_at", "id"], name="ship_notice_moved"),
            GinIndex(TRACKING_NUMBERS, name="ship_notice_tracked"),
            models.Index(
                one_writing("bill_of_lading"), name="ship_notice_lading", condition=~Q(bill_of_lading="")
            ),
            models.Index(
                fields=["ship_to", "expected_on", "id"],
                condition=Q(state__in=list(ON_THE_WAY)),
                name="ship_notice_inbound",
            ),
            models.Index(
                fields=["expected_on", "id"],
                condition=Q(state__in=list(ON_THE_WAY)),
                name="ship_notice_expected",
            ),
        ]

    def __str__(self) -> str:
        return f"ship notice {self.number or self.key}"

    @property
    def stream(self) -> str:
        """One story for all versions of a consignment."""
        return f"shipment:{self.consignment}"

    @property
    def is_draft(self) -> bool:
        return self.state == NoticeState.DRAFT


class ShipNoticeLine(models.Model):
    """How much of one order line is in a notice, and what becomes of what it leaves open there.

    `received_quantity` is what the receiving side has counted of it so far. `came_before` is what had come of its order
    line when the notice was sent, and was counted for no notice: it is nothing of this one.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    notice = models.ForeignKey(ShipNotice, on_delete=models.CASCADE, related_name="lines")
    order = models.ForeignKey("procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(
        "procurement.PurchaseOrderLine", on_delete=models.PROTECT, related_name="ship_notice_lines"
    )
    position = models.PositiveIntegerField()
    quantity = models.DecimalField(**QUANTITY, default=Decimal(0))
    remainder = models.CharField(max_length=20, choices=Remainder.choices, default=Remainder.FOLLOWS)
    follows_on = models.DateField(null=True)
    received_quantity = models.DecimalField(**QUANTITY, default=Decimal(0))
    came_before = models.DecimalField(**QUANTITY, default=Decimal(0), db_default=Decimal(0))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "line"], name="ship_notice_line_once"),
            models.UniqueConstraint(fields=["id", "supplier"], name="ship_notice_line_wall"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="ship_notice_line_not_negative"),
            models.CheckConstraint(
                condition=Q(remainder__in=Remainder.values), name="ship_notice_line_remainder_known"
            ),
        ]
        indexes = [models.Index(fields=["line", "notice"], name="ship_notice_line_of_line")]

    def __str__(self) -> str:
        return f"line {self.line_id} in {self.notice_id}"


class Package(models.Model):
    """A pallet, a carton or a piece. It stands on another one (`parent`) or on its own.

    One of `sscc` (18 digits, GS1 General Specifications §2.2.1) and `carton_number` (ours) names it once it has a
    label. `is_live` while its notice is: among those no SSCC is there twice, and a scan finds one. Lengths are in
    centimetres, weights in kilograms with everything in it.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    notice = models.ForeignKey(ShipNotice, on_delete=models.CASCADE, related_name="packages")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="inner")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=PackageKind.choices)
    sscc = models.CharField(max_length=18, blank=True)
    carton_number = models.CharField(max_length=30, blank=True)
    gross_kg = models.DecimalField(**WEIGHT, null=True)
    length_cm = models.DecimalField(**LENGTH, null=True)
    width_cm = models.DecimalField(**LENGTH, null=True)
    height_cm = models.DecimalField(**LENGTH, null=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    is_live = models.BooleanField(default=False)

    packed_here: list["PackedQuantity"]  # where `queries.packages_in` has read them

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "position"], name="package_position_once"),
            models.UniqueConstraint(fields=["id", "supplier"], name="package_wall"),
            models.UniqueConstraint(
                fields=["sscc"], condition=Q(is_live=True) & ~Q(sscc=""), name="package_sscc_once"
            ),
            models.UniqueConstraint(
                fields=["notice", "sscc"], condition=~Q(sscc=""), name="package_sscc_once_in_notice"
            ),
            models.UniqueConstraint(
                fields=["carton_number"],
                condition=Q(is_live=True) & ~Q(carton_number=""),
                name="package_carton_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=PackageKind.values), name="package_kind_known"),
            models.CheckConstraint(condition=Q(sscc="") | Q(carton_number=""), name="package_has_one_number"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="package_not_in_itself"
            ),
        ]
        indexes = [
            models.Index(
                one_writing("tracking_number"), name="package_tracked", condition=~Q(tracking_number="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sscc or self.carton_number or self.position}"


class PackedQuantity(models.Model):
    """So much of a notice's line in one package, or lying loose where there is none, with what it is known by.

    `lot` and `serials` are the maker's own numbers, `expires_on` the day after which it must not be used, `origin` the
    ISO 3166-1 code of the country it was made in.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    notice_line = models.ForeignKey(ShipNoticeLine, on_delete=models.CASCADE, related_name="packed")
    package = models.ForeignKey(Package, on_delete=models.CASCADE, null=True, related_name="contents")
    quantity = models.DecimalField(**QUANTITY)
    lot = models.CharField(max_length=20, blank=True)
    serials = models.JSONField(default=list)
    expires_on = models.DateField(null=True)
    origin = models.CharField(max_length=2, blank=True)
    dangerous_goods = models.CharField(max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="packed_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.notice_line_id} in {self.package_id}"


class Milestone(models.Model):
    """What somebody told of a consignment on its way. It is never altered; a later word counts more.

    `source` names the word where it came from: the same one told twice is kept once.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    notice = models.ForeignKey(ShipNotice, on_delete=models.PROTECT, related_name="milestones")
    kind = models.CharField(max_length=10, choices=MilestoneKind.choices)
    happened_at = models.DateTimeField()
    place = models.CharField(max_length=100, blank=True)
    estimated_on = models.DateField(null=True)
    note = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=120)
    told_at = models.DateTimeField()
    told_by = models.CharField(max_length=200)
    channel = models.CharField(max_length=20)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "source"], name="milestone_source_once"),
            models.CheckConstraint(condition=Q(kind__in=MilestoneKind.values), name="milestone_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind="estimated") | Q(estimated_on__isnull=False),
                name="milestone_estimate_has_a_day",
            ),
        ]
        indexes = [models.Index(fields=["notice", "happened_at", "id"], name="milestone_of_notice")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.notice_id}"


class PackageNumbering(models.Model):
    """From where a supplier's packages get their numbers: its own GS1 company prefix, or ours where it has none.

    `next_serial` is the next serial number behind the prefix and `extension` digit; a number once given is never given
    again, whatever becomes of its package. `next_carton` counts the numbers that we give. `reached` holds, for each
    prefix that was ever entered, the extension digit and serial number to go on with if it comes back.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.OneToOneField("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    gs1_prefix = models.CharField(max_length=12, blank=True)
    extension = models.PositiveSmallIntegerField(default=0)
    next_serial = models.BigIntegerField(default=1)
    next_carton = models.BigIntegerField(default=1)
    reached = models.JSONField(default=dict, db_default=Value({}, output_field=models.JSONField()))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(extension__lte=9), name="numbering_extension_one_digit"),
            models.CheckConstraint(
                condition=Q(next_serial__gte=0, next_carton__gte=1), name="numbering_counts_up"
            ),
        ]

    def __str__(self) -> str:
        return f"package numbers of supplier {self.supplier_id}"

    @property
    def is_untouched(self) -> bool:
        """Whether nobody ever entered a prefix, or took one away: the prefix of the company data counts then."""
        return not self.gs1_prefix and not self.reached


class UploadedNotices(models.Model):
    """A sheet of ship notices as it was read, kept from its preview until notices are made of it: nothing is lost.

    `table` is the file's table, cell by cell; `columns` says which of its columns is which of ours (by place), `head`
    in which of its rows their names stand (0: the first). `rows` are its rows as they were understood
    (`messages.SheetRow`), `plan` what would become of them when it was looked at last, at `planned_at`; `result` what
    became of them. `digest` is the SHA-256 of the file: it names a file that comes twice. A buyer's sheet may write for
    many suppliers: it has no supplier, and no supplier sees it.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    table = models.JSONField()
    head = models.PositiveIntegerField(default=0)
    columns = models.JSONField(default=dict)
    rows = models.JSONField(default=list)
    plan = models.JSONField(default=dict)
    planned_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    created_by_user_id = models.BigIntegerField(null=True)
    applied_at = models.DateTimeField(null=True)
    applied_by = models.CharField(max_length=200, blank=True)
    result = models.JSONField(default=dict)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["supplier", "-created_at"], name="uploaded_notices_newest"),
            models.Index(fields=["digest"], name="uploaded_notices_digest"),
        ]

    def __str__(self) -> str:
        return f"uploaded ship notices {self.file_name}"
