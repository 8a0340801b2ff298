"""The whole shop on one machine: real Traefik and NATS, a Redis, and the services on SQLite."""
