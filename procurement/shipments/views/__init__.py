"""The doors of ship notices."""
