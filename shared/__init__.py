"""What two services use: ports, their adapters, and the service defaults."""

__version__ = "0.1.0"
