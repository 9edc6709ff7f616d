"""From where a supplier's packages get their numbers."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, NotFound
from portal.kernel.typed import WholeField
from portal.kernel.web import see_other
from procurement.labels.numbers import EXTENSION_DIGITS, build_sscc, spaced_sscc
from procurement.shipments.queries import company_prefix, numbering_of
from procurement.shipments.services import edit_numbering
from suppliers.models import Supplier
from suppliers.roles import Permission

NUMBERS = "procurement/shipments/numbers.html"


class NumbersForm(forms.Form):
    """The supplier's GS1 company prefix, and where its serial numbers go on."""

    gs1_prefix = forms.CharField(
        label=gettext_lazy("GS1 company prefix"),
        help_text=gettext_lazy(
            "The first 4 to 12 digits of your GS1 numbers. Empty: we give carton numbers of our own."
        ),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    extension = WholeField(
        min_value=0,
        max_value=EXTENSION_DIGITS - 1,
        label=gettext_lazy("Extension digit"),
        help_text=gettext_lazy("The first digit of each SSCC, 0 to 9. 0 unless other software uses it."),
    )
    next_serial = WholeField(
        min_value=0,
        max_value=10**12 - 1,  # behind the shortest prefix
        label=gettext_lazy("Next serial number"),
        help_text=gettext_lazy("Where other software has used serial numbers, go on behind them."),
    )


@door(Permission.SHIPMENT_SETUP, methods=["GET", "POST"])
def package_numbers(request: DoorRequest) -> HttpResponse:
    """Look at the numbers and change them: the administrator of a supplier, or of the portal with `?supplier=`."""
    supplier = _supplier(request)
    now = numbering_of(supplier)
    initial = {"gs1_prefix": now.gs1_prefix, "extension": now.extension, "next_serial": now.next_serial}
    form = NumbersForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                edit_numbering(supplier, **form.cleaned_data, actor=request.actor, at=request.at)
        except Invalid as refusal:
            for problem in refusal.problems:
                form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        else:
            messages.success(request, _("Saved. New packages get their numbers from here."))
            if request.actor.is_supplier:
                return see_other("package-numbers")
            now = numbering_of(supplier)
    context = {
        "form": form,
        "supplier": supplier,
        "example": _example(now.gs1_prefix, now.next_serial, now.extension),
        "differs": _differs(now.gs1_prefix, company_prefix(supplier.pk)),
    }
    return render(request, NUMBERS, context, status=422 if form.errors else 200)


def _supplier(request: DoorRequest) -> Supplier:
    """Whose numbers: one's own supplier's; on the buying side, that of the address."""
    suppliers = Supplier.objects.visible_to(request.actor)
    if request.actor.is_supplier:
        suppliers = suppliers.filter(pk__in=request.actor.supplier_ids)
    elif number := request.GET.get("supplier", ""):
        suppliers = suppliers.filter(number=number)
    else:
        raise Invalid(_("Say which supplier: open the page with ?supplier= and its number."))
    found: Supplier | None = suppliers.first()
    if found is None:
        raise NotFound(_("There is no such supplier."))
    return found


def _differs(prefix: str, company: str) -> str:
    """That packages are numbered otherwise than the company data says, as a sentence; empty where both say the same."""
    if not company or prefix == company:
        return ""
    if not prefix:
        message = _("The company data has the GS1 prefix %(company)s; packages get carton numbers of ours.")
    else:
        message = _(
            "The company data has the GS1 prefix %(company)s; packages are numbered behind %(prefix)s."
        )
    return message % {"company": company, "prefix": prefix}


def _example(prefix: str, serial: int, extension: int) -> str:
    """The SSCC that the next package gets."""
    if not prefix:
        return ""
    try:
        return spaced_sscc(build_sscc(prefix, serial, extension=extension), prefix)
    except ValueError:
        return ""
