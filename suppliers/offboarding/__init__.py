"""The end of the business with a supplier: begun with a last day, ended by a person, taken up again with a reason."""
