"""Documents: the proofs that a supplier owes, a tax form, an insurance, a certificate; and until when each counts."""
