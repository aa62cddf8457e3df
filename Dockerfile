# Build: everything with a compiler or a package tool stays in this stage.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/okrsync
COPY .requirements/run.txt /src/.requirements/run.txt
RUN /opt/okrsync/bin/pip install --require-hashes -r /src/.requirements/run.txt
COPY pyproject.toml README.md LICENSE /src/
COPY okrsync /src/okrsync
COPY connectors /src/connectors
RUN /opt/okrsync/bin/pip install --no-deps /src \
 && /opt/okrsync/bin/pip uninstall -y pip

# Run: Python, okrsync, and a user who owns nothing but the state. Nothing else is written to but /tmp:
#   docker run --read-only --tmpfs /tmp --stop-timeout 90 -v ./config:/config:ro -v okrsync:/state -v ./secrets:/run/secrets:ro okrsync
# Secrets come as files (in the YAML: {file: /run/secrets/notion}); none is in the image or its environment.
FROM python:3.13-slim
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
