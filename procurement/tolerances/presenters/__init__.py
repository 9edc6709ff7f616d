"""What the engine and the tables say, as sentences and rows in the reader's language."""
