"""Reading the lists as their makers publish them."""
