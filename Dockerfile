# The image as a container engine builds it, from what `make image` puts together: one static binary, and the certificate
# authorities browsers trust. Nothing is below it, so nothing but the operator needs patches.
#
#   make image && docker build --tag registry.example.com/chatwoot-operator:0.1.0 .
# checkov:skip=CKV_DOCKER_2: the chart's probes ask /livez and /readyz; an image without a shell has nothing to ask with
FROM scratch
COPY target/image/root /
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
WORKDIR /
ENTRYPOINT ["/chatwoot-operator"]
CMD ["run"]
