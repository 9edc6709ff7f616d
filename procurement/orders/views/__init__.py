"""The doors of orders as lists and as paper; the page of one order is the workbench's."""
