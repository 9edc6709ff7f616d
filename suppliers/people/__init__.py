"""People: who is invited, who does what where, whose address is whose, and who has not been seen for long."""
