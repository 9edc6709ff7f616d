"""An answer as a file: a workbook out, and the same commands as the screen back in."""
