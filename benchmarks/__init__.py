"""Load on the whole shop, with a bare route behind the same gateway beside it. Loopback only."""
