# One image for every role; the role is the argument: serve (the default), worker, migrate, or any other of `revgraph`.
FROM python:3.11-slim AS build

WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/revgraph \
    && /opt/revgraph/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.lock

COPY pyproject.toml README.md ./
COPY canonical ./canonical
COPY sources ./sources
COPY workflows ./workflows
COPY resolvers ./resolvers
COPY schema ./schema
COPY engine ./engine
COPY gateway ./gateway
COPY sandbox ./sandbox
# The build's own requirements came with the lock, so the build needs no network and no isolation.
RUN /opt/revgraph/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .


FROM python:3.11-slim

RUN groupadd --system --gid 10001 revgraph \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin revgraph \
    && install --directory --owner revgraph --group revgraph /var/lib/revgraph

COPY --from=build /opt/revgraph /opt/revgraph

ENV PATH=/opt/revgraph/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    REVGRAPH_HOST=0.0.0.0 \
    REVGRAPH_PORT=8080

# revgraph.toml is mounted here; everything else on the image's file system may be read-only.
WORKDIR /var/lib/revgraph
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM

# Only `serve` answers there: every other role is started with --no-healthcheck.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['REVGRAPH_PORT'] + '/healthz', timeout=2)"]

ENTRYPOINT ["revgraph"]
CMD ["serve"]
