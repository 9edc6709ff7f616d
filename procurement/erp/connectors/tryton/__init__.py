"""Tryton (8.0 and later) over its JSON-RPC.

* `wire`: how values travel, and one authenticated connection with its errors in the port's classes.
* `records`: what Tryton's records say, as neutral papers.
* `changes`: which orders moved since a cursor, found by polling orders, lines, moves and invoices.
* `master`: companies, units, sites, suppliers, items: small enough to be read whole and compared by hash.
* `writing`: a promise as steps: amendment, split, dates, the supplier's number; each safe to come back to.
* `shipping`, `booking`: goods on their way as a shipment in draft, and what was counted of them received in it.
* `connector`: the `ErpConnector`.
"""

from procurement.erp.connectors.tryton.connector import TrytonConnector

__all__ = ["TrytonConnector"]
