"""A supplier's company data: names, identifiers, addresses, contacts, and changes of them that wait for a second pair
of eyes."""
