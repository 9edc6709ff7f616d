"""Registration: a company that nobody has invited asks to become a supplier, where that is switched on."""
