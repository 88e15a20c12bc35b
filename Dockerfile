# One image for every role. PostgreSQL and Redis are yours: set DATABASE_URL and REDIS_URL (see compose.yaml).
FROM python:3.13-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends make \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
RUN make build

FROM python:3.13-slim-bookworm
RUN useradd --system --create-home --home-dir /data livecommerce
COPY --from=build --chown=root:root /app /app
WORKDIR /app
USER livecommerce
ENV LIVECOMMERCE_SERVER_HOST=0.0.0.0 \
    LIVECOMMERCE_MEDIA_HOST=0.0.0.0 \
    LIVECOMMERCE_MEDIA_UDP_PORT=8189 \
    LIVECOMMERCE_DATA_DIR=/data
EXPOSE 8080/tcp 8189/udp
HEALTHCHECK --interval=10s --timeout=3s CMD ["/app/.venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
ENTRYPOINT ["/app/.venv/bin/livecommerce"]
CMD ["serve"]
