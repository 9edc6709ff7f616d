"""Bank details: to which accounts a supplier is paid, and how one changes. Nobody can rush it, whatever the door."""
