"""The demo company, Northmoor Supply: invented partners, goods, orders and people, always the same for a seed and a day."""
