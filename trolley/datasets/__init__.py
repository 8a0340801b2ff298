"""Real data for seeding and benchmarks. Each set needs an optional extra."""
