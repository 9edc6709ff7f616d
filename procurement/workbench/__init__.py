"""The pages that show several papers at once: home, what waits, and the order with everything around it. No tables."""
