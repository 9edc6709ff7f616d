"""Working time: when an office is open, what eight working hours are, and how many days goods travel."""
