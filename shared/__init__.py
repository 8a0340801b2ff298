"""Code that several services use: ports, their adapters, and the service defaults."""

__version__ = "1.0.0"
