"""Electronic invoices as files (UBL, CII, Factur-X after EN 16931): read and written, without a procurement paper."""
