"""What is bought, in which unit, and where it is delivered: companies, sites, units of measure, items."""
