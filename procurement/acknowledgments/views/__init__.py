"""The doors of answers that are not given on the page of one order: many at once, and by file."""
