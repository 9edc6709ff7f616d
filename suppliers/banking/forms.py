"""What a person types about bank details. Shapes only: whether it can be an account the service says."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.errors import Invalid
from portal.kernel.typed import WholeField
from suppliers.banking.engine import LONGEST_HOLDER
from suppliers.banking.messages import AccountTyped, AskForChange, Device, KnownContact, ProofFile, RecordCall
from suppliers.banking.models import BankAccount, BankChange
from suppliers.banking.policies import LARGEST_PROOF, LONGEST_REASON
from suppliers.banking.states import CallOutcome, ChangeKind

MOST_HOURS = 24 * 366
PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}


class _Typed(forms.Form):
    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)


class ChangeForm(_Typed):
    """A change of bank details as it is requested."""

    kind = forms.ChoiceField(
        label=lazy("What is to change"), choices=ChangeKind.choices, widget=forms.RadioSelect
    )
    account = forms.ChoiceField(label=lazy("Which account"), required=False)
    country = forms.CharField(
        label=lazy("Country of the bank"),
        max_length=2,
        required=False,
        help_text=lazy("Two letters, such as DE."),
        widget=forms.TextInput(attrs=PLAIN),
    )
    number = forms.CharField(
        label=lazy("IBAN, or account number"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
    )
    routing = forms.CharField(
        label=lazy("Code of the bank"),
        max_length=20,
        required=False,
        help_text=lazy("Only where there is no IBAN: routing number, BSB, IFSC."),
        widget=forms.TextInput(attrs=PLAIN),
    )
    bic = forms.CharField(label="BIC", max_length=14, required=False, widget=forms.TextInput(attrs=PLAIN))
    holder = forms.CharField(
        label=lazy("Holder of the account"),
        max_length=LONGEST_HOLDER,
        required=False,
        help_text=lazy("As the bank has it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    currency = forms.CharField(
        label=lazy("Currency"), max_length=3, required=False, widget=forms.TextInput(attrs=PLAIN)
    )
    proof = forms.FileField(
        label=lazy("A paper of the bank"),
        required=False,
        max_length=500,
        help_text=lazy(
            "A confirmation of the bank or a voided cheque that shows holder and number: PDF, PNG or JPG."
        ),
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )
    reason = forms.CharField(
        label=lazy("Why it changes"),
        max_length=LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, accounts: list[BankAccount], **kwargs: Any
    ) -> None:
        super().__init__(data, files, **kwargs)
        chooser: Any = self.fields["account"]
        chooser.choices = [
            ("", _("None: one account more")),
            *((str(one.key), f"{one.masked} · {one.currency} · {one.bank_name}") for one in accounts),
        ]
        if not accounts:
            del self.fields["account"]
            kind: Any = self.fields["kind"]
            kind.choices = [one for one in ChangeKind.choices if one[0] == ChangeKind.ADD]
            kind.initial = ChangeKind.ADD

    def command(self, supplier: uuid.UUID, device: Device) -> AskForChange:
        """The request as it was typed."""
        said = self.cleaned_data
        named = said.get("account", "")
        return AskForChange(
            supplier=supplier,
            kind=said["kind"],
            reason=said["reason"],
            account=uuid.UUID(named) if named else None,
            typed=AccountTyped(
                said["currency"],
                said["country"],
                said["holder"],
                said["number"],
                said["routing"],
                said["bic"],
            ),
            proof=read_proof(said["proof"]),
            device=device,
        )


class ConfirmForm(_Typed):
    """A proposal becomes a request: why, and the paper."""

    proof = forms.FileField(
        label=lazy("A paper of the bank"),
        required=False,
        max_length=500,
        help_text=lazy(
            "A confirmation of the bank or a voided cheque that shows holder and number: PDF, PNG or JPG."
        ),
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )
    reason = forms.CharField(
        label=lazy("Why it changes"),
        max_length=LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def command(self, proposal: BankChange, device: Device) -> AskForChange:
        """The request that a proposal becomes."""
        return AskForChange(
            supplier=proposal.supplier.key,
            kind=proposal.kind,
            reason=self.cleaned_data["reason"],
            proof=read_proof(self.cleaned_data["proof"]),
            proposal=proposal.key,
            device=device,
        )


def read_proof(upload: Any) -> ProofFile | None:
    """The paper that was sent; of one that is too large only so much that the service sees it."""
    return ProofFile(upload.name or "", upload.read(LARGEST_PROOF + 1)) if upload else None


class CallForm(_Typed):
    """That a contact was called back."""

    contact = forms.ChoiceField(
        label=lazy("Whom you called"),
        help_text=lazy("Only contacts who were there before the request."),
    )
    number = forms.CharField(
        label=lazy("Number you called"),
        max_length=40,
        required=False,
        help_text=lazy("Only where none is on record for this contact: else it is the one above."),
    )
    number_from = forms.CharField(
        label=lazy("Where the number is from"),
        max_length=200,
        required=False,
        help_text=lazy(
            "The contract, the vendor file, an old letter. Never the request, nor a mail about it."
        ),
    )
    outcome = forms.ChoiceField(
        label=lazy("What came of it"), choices=CallOutcome.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=lazy("Note"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Any = None, *, contacts: list[KnownContact], since: Any = str) -> None:
        super().__init__(data)
        chooser: Any = self.fields["contact"]
        chooser.choices = [
            (
                one.ref,
                _("%(name)s, %(address)s, known since %(day)s")
                % {
                    "name": one.name or "–",
                    "address": ", ".join(part for part in (one.telephone, one.address) if part),
                    "day": since(one.since_at),
                },
            )
            for one in contacts
        ]

    def command(self, change: uuid.UUID) -> RecordCall:
        """The call as it is recorded."""
        said = self.cleaned_data
        return RecordCall(
            change, said["contact"], said["outcome"], said["number"], said["number_from"], said["note"]
        )


class ReasonForm(_Typed):
    """A sentence that says why."""

    reason = forms.CharField(
        label=lazy("Why"), max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 2})
    )


class ShortenForm(ReasonForm):
    """How long it shall wait instead, and why."""

    hours = WholeField(label=lazy("Hours it waits instead"), min_value=0, max_value=MOST_HOURS)
    field_order = ("hours", "reason")


class ThawForm(ReasonForm):
    """Why it may go on, and whether the accounts held with it are paid to again."""

    releases = forms.BooleanField(
        label=lazy("Accounts that are held are paid to again"),
        required=False,
        help_text=lazy("Only where the alarm was false. Else they stay held until a change ends them."),
    )
