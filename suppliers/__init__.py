"""WHO: trading partners and the people who act for them."""
