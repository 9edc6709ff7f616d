"""Sheets that people fill in: a workbook out in which only some cells can be typed, and back in, believed in nothing.

A leaf: it knows cells, columns and files, and no paper. What a row means is said by whoever reads it.
"""
