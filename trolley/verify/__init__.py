"""Looks whether the store, the buckets and the cache agree, and makes them agree again."""
