"""Orders as files: lists for a spreadsheet."""
