"""From the address of a list to its rows: every filter is a link, and a list can be sent to a colleague."""

from procurement.orders.filters.asked import ListFilters, Reader, Wanted, understand
from procurement.orders.filters.bar import Bar, bar_of
from procurement.orders.filters.rows import (
    filter_lines,
    filter_orders,
    is_open_order,
    picked_lines,
    picked_orders,
    read_picks,
    show_lines,
    show_orders,
    sorting,
    with_sort_values,
)

__all__ = [
    "Bar",
    "ListFilters",
    "Reader",
    "Wanted",
    "bar_of",
    "filter_lines",
    "filter_orders",
    "is_open_order",
    "picked_lines",
    "picked_orders",
    "read_picks",
    "show_lines",
    "show_orders",
    "sorting",
    "understand",
    "with_sort_values",
]
