"""Answers routes without FastAPI's solver, which reads the declarations of a route again for every request.

FastAPI still reads the declarations once, and describes them in the OpenAPI document. `routes.fast_app`
answers a route if each of its dependencies is a coroutine that takes only the request, the response, path and
query parameters and other such dependencies, and if the route itself takes the same and at most one JSON
body. Dependencies that take the request read headers (`shared.http.headers`). FastAPI answers all other
routes, such as those with a form.

Both ways give the same answers. Dependencies run in the order of their declaration, each once for a request.
A dependency refuses a request before the client hears of errors in its body or parameters; the fast way does
not even read the body before. `create_app(settings, fast=False)` turns the fast way off.
"""
