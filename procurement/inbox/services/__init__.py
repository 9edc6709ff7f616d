"""The verbs of the inbox: review; own, snooze, note, ask; act; rank."""
