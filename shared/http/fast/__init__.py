"""Answers routes without FastAPI's solver, which reads the declarations of a route anew for every request.

FastAPI still reads the declarations once, and describes them in the OpenAPI document. A route is answered by
`routes.fast_app` where each of its dependencies is a coroutine that takes the request, the response, path and
query parameters and other such dependencies, and where the route itself takes the same and at most one JSON
body. Headers are read by dependencies that take the request (`shared.http.headers`). All other routes, such
as those that take a form, are answered by FastAPI.

Both ways give the same answers: dependencies run in the order in which they are declared, each once for a
request, and refuse a request before errors in its body or parameters are told. The fast one does not even
read the body before. `create_app(settings, fast=False)` turns it off: everything works, slower.
"""
