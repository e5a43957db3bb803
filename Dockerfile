# One static binary and what it needs of a system: certificates to trust. Time
# zones, templates, texts and migrations are in the binary.
#
#   docker build -t article14 .

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The command of "make build". Git's version gets into the binary.
RUN CGO_ENABLED=0 GOFLAGS=-trimpath go build -o article14 ./cmd/article14
# Empty folders for the key file and the journal: a volume mounted there takes over its owner.
RUN mkdir /keys /journal && printf 'article14:x:65532:65532::/:/nonexistent\n' > /passwd

FROM scratch
LABEL org.opencontainers.image.title="article14" \
      org.opencontainers.image.description="Tells people that a company holds their data, as Article 14 GDPR asks" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /passwd /etc/passwd
COPY --from=build --chown=65532:65532 --chmod=0700 /keys /keys
COPY --from=build --chown=65532:65532 --chmod=0700 /journal /journal
COPY --from=build /src/article14 /article14
USER 65532:65532
ENV ARTICLE14_KEYS=/keys/keys.json \
    ARTICLE14_JOURNAL=/journal \
    ARTICLE14_LISTEN=0.0.0.0:8014 \
    ARTICLE14_OPS_LISTEN=0.0.0.0:9114 \
    ARTICLE14_LOG_FORMAT=json
EXPOSE 8014 9114
# Whether the process runs. Whether others should send it people is /readyz.
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=3 CMD ["/article14", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/article14"]
CMD ["run"]
