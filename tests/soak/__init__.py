"""`make soak`: promises and power cuts, at random, until nothing is left to go wrong."""
