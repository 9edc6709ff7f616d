"""Security events: what whoever guards the portal wants to know of, in one catalogue, one table and the log."""
