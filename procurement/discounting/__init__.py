"""Early payment: an approved invoice is paid sooner for less, where a company offers it and its supplier says yes
(dynamic discounting). UBL: PaymentTerms with SettlementDiscountPercent says it of a whole invoice, X12: ITD."""
