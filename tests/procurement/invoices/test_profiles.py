"""How a company takes invoices, and for which reasons no tax is due."""

from dataclasses import replace
from decimal import Decimal

import pytest

from portal.kernel.errors import Invalid, NotAllowed
from portal.kernel.scope import acting
from procurement.invoices.messages import SaveDraft, TaxWord
from procurement.invoices.models import InvoiceTax
from procurement.invoices.queries import profile_of, taxes_of
from procurement.invoices.services import findings_of, save_draft
from tests.builders.changes import an_agreed_order
from tests.builders.invoices import (
    REVERSE,
    VAT,
    a_profile,
    begin,
    fresh_invoice,
    pieces,
    rows_of,
    send,
    write,
)
from tests.builders.world import MONDAY

pytestmark = pytest.mark.django_db

D = Decimal


def test_a_company_says_how_it_takes_invoices(people):
    with acting(people["asha"].actor):
        from procurement.catalogue.models import Company

        before = profile_of(Company.objects.get(code="NM"))
        assert (before.allow_without_order, before.claims_received, before.name) == (
            False,
            True,
            "Northmoor Supply",
        )
    with pytest.raises(NotAllowed):
        a_profile(people["otto"], VAT)
    saved = a_profile(people["root"], VAT, REVERSE, company_tax_id="GB-1", einvoice_formats=("ubl",))
    assert (saved.version, saved.einvoice_formats) == (1, ["ubl"])
    with acting(people["asha"].actor):
        assert [one.label for one in taxes_of(saved.company)] == ["VAT 19 %", "Reverse charge"]
    with pytest.raises(Invalid) as refused:
        a_profile(
            people["root"], VAT, VAT, replace(REVERSE, rate=D(3)), replace(VAT, category="?", label=" ")
        )
    assert [one.code for one in refused.value.problems] == [
        "twice",
        "tax_rate",
        "unknown",
        "required",
        "many_usual",
    ]


def test_no_tax_is_due_for_a_reason_that_the_company_offers_or_the_supplier_writes(people, order):
    asha = people["asha"]
    a_profile(people["max"], VAT, REVERSE, company_tax_id="GB-1")
    draft = begin(order, asha)
    write(draft, asha, lines=[pieces(100, "6.85", order, "L10", category="AE", tax_rate=D(0))])
    with acting(asha.actor):
        assert [one.exemption_reason for one in InvoiceTax.objects.all()] == ["Reverse charge"]
        assert findings_of(fresh_invoice(draft), at=MONDAY)[0].code == "to_come"
        words = (TaxWord("AE", "Article 196"),)
        command = SaveDraft(draft.key, fresh_invoice(draft).version, tax_words=words)
        save_draft(command, actor=asha.actor, at=MONDAY)
        assert [one.exemption_reason for one in InvoiceTax.objects.all()] == ["Article 196"]
    assert send(draft, asha).invoice.total == D("685.00")

    other = an_agreed_order(asha, "4500000009", 1)
    following = begin(other, asha)
    assert {one.category for one in rows_of(following)} == {"AE"}  # as it was taxed last, not as usual there
    write(following, asha, lines=[pieces(1, "6.85", other, "L10", category="S", tax_rate=D(19))])
    with acting(asha.actor):
        codes = [one.code for one in findings_of(fresh_invoice(following), at=MONDAY)]
        assert "other_tax" in codes
