"""The demo company, Northmoor Supply: invented, and always the same for a seed and a day."""
