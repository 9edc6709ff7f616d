"""The desk of accounts payable: what is held and why, who approves how much, and what is asked of whom."""
