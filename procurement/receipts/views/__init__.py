"""The doors of what is counted at the dock."""
