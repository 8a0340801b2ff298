"""`python -m cart_service`."""

from cart_service.main import create_app
from cart_service.settings import CartSettings
from shared.http.server import run_service

if __name__ == "__main__":
    run_service(CartSettings, create_app, "cart_port")
