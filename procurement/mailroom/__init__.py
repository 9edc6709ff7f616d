"""What comes in by mail: each mail as it came, what was made of it, and the drafts that wait for a person's press."""
