"""Identities of callers, and the verification of access tokens."""
