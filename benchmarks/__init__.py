"""Load on the whole shop, compared with bare routes behind the same gateway. Loopback only."""
