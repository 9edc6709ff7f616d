"""How the desk says what it shows."""
