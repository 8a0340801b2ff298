"""Checks that the store, the buckets and the cache agree, and repairs disagreements."""
