"""Numbers of the trade that carry a check digit."""


def with_check_digit(digits: str) -> str:
    """The digits with GS1's check digit behind them: weights three and one from the right, up to a ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def own_gtin(index: int) -> str:
    """A GTIN-13 of the range 20 to 29, which belongs to no company and stays inside one."""
    return with_check_digit(f"29{index:010d}")


def own_gln(index: int) -> str:
    """A location number of the same range."""
    return with_check_digit(f"2990{index:08d}")
