"""What of a ship notice is put on paper: labels, the delivery note, the packing slip."""
