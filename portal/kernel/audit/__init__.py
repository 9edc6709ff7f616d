"""The audit trail: immutable facts, who, when, through which channel, what from and to."""
