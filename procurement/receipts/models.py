"""What has arrived: booking by booking as the ERP tells it, and sheet by sheet as people count it at the dock."""

import uuid
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from portal.kernel.scope import ScopedQuerySet
from procurement.receipts.policies import LARGEST_PHOTO
from procurement.receipts.states import TOLD, Rest, SheetState, Word

QUANTITY: dict[str, Any] = {"max_digits": 18, "decimal_places": 6}


class Receipt(models.Model):
    """Goods that arrived on a line, as the ERP booked them. The ERP owns it; nobody here changes it.

    How much of a line has been received in all is the order's own to say (`received_quantity` of its paper): a receipt
    tells when and with which delivery note it came. `order_number` and `line_key` are the ERP's words; `line` is there
    once that order is, and with it the supplier. A booking that was taken back stays, as `reversed`.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=80)
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, null=True, related_name="+")
    line = models.ForeignKey(
        "procurement.PurchaseOrderLine", on_delete=models.PROTECT, null=True, related_name="receipts"
    )
    order_number = models.CharField(max_length=60)
    line_key = models.CharField(max_length=60)
    quantity = models.DecimalField(**QUANTITY)
    unit = models.CharField(max_length=20)
    unit_decimals = models.PositiveSmallIntegerField(default=0)
    received_on = models.DateField()
    reference = models.CharField(max_length=200, blank=True)
    reversed = models.BooleanField(default=False)
    content_hash = models.CharField(max_length=64)
    erp_stamp = models.DateTimeField(null=True)
    told_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "key"], name="receipt_key_once"),
            models.CheckConstraint(condition=Q(quantity__gt=Decimal(0)), name="receipt_quantity_positive"),
            models.CheckConstraint(
                condition=Q(line__isnull=True, supplier__isnull=True)
                | Q(line__isnull=False, supplier__isnull=False),
                name="receipt_supplier_with_line",
            ),
        ]
        indexes = [
            models.Index(
                fields=["order_number"], condition=Q(line__isnull=True), name="receipt_waits_for_order"
            ),
            models.Index(fields=["supplier", "updated_at", "id"], name="receipt_of_supplier_moved"),
            models.Index(fields=["updated_at", "id"], name="receipt_moved"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.key} of order {self.order_number}"


# --- counted at the dock ------------------------------------------------------------------------------------


class ReceivingSheet(models.Model):
    """What people count at a dock: of a ship notice, or of goods that nobody announced.

    The ERP stays the system of record: a sheet that is posted is a fact that the ERP is asked to book, and its booking
    comes back as a `Receipt`. It is never edited then, only reversed with a reason. `consignment` is that of the
    notice: a correction of the notice takes the sheet along. `source` names a count that a warehouse's program handed
    in. `received_on` is a day at the site. `marks` name the last scans that a page sent, so that one whose answer was
    lost on the way counts once.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey("procurement.Company", on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey("procurement.Site", on_delete=models.PROTECT, null=True, related_name="+")
    notice = models.ForeignKey(
        "procurement.ShipNotice", on_delete=models.PROTECT, null=True, related_name="sheets"
    )
    consignment = models.UUIDField(null=True)
    state = models.CharField(max_length=10, choices=SheetState.choices, default=SheetState.COUNTING)
    version = models.PositiveIntegerField(default=1)
    delivery_note = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=120, blank=True)
    received_on = models.DateField(null=True)
    note = models.TextField(blank=True)
    marks = models.JSONField(default=list)
    begun_at = models.DateTimeField()
    begun_by = models.CharField(max_length=200)
    updated_at = models.DateTimeField()
    counted_by = models.CharField(max_length=200)
    posted_at = models.DateTimeField(null=True)
    posted_by = models.CharField(max_length=200, blank=True)
    reversed_at = models.DateTimeField(null=True)
    reversed_by = models.CharField(max_length=200, blank=True)
    reverse_reason = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="sheet_wall"),
            models.UniqueConstraint(
                fields=["consignment"], condition=Q(state="counting"), name="sheet_one_counts_a_consignment"
            ),
            models.UniqueConstraint(
                fields=["company", "source"], condition=~Q(source=""), name="sheet_source_once"
            ),
            models.CheckConstraint(condition=Q(state__in=SheetState.values), name="sheet_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=list(TOLD)) | Q(posted_at__isnull=False, received_on__isnull=False),
                name="sheet_posted_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="reversed") | (Q(reversed_at__isnull=False) & ~Q(reverse_reason="")),
                name="sheet_reversed_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(notice__isnull=True, consignment__isnull=True)
                | Q(notice__isnull=False, consignment__isnull=False),
                name="sheet_notice_with_consignment",
            ),
        ]
        indexes = [
            models.Index(fields=["supplier", "-updated_at", "-id"], name="sheet_of_supplier"),
            models.Index(fields=["updated_at", "id"], name="sheet_moved"),
            models.Index(fields=["consignment", "id"], name="sheet_of_consignment"),
            models.Index(
                fields=["-updated_at", "-id"], condition=Q(state="counting"), name="sheet_being_counted"
            ),
        ]

    def __str__(self) -> str:
        return f"receiving sheet {self.key}"

    @property
    def stream(self) -> str:
        """With its notice, so that the ERP hears of the notice first; goods that nobody announced stand alone."""
        return f"shipment:{self.consignment}" if self.consignment else f"count:{self.key}"

    @property
    def is_counting(self) -> bool:
        return self.state == SheetState.COUNTING

    @property
    def reference(self) -> str:
        """What the goods came with, as the ERP is to note it: the number of the notice, else of the delivery note."""
        return (self.notice.number if self.notice else "") or self.delivery_note or f"R{self.pk}"


class SheetLine(models.Model):
    """An order line of which goods are counted. `announced` is what the notice says of it (nothing, for goods that
    nobody announced), `counted_before` what earlier sheets of the consignment have; both are noted when the sheet is
    posted. `rest` says what becomes of what is not here.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    sheet = models.ForeignKey(ReceivingSheet, on_delete=models.PROTECT, related_name="lines")
    order = models.ForeignKey("procurement.PurchaseOrder", on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey("procurement.PurchaseOrderLine", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    announced = models.DecimalField(**QUANTITY, null=True)
    counted_before = models.DecimalField(**QUANTITY, default=Decimal(0))
    rest = models.CharField(max_length=10, choices=Rest.choices, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="sheet_line_wall"),
            models.UniqueConstraint(fields=["sheet", "line"], name="sheet_line_once"),
            models.CheckConstraint(condition=Q(rest__in=["", *Rest.values]), name="sheet_line_rest_known"),
        ]

    def __str__(self) -> str:
        return f"line {self.line_id} on sheet {self.sheet_id}"


class CountedRow(models.Model):
    """What was counted of a line, lot by lot, in the line's unit: `quantity` is good, `damaged` is here and not
    accepted, for the reason that `wrong` says. `expires_on` is the day after which it must not be used.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    sheet_line = models.ForeignKey(SheetLine, on_delete=models.CASCADE, related_name="rows")
    lot = models.CharField(max_length=20, blank=True)
    quantity = models.DecimalField(**QUANTITY, default=Decimal(0))
    damaged = models.DecimalField(**QUANTITY, default=Decimal(0))
    wrong = models.CharField(max_length=500, blank=True)
    expires_on = models.DateField(null=True)
    serials = models.JSONField(default=list)
    note = models.CharField(max_length=500, blank=True)
    counted_at = models.DateTimeField()
    counted_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet_line", "lot"], name="counted_lot_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0, damaged__gte=0), name="counted_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.sheet_line_id}"


class PackageSeen(models.Model):
    """A package that was seen at the dock, by its number: on one sheet it counts once, however many scan it.

    `contents` is what it brought to the count, so that it can be taken off again: [line id, lot, quantity,
    serial numbers] each.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    sheet = models.ForeignKey(ReceivingSheet, on_delete=models.PROTECT, related_name="packages")
    number = models.CharField(max_length=30)
    contents = models.JSONField(default=list)
    seen_at = models.DateTimeField()
    seen_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sheet", "number"], name="package_seen_once")]

    def __str__(self) -> str:
        return f"package {self.number} on sheet {self.sheet_id}"


class WrongItem(models.Model):
    """Something that came and belongs to no line of any order. It is not booked in."""

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    sheet = models.ForeignKey(ReceivingSheet, on_delete=models.PROTECT, related_name="wrong_items")
    text = models.CharField(max_length=300)
    quantity = models.DecimalField(**QUANTITY, null=True)
    noted_at = models.DateTimeField()
    noted_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="wrong_item_wall"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="wrong_item_quantity_positive"),
        ]

    def __str__(self) -> str:
        return self.text


class DifferenceWord(models.Model):
    """What somebody said of a difference on a posted sheet: a supplier's answer, or how the buyer settles it.

    It is never altered; the newest answer counts, until the buyer has settled.
    """

    id = models.BigAutoField(primary_key=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    sheet = models.ForeignKey(ReceivingSheet, on_delete=models.PROTECT, related_name="words")
    sheet_line = models.ForeignKey(SheetLine, on_delete=models.PROTECT, null=True, related_name="words")
    wrong_item = models.ForeignKey(WrongItem, on_delete=models.PROTECT, null=True, related_name="words")
    word = models.CharField(max_length=12, choices=Word.choices)
    text = models.TextField(blank=True)
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=200)
    channel = models.CharField(max_length=20)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "supplier"], name="difference_word_wall"),
            models.CheckConstraint(condition=Q(word__in=Word.values), name="difference_word_known"),
            models.CheckConstraint(
                condition=Q(sheet_line__isnull=True, wrong_item__isnull=False)
                | Q(sheet_line__isnull=False, wrong_item__isnull=True),
                name="difference_word_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.word} of {self.sheet_line_id or self.wrong_item_id}"


class SheetPhoto(models.Model):
    """A picture of what came, kept in the database like every file (ADR 9), without what a camera writes besides."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    supplier = models.ForeignKey("suppliers.Supplier", on_delete=models.PROTECT, related_name="+")
    sheet = models.ForeignKey(ReceivingSheet, on_delete=models.PROTECT, related_name="photos")
    sheet_line = models.ForeignKey(SheetLine, on_delete=models.PROTECT, null=True, related_name="photos")
    wrong_item = models.ForeignKey(WrongItem, on_delete=models.PROTECT, null=True, related_name="photos")
    word = models.ForeignKey(DifferenceWord, on_delete=models.PROTECT, null=True, related_name="photos")
    content_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(size__gt=0, size__lte=LARGEST_PHOTO), name="sheet_photo_size_within_limit"
            ),
            models.CheckConstraint(
                condition=Q(content_type__in=["image/jpeg", "image/png", "image/webp"]),
                name="sheet_photo_is_a_picture",
            ),
        ]

    def __str__(self) -> str:
        return f"photo {self.key}"
