"""THE CELLAR: mechanisms without a procurement word in them."""
