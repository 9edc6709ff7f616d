"""Reading: what needs a person now, the cases there are, and what they weigh."""
