"""The use cases: `catalogue` reads and changes single products, `imports` takes whole catalogues."""
