"""Access tokens: the pages where a program's key to the API is made, seen in use, and revoked."""
