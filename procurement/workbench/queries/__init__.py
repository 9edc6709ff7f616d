"""What the workbench shows, gathered in a fixed number of queries however long the paper is."""
