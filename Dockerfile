# Two images of one build: `server`, and `pipeline` for the steps of the bundled Workflow.
#   make docker-build docker-push IMG=registry.example.com/azure-blob-eventsource:0.1.0
# or by hand: docker build --target server --tag azure-blob-eventsource:0.1.0 .

ARG RUST_IMAGE=docker.io/library/rust:1.95-slim-bookworm
ARG SERVER_BASE=gcr.io/distroless/base-nossl-debian12:nonroot
ARG PIPELINE_BASE=gcr.io/distroless/static-debian12:nonroot

FROM ${RUST_IMAGE} AS source
WORKDIR /build
COPY . .

# jemalloc is built with make, which the image does not bring. The commit and its moment are what `--version` says.
FROM source AS build-server
ARG BUILD_COMMIT
ARG SOURCE_DATE_EPOCH
RUN apt-get update --quiet=2 \
    && apt-get install --quiet=2 --yes --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/build/target \
    cargo build --locked --release --package azure-blob-eventsource \
    && install -D --target-directory=/out target/release/azure-blob-eventsource /lib/*-linux-gnu/libgcc_s.so.1 \
    && scripts/image-docs.sh azure-blob-eventsource /out/doc \
    && install -D --mode=644 /usr/share/doc/libgcc-s1/copyright /out/doc/libgcc-s1-copyright

FROM source AS build-pipeline
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/build/target \
    scripts/build-pipeline.sh /out/ml-pipeline \
    && scripts/image-docs.sh ml-pipeline /out/doc

# Linked with glibc, whose resolver a static program could not load; and with one library more, for which the next
# larger base would bring 3 MB of others.
FROM ${SERVER_BASE} AS server
LABEL org.opencontainers.image.title="azure-blob-eventsource" \
      org.opencontainers.image.description="A generic event source for Argo Events that announces each new blob in Azure Blob Storage" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build-server /out/azure-blob-eventsource /bin/
COPY --from=build-server /out/libgcc_s.so.1 /usr/lib/
COPY --from=build-server /out/doc/ /usr/share/doc/azure-blob-eventsource/
USER 65532:65532
EXPOSE 50051 9090
ENTRYPOINT ["/bin/azure-blob-eventsource"]
CMD ["serve"]

FROM ${PIPELINE_BASE} AS pipeline
LABEL org.opencontainers.image.title="ml-pipeline" \
      org.opencontainers.image.description="Makes a model, quantized to 8 bits, and a report of a CSV file" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build-pipeline /out/ml-pipeline /bin/ml-pipeline
COPY --from=build-pipeline /out/doc/ /usr/share/doc/ml-pipeline/
USER 65532:65532
ENTRYPOINT ["/bin/ml-pipeline"]
