"""Clocks: how much working time somebody has, when it is up, and who is told step by step while nothing happens."""
