# The gate as a container image: Node, the bundle, and the libraries that Node needs. No shell, no package manager,
# no file that its user can write. docs/container-image.md describes how to build it with and without an engine.

# Needs npm and a Debian-like libc. The final image has the Node of the lock file, not the Node of this image.
ARG BUILDER=docker.io/library/node:24-bookworm-slim
# Needs glibc 2.28 or newer, and libstdc++.
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILDER} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY tools tools
# A mirror of npm and its CA are build secrets, so that no layer contains them.
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=npm-authority --mount=type=cache,target=/var/cache/npm \
    npm ci --ignore-scripts --userconfig=/run/secrets/npmrc --cache=/var/cache/npm \
 && mkdir -p /image/node/usr/bin /image/node/usr/share/doc/node \
 && cp node_modules/node-linux-*/bin/node /image/node/usr/bin/ \
 && cp node_modules/node-linux-*/LICENSE /image/node/usr/share/doc/node/copyright
COPY . .
RUN npm run build \
 && mkdir -p /image/app \
 && cp -r dist LICENSE package.json /image/app/

FROM ${RUNTIME}
# Two layers: Node changes rarely, the bundle changes with every version.
COPY --from=build /image/node/ /
COPY --from=build /image/app/ /app/

# Give version and commit with --label. A cached layer would keep those of an earlier build.
LABEL org.opencontainers.image.title="kube-image-bouncer" \
      org.opencontainers.image.description="One policy decides about every container image that enters a Kubernetes cluster" \
      org.opencontainers.image.licenses="Apache-2.0"

# A number, because runAsNonRoot can check only a number.
USER 65532:65532
WORKDIR /
# Ports for reviews and health: the defaults of the program, and those of the Deployment of `bootstrap webhook`.
EXPOSE 1323 1324 8443 8081
# bin/ is not needed: it selects the right Node, and this image has only one. docs/container-image.md explains each flag.
ENTRYPOINT ["/usr/bin/node", \
  "--disable-sigusr1", \
  "--max-semi-space-size=4", \
  "--heap-growing-percent=60", \
  "--disable-proto=delete", \
  "--disallow-code-generation-from-strings", \
  "--permission", \
  "--allow-worker", \
  "--disable-warning=PERM0006", \
  "--allow-fs-read=/app/*", \
  "--allow-fs-read=/etc/kube-image-bouncer/*", \
  "--allow-fs-read=/etc/kubernetes/kube-image-bouncer/*", \
  "--allow-fs-read=/var/run/secrets/kubernetes.io/*", \
  "--allow-fs-read=/var/lib/kube-image-bouncer/*", \
  "--allow-fs-read=/manifests/*", \
  "--allow-fs-read=/proc/self/fd", \
  "--allow-fs-read=/proc/self/limits", \
  "--allow-fs-read=/proc/self/status", \
  "--allow-fs-write=/var/lib/kube-image-bouncer/*", \
  "/app/dist/main.js"]
