"""Receipt (X12 861, UBL ReceiptAdvice, EDIFACT RECADV): goods that arrived on an order line, as the ERP booked it."""
