"""Ways in without an account: signed links to one document for one person, and addresses whose mail belongs to it."""
