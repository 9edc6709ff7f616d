"""How messages come in: a signed call, a folder, an upload; and how they are read."""
