"""A supplier as a whole: who it is, how it does, what is open with it; and what is left when the business ends."""
