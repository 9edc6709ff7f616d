"""The buyer's ERP: what it tells us, what we ask it to hold, and the story of every command in between.

The ERP owns the order; the portal owns the promise. So the portal reads papers through feeds, writes agreed
promises as commands, and believes a command only when a later reading shows what it asked for.

* `ports` is the contract between the portal and any ERP; it knows no wire format and no table.
* `connectors/` holds one adapter per ERP; `connectors/files` is the drop folder (see docs/file-formats.md).
* `problems` says in plain words what is wrong with a record, and the way out.
* `delivery` carries outbox messages to the connector; `inbound` carries what was read to the same services
  that the pages use; `pretend` is an ERP for demo and tests only.
"""
