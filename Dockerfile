# Build: everything with a compiler or a package tool stays in this stage. Nothing is resolved here: each lock names a
# closure with its hashes, and okrsync itself is built by what is locked too. image.txt is run.txt with what exports at
# s3://, gs:// and sftp:// need. docs/operations.md says how to pin the base's digest and to renew it.
FROM python:3.14.10-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY .requirements/image.txt .requirements/build.txt /src/.requirements/
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --no-deps -r /src/.requirements/build.txt \
 && python -m venv /opt/okrsync \
 && /opt/okrsync/bin/pip install --require-hashes --no-deps -r /src/.requirements/image.txt
COPY pyproject.toml README.md LICENSE /src/
COPY config/example.yaml /src/config/example.yaml
COPY okrsync /src/okrsync
COPY connectors /src/connectors
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /opt/wheel /src \
 && /opt/okrsync/bin/pip install --no-deps --no-index /opt/wheel/*.whl \
 && /opt/okrsync/bin/pip check \
 && /opt/okrsync/bin/pip uninstall -y pip

# Run: Python, okrsync, and a user who owns nothing but the state. Nothing else is written to but /tmp:
#   docker run -d --name okrsync --read-only --tmpfs /tmp --stop-timeout 90 --env-file /etc/okrsync/env -v /etc/okrsync:/config:ro -v /srv/exports:/srv/exports:ro -v /etc/okrsync/secrets:/run/secrets:ro -v okrsync-state:/state okrsync
#   docker exec okrsync okrsync release acme KR-1
# No secret is in the image or its environment. okrsync schedule export --format compose writes this for your companies.
FROM python:3.14.10-slim-trixie
LABEL org.opencontainers.image.title="okrsync" \
      org.opencontainers.image.description="Keep the key results in a Notion database true" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="0.2.0"
RUN useradd --no-create-home --uid 10001 okrsync \
 && install -d -o okrsync -g okrsync /state /config
COPY --from=build /opt/okrsync /opt/okrsync
ENV PATH=/opt/okrsync/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OKRSYNC_CONFIG=/config \
    OKRSYNC_LEDGER=sqlite:////state/ledger.db \
    OKRSYNC_HEALTH=/tmp/okrsync-health.json
USER 10001
WORKDIR /state
VOLUME /state
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD okrsync health || exit 1
ENTRYPOINT ["okrsync"]
CMD ["schedule", "run"]
