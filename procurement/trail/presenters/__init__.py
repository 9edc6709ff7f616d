"""Events of the trail in words: sentences, names of facts and papers, rows as they are shown."""
