"""What is made from the services' OpenAPI documents: the merged document and the Postman collection."""
