"""`python -m auth_service`."""

from auth_service.main import create_app
from auth_service.settings import AuthSettings
from shared.http.server import run_service

if __name__ == "__main__":
    run_service(AuthSettings, create_app, "auth_port")
