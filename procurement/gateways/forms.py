"""What people say to a gateway: how it is called, and a file of a carrier."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid
from procurement.gateways.messages import WriteGateway
from procurement.gateways.queries import companies_for_gateways, suppliers_for_gateways
from procurement.gateways.states import GatewayKind
from suppliers.models import Supplier


class GatewayForm(forms.Form):
    """A new gateway. `once` lets a form that is sent twice make one."""

    once = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("What it is"), choices=(), widget=forms.RadioSelect)
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("As the timeline of a shipment will call it, such as the carrier’s name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    company = forms.ChoiceField(label=_("Goods for"), choices=(), required=False)
    supplier = forms.ModelChoiceField(
        label=_("Goods of"),
        queryset=Supplier.objects.none(),
        to_field_name="number",
        required=False,
        empty_label=_("All suppliers"),
        help_text=_("A supplier’s own carrier is heard on that supplier’s shipments alone."),
    )

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        offered = GatewayKind.choices
        super().__init__(data, initial={"once": uuid.uuid4(), "kind": offered[0][0]})
        fields: dict[str, Any] = self.fields
        fields["kind"].choices = offered
        fields["company"].choices = [("", _("All companies")), *companies_for_gateways()]
        fields["supplier"].queryset = suppliers_for_gateways(actor)

    def command(self) -> WriteGateway:
        """What was typed, as a command."""
        supplier = self.cleaned_data["supplier"]
        return WriteGateway(
            self.cleaned_data["kind"],
            self.cleaned_data["name"],
            self.cleaned_data["company"],
            supplier.number if supplier else "",
        )

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)


class FileForm(forms.Form):
    """A carrier's file."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("A CSV file in UTF-8 with one event in each row. Its first row names the columns."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv"}),
        max_length=200,
    )
