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

# Run: Python, okrsync, and a user who owns nothing but the state.
FROM python:3.13-slim
RUN useradd --create-home --uid 10001 okrsync \
 && install -d -o okrsync -g okrsync /state /config
COPY --from=build /opt/okrsync /opt/okrsync
ENV PATH=/opt/okrsync/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    OKRSYNC_CONFIG=/config \
    OKRSYNC_LEDGER=sqlite:////state/ledger.db
USER okrsync
VOLUME /state
ENTRYPOINT ["okrsync"]
CMD ["sync", "--all"]
