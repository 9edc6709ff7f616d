"""The desk of accounts payable: what waits for a person, the rules of who approves what, and disputes."""
