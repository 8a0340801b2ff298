"""Generates the merged API document and the Postman collection from the services' OpenAPI documents."""
