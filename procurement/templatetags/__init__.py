"""What a page of a lower floor shows of a higher one: it names the tag, and imports nothing."""
