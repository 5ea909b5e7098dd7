FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY requirements/run.txt requirements/voice.txt requirements/
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt -r requirements/voice.txt

FROM python:3.12-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app \
    PARLEY_CONFIG=/data/config.yaml
RUN useradd --system --uid 10001 --home-dir /data --create-home parley
COPY --from=build /venv /venv
COPY bots /app/bots
COPY core /app/core
COPY adapters /app/adapters
# The configuration and the SQLite store live in /data: mount a volume there.
WORKDIR /data
VOLUME /data
USER 10001
# /healthz answers on server.listen of the configuration; 8080 is its default port.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bots"]
CMD ["run"]
