"""`python -m product_service`."""

from product_service.main import create_app
from product_service.settings import ProductSettings
from shared.http.server import run_service

if __name__ == "__main__":
    run_service(ProductSettings, create_app, "products_port")
