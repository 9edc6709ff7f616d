"""Purchase order (X12 850, UBL Order, EDIFACT ORDERS): what the buyer asks for, and the promise made on it."""
