# A static binary on an empty base: no shell, no libraries, not root.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
COPY proto proto
COPY models models
COPY src src
COPY web/dist web/dist
COPY benches benches
ENV RUSTFLAGS="-C target-feature=+crt-static"
RUN cargo build --release --locked --bin scanvet --target x86_64-unknown-linux-gnu \
    && cp target/x86_64-unknown-linux-gnu/release/scanvet /scanvet

FROM scratch
COPY --from=build /scanvet /scanvet
COPY LICENSE-MIT LICENSE-APACHE /
USER 65532:65532
EXPOSE 50051
HEALTHCHECK --interval=10s --timeout=3s --start-period=2s CMD ["/scanvet", "health"]
ENTRYPOINT ["/scanvet"]
CMD ["serve", "--listen", "0.0.0.0:50051", "--insecure"]
