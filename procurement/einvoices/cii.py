"""UN/CEFACT Cross Industry Invoice D16B, with the terms where EN 16931-3-3 puts them; Factur-X carries it."""

from __future__ import annotations

import re
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

DATA = "urn:un:unece:uncefact:data:standard:"
ROOT_SPACE = f"{DATA}CrossIndustryInvoice:100"
SYNTAX = Syntax(
    spaces={
        "rsm": ROOT_SPACE,
        "ram": f"{DATA}ReusableAggregateBusinessInformationEntity:100",
        "udt": f"{DATA}UnqualifiedDataType:100",
        "qdt": f"{DATA}QualifiedDataType:100",
    },
    has_currencies=False,
    has_formats=True,
)
# When tax falls due: UBL says it by UNTDID 2005, CII by UNTDID 2475.
TAX_POINTS = {"5": "3", "29": "35", "72": "432"}
IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")

TRANSACTION = "rsm:SupplyChainTradeTransaction"
AGREEMENT = f"{TRANSACTION}/ram:ApplicableHeaderTradeAgreement"
DELIVERED = f"{TRANSACTION}/ram:ApplicableHeaderTradeDelivery"
SETTLEMENT = f"{TRANSACTION}/ram:ApplicableHeaderTradeSettlement"
LINE_AGREEMENT = "ram:SpecifiedLineTradeAgreement"
LINE_SETTLEMENT = "ram:SpecifiedLineTradeSettlement"


def _has_scheme(one: Any) -> bool:
    return bool(one.scheme)


def _has_no_scheme(one: Any) -> bool:
    return not one.scheme


def _is_iban(one: Any) -> bool:
    return bool(IBAN.fullmatch((one.account or "").replace(" ", "").upper()))


def _is_no_iban(one: Any) -> bool:
    return not _is_iban(one)


IDENTIFIER: Rows = (Leaf("value", "."), Leaf("scheme", "@schemeID"))
REFERENCE: Rows = (
    Leaf("value", "ram:IssuerAssignedID"),
    Fixed("ram:TypeCode", "130"),
    Leaf("scheme", "ram:ReferenceTypeCode"),
)
CLASS: Rows = (
    Leaf("value", "ram:ClassCode"),
    Leaf("scheme", "ram:ClassCode/@listID"),
    Leaf("version", "ram:ClassCode/@listVersionID"),
)
ADDRESS: Rows = (
    Leaf("postcode", "ram:PostcodeCode"),
    Leaf("line_1", "ram:LineOne"),
    Leaf("line_2", "ram:LineTwo"),
    Leaf("line_3", "ram:LineThree"),
    Leaf("city", "ram:CityName"),
    Leaf("country", "ram:CountryID"),
    Leaf("region", "ram:CountrySubDivisionName"),
)
CONTACT: Rows = (
    Leaf("name", "ram:PersonName"),
    Leaf("name", "ram:DepartmentName", reads_only=True),
    Leaf("phone", "ram:TelephoneUniversalCommunication/ram:CompleteNumber"),
    Leaf("mail", "ram:EmailURIUniversalCommunication/ram:URIID"),
)
PARTY: Rows = (
    Branch("identifiers", "ram:ID", Identifier, IDENTIFIER, many=True, when=_has_no_scheme),
    Branch("identifiers", "ram:GlobalID", Identifier, IDENTIFIER, many=True, when=_has_scheme),
    Leaf("name", "ram:Name"),
    Leaf("legal_note", "ram:Description"),
    Branch("registration", "ram:SpecifiedLegalOrganization/ram:ID", Identifier, IDENTIFIER),
    Leaf("trade_name", "ram:SpecifiedLegalOrganization/ram:TradingBusinessName"),
    Branch("contact", "ram:DefinedTradeContact", Contact, CONTACT),
    Branch("address", "ram:PostalTradeAddress", Address, ADDRESS),
    Branch("endpoint", "ram:URIUniversalCommunication/ram:URIID", Identifier, IDENTIFIER),
    Leaf("vat_id", "+ram:SpecifiedTaxRegistration[ram:ID/@schemeID=VA]/ram:ID"),
    Fixed("ram:SpecifiedTaxRegistration/ram:ID/@schemeID", "VA", of="vat_id"),
    Leaf("tax_id", "+ram:SpecifiedTaxRegistration[ram:ID/@schemeID!=VA]/ram:ID"),
    Fixed("ram:SpecifiedTaxRegistration/ram:ID/@schemeID", "FC", of="tax_id"),
)
SHIP_TO: Rows = (
    Branch("location", "ram:ID", Identifier, IDENTIFIER, when=_has_no_scheme),
    Branch("location", "ram:GlobalID", Identifier, IDENTIFIER, when=_has_scheme),
    Leaf("name", "ram:Name"),
    Branch("address", "ram:PostalTradeAddress", Address, ADDRESS),
)
PERIOD: Rows = (
    Leaf("start_on", "ram:StartDateTime/udt:DateTimeString", DAY),
    Leaf("end_on", "ram:EndDateTime/udt:DateTimeString", DAY),
)
TENDER, OBJECT, PAPER = "50", "130", "916"
DOCUMENT: Rows = (
    Leaf("reference", "ram:IssuerAssignedID"),
    Leaf("url", "ram:URIID"),
    Fixed("ram:TypeCode", PAPER),
    Leaf("description", "ram:Name"),
    Leaf("content", "ram:AttachmentBinaryObject", BINARY),
    Leaf("mime", "ram:AttachmentBinaryObject/@mimeCode"),
    Leaf("filename", "ram:AttachmentBinaryObject/@filename"),
)
PAYMENT: Rows = (
    Leaf("means", "ram:TypeCode"),
    Leaf("means_name", "ram:Information"),
    Leaf("card", "ram:ApplicableTradeSettlementFinancialCard/ram:ID"),
    Leaf("card_holder", "ram:ApplicableTradeSettlementFinancialCard/ram:CardholderName"),
    Leaf("debited", "ram:PayerPartyDebtorFinancialAccount/ram:IBANID"),
    Leaf("account", "ram:PayeePartyCreditorFinancialAccount/ram:IBANID", when=_is_iban),
    Leaf("account_name", "ram:PayeePartyCreditorFinancialAccount/ram:AccountName"),
    Leaf("account", "ram:PayeePartyCreditorFinancialAccount/ram:ProprietaryID", when=_is_no_iban),
    Leaf("bank", "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID"),
)
BREAKDOWN: Rows = (
    Leaf("amount", "ram:CalculatedAmount", AMOUNT),
    Leaf("scheme", "ram:TypeCode", default=VAT, of="category"),
    Leaf("reason", "ram:ExemptionReason"),
    Leaf("base", "ram:BasisAmount", AMOUNT),
    Leaf("category", "ram:CategoryCode"),
    Leaf("code", "ram:ExemptionReasonCode"),
    Leaf("^tax_point_on", "ram:TaxPointDate/udt:DateString", DAY),
    Leaf("^tax_point_code", "ram:DueDateTypeCode"),
    Leaf("rate", "ram:RateApplicablePercent", FIGURE),
)


def _taxed(below: str) -> Rows:
    return (
        Leaf("scheme", f"{below}/ram:TypeCode", default=VAT, of="category"),
        Leaf("category", f"{below}/ram:CategoryCode"),
        Leaf("rate", f"{below}/ram:RateApplicablePercent", FIGURE),
    )


ADJUSTMENT: Rows = (
    Leaf("is_charge", "ram:ChargeIndicator/udt:Indicator", FLAG),
    Leaf("percent", "ram:CalculationPercent", FIGURE),
    Leaf("base", "ram:BasisAmount", AMOUNT),
    Leaf("amount", "ram:ActualAmount", AMOUNT),
    Leaf("code", "ram:ReasonCode"),
    Leaf("reason", "ram:Reason"),
)
TOTALS_BEFORE: Rows = (
    Leaf("lines", "ram:LineTotalAmount", AMOUNT),
    Leaf("charges", "ram:ChargeTotalAmount", AMOUNT),
    Leaf("allowances", "ram:AllowanceTotalAmount", AMOUNT),
    Leaf("net", "ram:TaxBasisTotalAmount", AMOUNT),
)
TOTALS_AFTER: Rows = (
    Leaf("rounding", "ram:RoundingAmount", AMOUNT),
    Leaf("gross", "ram:GrandTotalAmount", AMOUNT),
    Leaf("paid", "ram:TotalPrepaidAmount", AMOUNT),
    Leaf("due", "ram:DuePayableAmount", AMOUNT),
)
PRECEDING: Rows = (
    Leaf("number", "ram:IssuerAssignedID"),
    Leaf("issued_on", "ram:FormattedIssueDateTime/qdt:DateTimeString", DAY),
)
PRODUCT = "ram:SpecifiedTradeProduct"
LINE: Rows = (
    Leaf("identifier", "ram:AssociatedDocumentLineDocument/ram:LineID"),
    Leaf("note", "ram:AssociatedDocumentLineDocument/ram:IncludedNote/ram:Content"),
    Branch("standard_item", f"{PRODUCT}/ram:GlobalID", Identifier, IDENTIFIER),
    Leaf("seller_item", f"{PRODUCT}/ram:SellerAssignedID"),
    Leaf("buyer_item", f"{PRODUCT}/ram:BuyerAssignedID"),
    Leaf("name", f"{PRODUCT}/ram:Name"),
    Leaf("description", f"{PRODUCT}/ram:Description"),
    Branch(
        "attributes",
        f"{PRODUCT}/ram:ApplicableProductCharacteristic",
        ItemAttribute,
        (Leaf("name", "ram:Description"), Leaf("value", "ram:Value")),
        many=True,
    ),
    Branch("classes", f"{PRODUCT}/ram:DesignatedProductClassification", Identifier, CLASS, many=True),
    Leaf("origin", f"{PRODUCT}/ram:OriginTradeCountry/ram:ID"),
    Leaf("order", f"{LINE_AGREEMENT}/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID"),
    Leaf("order_line", f"{LINE_AGREEMENT}/ram:BuyerOrderReferencedDocument/ram:LineID"),
    Leaf("gross_price", f"{LINE_AGREEMENT}/ram:GrossPriceProductTradePrice/ram:ChargeAmount", AMOUNT),
    Fixed(
        f"{LINE_AGREEMENT}/ram:GrossPriceProductTradePrice/ram:AppliedTradeAllowanceCharge"
        "/ram:ChargeIndicator/udt:Indicator",
        "false",
        of="discount",
    ),
    Leaf(
        "discount",
        f"{LINE_AGREEMENT}/ram:GrossPriceProductTradePrice/ram:AppliedTradeAllowanceCharge/ram:ActualAmount",
        AMOUNT,
    ),
    Leaf("price", f"{LINE_AGREEMENT}/ram:NetPriceProductTradePrice/ram:ChargeAmount", AMOUNT),
    Leaf("price_quantity", f"{LINE_AGREEMENT}/ram:NetPriceProductTradePrice/ram:BasisQuantity", FIGURE),
    Leaf("price_unit", f"{LINE_AGREEMENT}/ram:NetPriceProductTradePrice/ram:BasisQuantity/@unitCode"),
    Leaf(
        "price_quantity",
        f"{LINE_AGREEMENT}/ram:GrossPriceProductTradePrice/ram:BasisQuantity",
        FIGURE,
        reads_only=True,
    ),
    Leaf(
        "price_unit",
        f"{LINE_AGREEMENT}/ram:GrossPriceProductTradePrice/ram:BasisQuantity/@unitCode",
        reads_only=True,
    ),
    Leaf("quantity", "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", FIGURE),
    Leaf("unit", "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity/@unitCode"),
    *_taxed(f"{LINE_SETTLEMENT}/ram:ApplicableTradeTax"),
    Branch("period", f"{LINE_SETTLEMENT}/ram:BillingSpecifiedPeriod", Period, PERIOD),
    Branch(
        "adjustments",
        f"{LINE_SETTLEMENT}/ram:SpecifiedTradeAllowanceCharge",
        AllowanceCharge,
        ADJUSTMENT,
        many=True,
    ),
    Leaf(
        "amount",
        f"{LINE_SETTLEMENT}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
        AMOUNT,
    ),
    Branch(
        "object",
        f"{LINE_SETTLEMENT}/ram:AdditionalReferencedDocument[ram:TypeCode={OBJECT}]",
        Identifier,
        REFERENCE,
    ),
    Leaf("accounting", f"{LINE_SETTLEMENT}/ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID"),
)
SUMMATION = f"{SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
PAPERS = f"{AGREEMENT}/+ram:AdditionalReferencedDocument"


def _read_totals(reader: Reader, root: Element, invoice: Any, path: str) -> None:
    for found, its_path, _none in reader.find(root, SUMMATION, path):
        if invoice.totals is not None:
            continue
        invoice.totals = totals = Totals()
        reader.fill(totals, (*TOTALS_BEFORE, *TOTALS_AFTER), found, its_path)
        _read_tax_totals(reader, found, invoice, its_path)


def _read_tax_totals(reader: Reader, summation: Element, invoice: Any, path: str) -> None:
    """The tax in the invoice's currency (BT-110) and in that of the books (BT-111)."""
    for found, its_path, _attribute in reader.find(summation, "ram:TaxTotalAmount", path):
        place = Place(found.sourceline or 0, its_path)
        currency = found.get("currencyID")
        is_accounting = currency == invoice.tax_currency and currency not in (None, invoice.currency)
        name = "accounting_tax" if is_accounting else "tax"
        keep, reader.currency = reader.currency, currency if is_accounting else reader.currency
        value = reader.value(AMOUNT, (found.text or "").strip(), found, place)
        reader.currency = keep
        reader.place(found, "")
        if getattr(invoice.totals, name) is not None:
            reader.faults.append(Fault("BR-CO-15", "tax_twice", place, str(found.text)))
            continue
        invoice.totals.where[name] = place
        setattr(invoice.totals, name, value)


def _write_totals(writer: Writer, root: Element, invoice: Any) -> None:
    if invoice.totals is None:
        return
    element, _none = writer.reach(root, SUMMATION, is_new=True)
    writer.write(element, TOTALS_BEFORE, invoice.totals)
    for value, currency in (
        (invoice.totals.tax, invoice.currency),
        (invoice.totals.accounting_tax, invoice.tax_currency or invoice.currency),
    ):
        if value is not None:
            writer.put(element, "ram:TaxTotalAmount", value).set("currencyID", currency or "")
    writer.write(element, TOTALS_AFTER, invoice.totals)


def _write_rooms(writer: Writer, root: Element, _invoice: Any) -> None:
    """The delivery must be there even when it says nothing."""
    writer.reach(root, DELIVERED, is_new=False)


def _nothing(_reader: Reader, _root: Element, _invoice: Any, _path: str) -> None:
    """Read elsewhere."""


def _read_delivery(reader: Reader, root: Element, invoice: Any, path: str) -> None:
    place = f"{DELIVERED}/ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime/udt:DateTimeString"
    for found, its_path, _attribute in reader.find(root, place, path):
        reader.place(found, "")
        where = Place(found.sourceline or 0, its_path)
        invoice.delivery = invoice.delivery or Delivery()
        invoice.delivery.where.setdefault("", where)
        invoice.delivery.where["delivered_on"] = where
        invoice.delivery.delivered_on = reader.value("day", (found.text or "").strip(), found, where)


def _write_delivery(writer: Writer, root: Element, invoice: Any) -> None:
    if invoice.delivery and invoice.delivery.delivered_on:
        place = f"{DELIVERED}/ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime/udt:DateTimeString"
        writer.put(root, place, invoice.delivery.delivered_on, DAY)


def _has_ship_to(one: Any) -> bool:
    return bool(one.name or one.location or one.address)


def _read_creditor(reader: Reader, root: Element, invoice: Any, path: str) -> None:
    for found, its_path, _attribute in reader.find(root, f"{SETTLEMENT}/ram:CreditorReferenceID", path):
        reader.place(found, "")
        paid = invoice.payee or invoice.seller
        if paid is not None and found.text:
            paid.creditor = found.text.strip()
            paid.where["creditor"] = Place(found.sourceline or 0, its_path)


def _write_creditor(writer: Writer, root: Element, invoice: Any) -> None:
    creditor = next((one.creditor for one in (invoice.payee, invoice.seller) if one and one.creditor), None)
    if creditor:
        writer.put(root, f"{SETTLEMENT}/ram:CreditorReferenceID", creditor)


def _nothing_written(_writer: Writer, _root: Element, _invoice: Any) -> None:
    """Written elsewhere."""


NOTE: Rows = (Leaf("text", "ram:Content"), Leaf("subject", "ram:SubjectCode"))
HEAD = "rsm:ExchangedDocument"
CONTEXT = "rsm:ExchangedDocumentContext"
ROWS: Rows = (
    Leaf("process", f"{CONTEXT}/ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID"),
    Leaf("specification", f"{CONTEXT}/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"),
    Leaf("number", f"{HEAD}/ram:ID"),
    Leaf("type_code", f"{HEAD}/ram:TypeCode"),
    Leaf("issued_on", f"{HEAD}/ram:IssueDateTime/udt:DateTimeString", DAY),
    Branch("notes", f"{HEAD}/ram:IncludedNote", Note, NOTE, many=True),
    Branch("lines", f"{TRANSACTION}/ram:IncludedSupplyChainTradeLineItem", Line, LINE, many=True),
    Leaf("buyer_reference", f"{AGREEMENT}/ram:BuyerReference"),
    Branch("seller", f"{AGREEMENT}/ram:SellerTradeParty", Party, PARTY),
    Branch("buyer", f"{AGREEMENT}/ram:BuyerTradeParty", Party, PARTY),
    Branch("representative", f"{AGREEMENT}/ram:SellerTaxRepresentativeTradeParty", Party, PARTY),
    Leaf("sales_order", f"{AGREEMENT}/ram:SellerOrderReferencedDocument/ram:IssuerAssignedID"),
    Leaf("order", f"{AGREEMENT}/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID"),
    Leaf("contract", f"{AGREEMENT}/ram:ContractReferencedDocument/ram:IssuerAssignedID"),
    Leaf("tender", f"{PAPERS}[ram:TypeCode={TENDER}]/ram:IssuerAssignedID"),
    Fixed(f"{AGREEMENT}/ram:AdditionalReferencedDocument/ram:TypeCode", TENDER, of="tender"),
    Branch("object", f"{PAPERS}[ram:TypeCode={OBJECT}]", Identifier, REFERENCE),
    Branch(
        "documents",
        f"{PAPERS}[ram:TypeCode!={OBJECT}][ram:TypeCode!={TENDER}]",
        SupportingDocument,
        DOCUMENT,
        many=True,
    ),
    Leaf("project", f"{AGREEMENT}/ram:SpecifiedProcuringProject/ram:ID"),
    Fixed(f"{AGREEMENT}/ram:SpecifiedProcuringProject/ram:Name", "Project reference", of="project"),
    Branch("delivery", f"{DELIVERED}/ram:ShipToTradeParty", Delivery, SHIP_TO, when=_has_ship_to),
    Special(_read_delivery, _write_delivery),
    Leaf("despatch", f"{DELIVERED}/ram:DespatchAdviceReferencedDocument/ram:IssuerAssignedID"),
    Leaf("receipt", f"{DELIVERED}/ram:ReceivingAdviceReferencedDocument/ram:IssuerAssignedID"),
    Special(_nothing, _write_rooms),
    Special(_nothing, _write_creditor),
    Leaf("remittance", f"{SETTLEMENT}/ram:PaymentReference"),
    Leaf("tax_currency", f"{SETTLEMENT}/ram:TaxCurrencyCode"),
    Leaf("currency", f"{SETTLEMENT}/ram:InvoiceCurrencyCode"),
    Branch("payee", f"{SETTLEMENT}/ram:PayeeTradeParty", Party, PARTY),
    Special(_read_creditor, _nothing_written),
    Branch("payments", f"{SETTLEMENT}/ram:SpecifiedTradeSettlementPaymentMeans", Payment, PAYMENT, many=True),
    Branch("taxes", f"{SETTLEMENT}/ram:ApplicableTradeTax", TaxBreakdown, BREAKDOWN, many=True),
    Branch("period", f"{SETTLEMENT}/ram:BillingSpecifiedPeriod", Period, PERIOD),
    Branch(
        "adjustments",
        f"{SETTLEMENT}/ram:SpecifiedTradeAllowanceCharge",
        AllowanceCharge,
        (*ADJUSTMENT, *_taxed("ram:CategoryTradeTax")),
        many=True,
    ),
    Leaf("payment_terms", f"{SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:Description"),
    Leaf(
        "due_on", f"{SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString", DAY
    ),
    Leaf("mandate", f"{SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:DirectDebitMandateID"),
    Special(_read_totals, _write_totals),
    Branch("preceding", f"{SETTLEMENT}/ram:InvoiceReferencedDocument", Preceding, PRECEDING, many=True),
    Leaf("accounting", f"{SETTLEMENT}/ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID"),
)


def after_reading(invoice: EInvoice) -> None:
    """Codes of when tax falls due, as the norm has them (UNTDID 2005)."""
    if invoice.tax_point_code in TAX_POINTS:
        invoice.tax_point_code = TAX_POINTS[invoice.tax_point_code]


def before_writing(invoice: EInvoice) -> EInvoice:
    """The invoice as CII can say it; the one that was given is left alone."""
    codes = {norm: code for code, norm in TAX_POINTS.items()}
    lines = [
        replace(line, gross_price=(line.price or Decimal(0)) + line.discount)
        if line.gross_price is None and line.discount is not None
        else line
        for line in invoice.lines
    ]
    code = invoice.tax_point_code
    return replace(invoice, lines=lines, tax_point_code=codes.get(code, code) if code else None)
