"""Signing in: second factors, when they are asked for again, devices, recovery, and acting in somebody's place."""
