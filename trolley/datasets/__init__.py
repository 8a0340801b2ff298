"""Real data for seeding and for benchmarks, each set behind an optional extra."""
