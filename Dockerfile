# syntax=docker/dockerfile:1
# Builds the pages, then the program that embeds them, then a minimal image with the program only.

FROM node:20-bookworm-slim AS pages
WORKDIR /source/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY schema.graphql ../
COPY web ./
RUN npm run build

FROM rust:1.95-bookworm AS program
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY api api
COPY bench bench
COPY entity entity
COPY migration migration
COPY sandbox sandbox
COPY --from=pages /source/web/dist web/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package patch-hive && cp target/release/patch-hive /patch-hive

# glibc and libgcc of the same Debian release; no shell, no package manager, an unprivileged user.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=program /patch-hive /usr/local/bin/patch-hive
# Platforms that assign another port override PORT.
ENV PORT=8000 LOG_FORMAT=json
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/patch-hive", "health"]
ENTRYPOINT ["/usr/local/bin/patch-hive"]
CMD ["serve", "--no-migrate"]
