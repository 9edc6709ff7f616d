"""Reading the desk of accounts payable."""
