"""The verbs of the desk: accept, ask for approval, answer, ask about, pay short, take back."""
