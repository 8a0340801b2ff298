# One image for the whole shop: the command chooses the service (`python -m cart_service`, `python -m trolley …`).

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt /tmp/
# Wheels only: nothing is compiled and no package runs code of its own while it is installed.
RUN pip --python /opt/venv/bin/python install --require-hashes --no-deps --only-binary=:all: -r /tmp/requirements.txt
WORKDIR /app
COPY shared shared
COPY auth_service auth_service
COPY product_service product_service
COPY cart_service cart_service
COPY trolley trolley
# The root file system is read-only at run time, so byte code is made here; unchecked, because it cannot get stale.
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib /app

FROM python:3.13-slim
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
    && rm -rf /usr/local/lib/python3.*/ensurepip \
    && groupadd --gid 10001 trolley \
    && useradd --uid 10001 --gid trolley --no-create-home --home-dir /app --shell /usr/sbin/nologin trolley
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONFAULTHANDLER=1
WORKDIR /app
USER trolley
CMD ["python", "-m", "trolley", "--help"]
