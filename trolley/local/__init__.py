"""The whole shop on one machine: Traefik, NATS, Redis, and the services on SQLite."""
