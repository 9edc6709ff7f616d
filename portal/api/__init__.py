"""The API's roof: one description and one answer of last resort over the doors of each paper."""
