# The whole backend as one image: `parlance serve`, `parlance migrate` and `parlance health` are the same program.
#
#   docker build --target bare -t parlance .
#   docker run --rm --read-only --cap-drop ALL -p 8080:8080 --env-file .env parlance    (.env.example has every variable)
#
# `bare` is the program, the C library and nothing else. Without --target there is a shell as well, for platforms that run
# commands in the image, as Railway does before a deployment; it builds the last stage.
#
# The base image is pinned by the digest of its multi-platform index. To raise it, change its tag and put the digest that
# this prints after the @:
#
#   docker buildx imagetools inspect rust:1.95-slim-bookworm --format '{{.Manifest.Digest}}'
#
# There are no cache mounts on purpose: Railway refuses to build one whose id does not begin with the id of the very
# service it builds. What they would keep, the layer of dependencies below keeps as well.

FROM rust:1.95-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082 AS toolchain
ENV CARGO_INCREMENTAL=0 CARGO_NET_RETRY=5 CARGO_TERM_COLOR=never
WORKDIR /src

# The manifests, and every source file emptied. Only this result counts for the cache of what is built from it, so the
# next stage is built anew when a manifest changes or a file comes or goes, not when code changes.
FROM toolchain AS outline
COPY . .
RUN find . -type f ! -name Cargo.toml ! -name Cargo.lock ! -name '*.rs' -delete \
 && find . -type f -name '*.rs' -exec sh -c 'for file; do echo "fn main() { }" > "$file"; done' sh {} +

FROM toolchain AS build
COPY --from=outline /src .
RUN cargo build --locked --release -p container
COPY . .
# Cargo compares times, and the files just copied may be older than what was built from their empty namesakes.
RUN find functions shared migrations -type f -exec touch {} + \
 && cargo build --locked --release -p container

# Nothing is installed: TLS roots are compiled into the program, and it needs no library but the C library's. What that is
# stands where those look who seek known weaknesses in images.
FROM build AS files
RUN mkdir -p /files/usr/local/bin \
 && cp target/release/parlance /files/usr/local/bin/ \
 && ldd target/release/parlance | grep -o '/[^ ]*' | xargs cp --parents --dereference --target-directory /files \
 && mkdir -p /files/etc /files/var/lib/dpkg/status.d \
 && for package in libc6 libgcc-s1; do dpkg-query --status "$package" > "/files/var/lib/dpkg/status.d/$package"; done \
 && cp --dereference /etc/os-release /files/etc/ \
 && echo 'hosts: files dns' > /files/etc/nsswitch.conf

FROM scratch AS bare
# Where it comes from and which version it is, is for whoever builds it to say:
#   --label org.opencontainers.image.source=<address> --label org.opencontainers.image.revision=$(git rev-parse HEAD)
LABEL org.opencontainers.image.title="Parlance" \
      org.opencontainers.image.description="One backend that serves AI chat to many frontends, each for its own tenant" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=files /files /
ENV PATH=/usr/local/bin:/bin PORT=8080
EXPOSE 8080
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["/usr/local/bin/parlance", "health"]
ENTRYPOINT ["/usr/local/bin/parlance"]
CMD ["serve"]

# /bin/sh needs the same library.
FROM bare
COPY --from=toolchain /usr/bin/dash /bin/sh
