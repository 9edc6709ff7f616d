"""UBL 2.1 Invoice and CreditNote (OASIS), with the terms where EN 16931-3-2 puts them; so does Peppol BIS 3."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from procurement.einvoices.mapping import (
    AMOUNT,
    BINARY,
    DAY,
    FIGURE,
    FLAG,
    Branch,
    Element,
    Fault,
    Fixed,
    Leaf,
    Reader,
    Row,
    Rows,
    Special,
    Syntax,
    Writer,
)
from procurement.einvoices.terms import (
    VAT,
    Address,
    AllowanceCharge,
    Contact,
    Delivery,
    EInvoice,
    Identifier,
    ItemAttribute,
    Line,
    Note,
    Party,
    Payment,
    Period,
    Place,
    Preceding,
    SupportingDocument,
    TaxBreakdown,
    Totals,
)

COMPONENTS = "urn:oasis:names:specification:ubl:schema:xsd:Common"
INVOICE_SPACE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_SPACE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
SYNTAX = Syntax(
    spaces={"cac": f"{COMPONENTS}AggregateComponents-2", "cbc": f"{COMPONENTS}BasicComponents-2"},
    has_currencies=True,
    has_formats=False,
)
NOT_KNOWN = "NA"  # what Peppol writes where UBL asks for a number that nobody has
NO_MEANS = "1"  # UNTDID 4461: not said

IDENTIFIER: Rows = (Leaf("value", "."), Leaf("scheme", "@schemeID"))
CLASS: Rows = (Leaf("value", "."), Leaf("scheme", "@listID"), Leaf("version", "@listVersionID"))
ADDRESS: Rows = (
    Leaf("line_1", "cbc:StreetName"),
    Leaf("line_2", "cbc:AdditionalStreetName"),
    Leaf("city", "cbc:CityName"),
    Leaf("postcode", "cbc:PostalZone"),
    Leaf("region", "cbc:CountrySubentity"),
    Leaf("line_3", "cac:AddressLine/cbc:Line"),
    Leaf("country", "cac:Country/cbc:IdentificationCode"),
)
CONTACT: Rows = (
    Leaf("name", "cbc:Name"),
    Leaf("phone", "cbc:Telephone"),
    Leaf("mail", "cbc:ElectronicMail"),
)
PERIOD: Rows = (Leaf("start_on", "cbc:StartDate", DAY), Leaf("end_on", "cbc:EndDate", DAY))
IDENTIFIERS: Rows = (
    Branch(
        "identifiers",
        "+cac:PartyIdentification[cbc:ID/@schemeID!=SEPA]/cbc:ID",
        Identifier,
        IDENTIFIER,
        many=True,
    ),
    Leaf("creditor", "+cac:PartyIdentification[cbc:ID/@schemeID=SEPA]/cbc:ID"),
    Fixed("cac:PartyIdentification/cbc:ID/@schemeID", "SEPA", of="creditor"),
)
TAX_NUMBERS: Rows = (
    Leaf("vat_id", "+cac:PartyTaxScheme[cac:TaxScheme/cbc:ID=VAT]/cbc:CompanyID", once="UBL-SR-12"),
    Fixed("cac:PartyTaxScheme/cac:TaxScheme/cbc:ID", VAT, of="vat_id"),
    Leaf("tax_id", "+cac:PartyTaxScheme[cac:TaxScheme/cbc:ID!=VAT]/cbc:CompanyID", once="UBL-SR-42"),
    Fixed("cac:PartyTaxScheme/cac:TaxScheme/cbc:ID", "TAX", of="tax_id"),
)
PARTY: Rows = (
    Branch("endpoint", "cbc:EndpointID", Identifier, IDENTIFIER),
    *IDENTIFIERS,
    Leaf("trade_name", "cac:PartyName/cbc:Name"),
    Branch("address", "cac:PostalAddress", Address, ADDRESS),
    *TAX_NUMBERS,
    Leaf("name", "cac:PartyLegalEntity/cbc:RegistrationName"),
    Branch("registration", "cac:PartyLegalEntity/cbc:CompanyID", Identifier, IDENTIFIER),
    Leaf("legal_note", "cac:PartyLegalEntity/cbc:CompanyLegalForm"),
    Branch("contact", "cac:Contact", Contact, CONTACT),
)
PAYEE: Rows = (
    *IDENTIFIERS,
    Leaf("name", "cac:PartyName/cbc:Name"),
    Branch("registration", "cac:PartyLegalEntity/cbc:CompanyID", Identifier, IDENTIFIER),
)
REPRESENTATIVE: Rows = (
    Leaf("name", "cac:PartyName/cbc:Name"),
    Branch("address", "cac:PostalAddress", Address, ADDRESS),
    *TAX_NUMBERS,
)
DELIVERY: Rows = (
    Leaf("delivered_on", "cbc:ActualDeliveryDate", DAY),
    Branch("location", "cac:DeliveryLocation/cbc:ID", Identifier, IDENTIFIER),
    Branch("address", "cac:DeliveryLocation/cac:Address", Address, ADDRESS),
    Leaf("name", "cac:DeliveryParty/cac:PartyName/cbc:Name"),
)
ACCOUNTS: Rows = (
    Leaf("^remittance", "cbc:PaymentID"),
    Leaf("card", "cac:CardAccount/cbc:PrimaryAccountNumberID"),
    Fixed("cac:CardAccount/cbc:NetworkID", "NA", of="card"),
    Leaf("card_holder", "cac:CardAccount/cbc:HolderName"),
    Leaf("account", "cac:PayeeFinancialAccount/cbc:ID"),
    Leaf("account_name", "cac:PayeeFinancialAccount/cbc:Name"),
    Leaf("bank", "cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cbc:ID"),
    Leaf("^mandate", "cac:PaymentMandate/cbc:ID"),
    Leaf("debited", "cac:PaymentMandate/cac:PayerFinancialAccount/cbc:ID"),
)
MEANS: Rows = (
    Leaf("means", "cbc:PaymentMeansCode"),
    Leaf("means_name", "cbc:PaymentMeansCode/@name"),
)
CATEGORY: Rows = (
    Leaf("category", "cbc:ID"),
    Leaf("rate", "cbc:Percent", FIGURE),
)


def _taxed(below: str, category: str = "category") -> Rows:
    return (
        Leaf(category, f"{below}/cbc:ID"),
        Leaf("rate", f"{below}/cbc:Percent", FIGURE),
        Leaf("scheme", f"{below}/cac:TaxScheme/cbc:ID", default=VAT, of="category"),
    )


ADJUSTMENT: Rows = (
    Leaf("is_charge", "cbc:ChargeIndicator", FLAG),
    Leaf("code", "cbc:AllowanceChargeReasonCode"),
    Leaf("reason", "cbc:AllowanceChargeReason"),
    Leaf("percent", "cbc:MultiplierFactorNumeric", FIGURE),
    Leaf("amount", "cbc:Amount", AMOUNT),
    Leaf("base", "cbc:BaseAmount", AMOUNT),
)
DOCUMENT_ADJUSTMENT: Rows = (*ADJUSTMENT, *_taxed("cac:TaxCategory"))
BREAKDOWN: Rows = (
    Leaf("base", "cbc:TaxableAmount", AMOUNT),
    Leaf("amount", "cbc:TaxAmount", AMOUNT),
    Leaf("category", "cac:TaxCategory/cbc:ID"),
    Leaf("rate", "cac:TaxCategory/cbc:Percent", FIGURE),
    Leaf("code", "cac:TaxCategory/cbc:TaxExemptionReasonCode"),
    Leaf("reason", "cac:TaxCategory/cbc:TaxExemptionReason"),
    Leaf("scheme", "cac:TaxCategory/cac:TaxScheme/cbc:ID", default=VAT, of="category"),
)
TOTALS: Rows = (
    Leaf("lines", "cbc:LineExtensionAmount", AMOUNT),
    Leaf("net", "cbc:TaxExclusiveAmount", AMOUNT),
    Leaf("gross", "cbc:TaxInclusiveAmount", AMOUNT),
    Leaf("allowances", "cbc:AllowanceTotalAmount", AMOUNT),
    Leaf("charges", "cbc:ChargeTotalAmount", AMOUNT),
    Leaf("paid", "cbc:PrepaidAmount", AMOUNT),
    Leaf("rounding", "cbc:PayableRoundingAmount", AMOUNT),
    Leaf("due", "cbc:PayableAmount", AMOUNT),
)
DOCUMENT: Rows = (
    Leaf("reference", "cbc:ID"),
    Leaf("description", "cbc:DocumentDescription"),
    Leaf("content", "cac:Attachment/cbc:EmbeddedDocumentBinaryObject", BINARY),
    Leaf("mime", "cac:Attachment/cbc:EmbeddedDocumentBinaryObject/@mimeCode"),
    Leaf("filename", "cac:Attachment/cbc:EmbeddedDocumentBinaryObject/@filename"),
    Leaf("url", "cac:Attachment/cac:ExternalReference/cbc:URI"),
)
ATTRIBUTE: Rows = (Leaf("name", "cbc:Name"), Leaf("value", "cbc:Value"))
PRECEDING: Rows = (
    Leaf("number", "cac:InvoiceDocumentReference/cbc:ID"),
    Leaf("issued_on", "cac:InvoiceDocumentReference/cbc:IssueDate", DAY),
)


def _never(_one: Any) -> bool:
    return False


def _line(quantity: str) -> Rows:
    return (
        Leaf("identifier", "cbc:ID"),
        Leaf("note", "cbc:Note"),
        Leaf("quantity", f"cbc:{quantity}", FIGURE),
        Leaf("unit", f"cbc:{quantity}/@unitCode"),
        Leaf("amount", "cbc:LineExtensionAmount", AMOUNT),
        Leaf("accounting", "cbc:AccountingCost"),
        Branch("period", "cac:InvoicePeriod", Period, PERIOD),
        Leaf("order_line", "cac:OrderLineReference/cbc:LineID", default=NOT_KNOWN, of="order"),
        Leaf("order", "cac:OrderLineReference/cac:OrderReference/cbc:ID"),
        Branch("object", "cac:DocumentReference[cbc:DocumentTypeCode=130]/cbc:ID", Identifier, IDENTIFIER),
        Fixed("cac:DocumentReference/cbc:DocumentTypeCode", "130", of="object"),
        Branch(
            "object",
            "cac:DocumentReference[cbc:DocumentTypeCode!=*]/cbc:ID",
            Identifier,
            (Leaf("value", "."),),
            when=_never,
        ),
        Branch("adjustments", "cac:AllowanceCharge", AllowanceCharge, ADJUSTMENT, many=True),
        Leaf("description", "cac:Item/cbc:Description"),
        Leaf("name", "cac:Item/cbc:Name"),
        Leaf("buyer_item", "cac:Item/cac:BuyersItemIdentification/cbc:ID"),
        Leaf("seller_item", "cac:Item/cac:SellersItemIdentification/cbc:ID"),
        Branch("standard_item", "cac:Item/cac:StandardItemIdentification/cbc:ID", Identifier, IDENTIFIER),
        Leaf("origin", "cac:Item/cac:OriginCountry/cbc:IdentificationCode"),
        Branch(
            "classes",
            "cac:Item/+cac:CommodityClassification/cbc:ItemClassificationCode",
            Identifier,
            CLASS,
            many=True,
        ),
        *_taxed("cac:Item/cac:ClassifiedTaxCategory"),
        Branch("attributes", "cac:Item/cac:AdditionalItemProperty", ItemAttribute, ATTRIBUTE, many=True),
        Leaf("price", "cac:Price/cbc:PriceAmount", AMOUNT),
        Leaf("price_quantity", "cac:Price/cbc:BaseQuantity", FIGURE),
        Leaf("price_unit", "cac:Price/cbc:BaseQuantity/@unitCode"),
        Fixed("cac:Price/cac:AllowanceCharge/cbc:ChargeIndicator", "false", of="discount"),
        Leaf("discount", "cac:Price/cac:AllowanceCharge/cbc:Amount", AMOUNT),
        Leaf("gross_price", "cac:Price/cac:AllowanceCharge/cbc:BaseAmount", AMOUNT),
    )


def _read_taxes(reader: Reader, root: Element, invoice: Any, path: str) -> None:
    """The total in the invoice's currency (BT-110) with its breakdown, and the one for the books (BT-111)."""
    for total, its_path, _none in reader.find(root, "cac:TaxTotal", path):
        for found, amount_path, _attribute in reader.find(total, "cbc:TaxAmount", its_path):
            place = Place(found.sourceline or 0, amount_path)
            currency = found.get("currencyID")
            is_accounting = currency == invoice.tax_currency and currency not in (None, invoice.currency)
            name = "accounting_tax" if is_accounting else "tax"
            keep, reader.currency = reader.currency, currency if is_accounting else reader.currency
            value = reader.value(AMOUNT, (found.text or "").strip(), found, place)
            reader.currency = keep
            reader.place(found, "")
            invoice.totals = invoice.totals or Totals()
            if getattr(invoice.totals, name) is not None:
                reader.faults.append(Fault("BR-CO-15", "tax_twice", place, str(found.text)))
                continue
            invoice.totals.where[name] = place
            setattr(invoice.totals, name, value)
        for number, found in enumerate(total.iterchildren(SYNTAX.tag("cac:TaxSubtotal")), start=1):
            one = TaxBreakdown()
            reader.fill(one, BREAKDOWN, found, f"{its_path}/cac:TaxSubtotal[{number}]")
            invoice.taxes.append(one)


def _write_taxes(writer: Writer, root: Element, invoice: Any) -> None:
    totals = invoice.totals or Totals()
    if totals.tax is not None or invoice.taxes:
        element, _none = writer.reach(root, "cac:TaxTotal", is_new=True)
        writer.put(element, "cbc:TaxAmount", totals.tax if totals.tax is not None else Decimal(0), AMOUNT)
        for one in invoice.taxes:
            writer.write(writer.reach(element, "cac:TaxSubtotal", is_new=True)[0], BREAKDOWN, one)
    if totals.accounting_tax is not None:
        element, _none = writer.reach(root, "cac:TaxTotal", is_new=True)
        written = writer.put(element, "cbc:TaxAmount", totals.accounting_tax, AMOUNT)
        written.set("currencyID", invoice.tax_currency or invoice.currency or "")


def _rows(*, is_credit: bool) -> Rows:
    kind: Row
    if is_credit:
        dates: Rows = (
            Leaf("issued_on", "cbc:IssueDate", DAY),
            Leaf("tax_point_on", "cbc:TaxPointDate", DAY),
            Leaf("type_code", "cbc:CreditNoteTypeCode"),
            Branch("notes", "cbc:Note", Note, (Leaf("text", "."),), many=True),
        )
        papers: Rows = (
            Leaf("contract", "cac:ContractDocumentReference/cbc:ID"),
            Branch(
                "object",
                "+cac:AdditionalDocumentReference[cbc:DocumentTypeCode=130]/cbc:ID",
                Identifier,
                IDENTIFIER,
            ),
            Fixed("cac:AdditionalDocumentReference/cbc:DocumentTypeCode", "130", of="object"),
            Leaf("project", "+cac:AdditionalDocumentReference[cbc:DocumentTypeCode=50]/cbc:ID"),
            Fixed("cac:AdditionalDocumentReference/cbc:DocumentTypeCode", "50", of="project"),
            Branch(
                "documents",
                "cac:AdditionalDocumentReference[cbc:DocumentTypeCode!=130][cbc:DocumentTypeCode!=50]",
                SupportingDocument,
                DOCUMENT,
                many=True,
            ),
            Leaf("tender", "cac:OriginatorDocumentReference/cbc:ID"),
        )
        means: Rows = (*MEANS, Leaf("^due_on", "cbc:PaymentDueDate", DAY), *ACCOUNTS)
    else:
        dates = (
            Leaf("issued_on", "cbc:IssueDate", DAY),
            Leaf("due_on", "cbc:DueDate", DAY),
            Leaf("type_code", "cbc:InvoiceTypeCode"),
            Branch("notes", "cbc:Note", Note, (Leaf("text", "."),), many=True),
            Leaf("tax_point_on", "cbc:TaxPointDate", DAY),
        )
        papers = (
            Leaf("tender", "cac:OriginatorDocumentReference/cbc:ID"),
            Leaf("contract", "cac:ContractDocumentReference/cbc:ID"),
            Branch(
                "object",
                "+cac:AdditionalDocumentReference[cbc:DocumentTypeCode=130]/cbc:ID",
                Identifier,
                IDENTIFIER,
            ),
            Fixed("cac:AdditionalDocumentReference/cbc:DocumentTypeCode", "130", of="object"),
            Branch(
                "documents",
                "cac:AdditionalDocumentReference[cbc:DocumentTypeCode!=130]",
                SupportingDocument,
                DOCUMENT,
                many=True,
            ),
            Leaf("project", "cac:ProjectReference/cbc:ID"),
        )
        means = (*MEANS, *ACCOUNTS)
    name, quantity = (
        ("CreditNoteLine", "CreditedQuantity") if is_credit else ("InvoiceLine", "InvoicedQuantity")
    )
    kind = Branch("lines", f"cac:{name}", Line, _line(quantity), many=True)
    return (
        Leaf("specification", "cbc:CustomizationID"),
        Leaf("process", "cbc:ProfileID"),
        Leaf("number", "cbc:ID"),
        *dates,
        Leaf("currency", "cbc:DocumentCurrencyCode"),
        Leaf("tax_currency", "cbc:TaxCurrencyCode"),
        Leaf("accounting", "cbc:AccountingCost"),
        Leaf("buyer_reference", "cbc:BuyerReference"),
        Branch("period", "cac:InvoicePeriod", Period, PERIOD),
        Leaf("tax_point_code", "cac:InvoicePeriod/cbc:DescriptionCode"),
        Leaf("order", "cac:OrderReference/cbc:ID", default=NOT_KNOWN, of="sales_order"),
        Leaf("sales_order", "cac:OrderReference/cbc:SalesOrderID"),
        Branch("preceding", "cac:BillingReference", Preceding, PRECEDING, many=True),
        Leaf("despatch", "cac:DespatchDocumentReference/cbc:ID"),
        Leaf("receipt", "cac:ReceiptDocumentReference/cbc:ID"),
        *papers,
        Branch("seller", "cac:AccountingSupplierParty/cac:Party", Party, PARTY),
        Branch("buyer", "cac:AccountingCustomerParty/cac:Party", Party, PARTY),
        Branch("payee", "cac:PayeeParty", Party, PAYEE),
        Branch("representative", "cac:TaxRepresentativeParty", Party, REPRESENTATIVE),
        Branch("delivery", "cac:Delivery", Delivery, DELIVERY),
        Branch("payments", "cac:PaymentMeans", Payment, means, many=True),
        Leaf("payment_terms", "cac:PaymentTerms/cbc:Note"),
        Branch("adjustments", "cac:AllowanceCharge", AllowanceCharge, DOCUMENT_ADJUSTMENT, many=True),
        Special(_read_taxes, _write_taxes),
        Special(_read_totals, _write_totals),
        kind,
    )


def _read_totals(reader: Reader, root: Element, invoice: Any, path: str) -> None:
    for found, its_path, _none in reader.find(root, "cac:LegalMonetaryTotal", path):
        known = invoice.totals or Totals()
        reader.fill(known, TOTALS, found, its_path)
        invoice.totals = known


def _write_totals(writer: Writer, root: Element, invoice: Any) -> None:
    if invoice.totals is not None:
        writer.write(writer.reach(root, "cac:LegalMonetaryTotal", is_new=True)[0], TOTALS, invoice.totals)


ROWS = {True: _rows(is_credit=True), False: _rows(is_credit=False)}


def after_reading(invoice: EInvoice) -> None:
    """What the rows cannot say: a note's subject stands in its text, and a period of one code is none."""
    for note in invoice.notes:
        if note.text and note.text.startswith("#") and note.text.find("#", 1) == 4:
            note.subject, note.text = note.text[1:4], note.text[5:].strip() or None
    if invoice.order == NOT_KNOWN and invoice.sales_order:
        invoice.order = None
    for line in invoice.lines:
        if line.order_line == NOT_KNOWN:
            line.order_line = None
    period = invoice.period
    if period and invoice.tax_point_code and period.start_on is None and period.end_on is None:
        invoice.period = None


def before_writing(invoice: EInvoice) -> EInvoice:
    """The invoice as UBL can say it; the one that was given is left alone."""
    notes = [
        replace(note, text=f"#{note.subject}#{note.text or ''}") if note.subject else note
        for note in invoice.notes
    ]
    payments = invoice.payments
    if not payments and (
        invoice.remittance or invoice.mandate or (invoice.is_credit_note and invoice.due_on)
    ):
        payments = [Payment(means=NO_MEANS)]
    lines = [
        replace(line, discount=line.gross_price - (line.price or Decimal(0)))
        if line.discount is None and line.gross_price is not None
        else line
        for line in invoice.lines
    ]
    return replace(invoice, notes=notes, payments=payments, lines=lines)
