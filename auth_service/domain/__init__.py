"""Accounts, sessions and signing keys: what they are and what may become of them. No I/O, no framework."""
