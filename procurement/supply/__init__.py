"""Supply: what there is of an item at a site, who needs it, what is on its way, and what that comes to day by day."""
