"""What suppliers add to manage.py."""
