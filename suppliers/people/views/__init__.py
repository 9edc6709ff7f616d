"""The pages of people: of a supplier, of the buying side, of the invited, and of one's own address."""
