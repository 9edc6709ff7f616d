"""Tryton as a program of its own: installed, founded and served for the demo and for the tests."""
