# The gate as a container image: Node, the bundle, and the libraries that Node is linked with. No shell, no package
# manager, nothing that its user can write. docs/container-image.md says how it is built with and without an engine.

# Anything that has npm and a Debian-like libc; what runs in the end is the Node that the lock file names.
ARG BUILDER=docker.io/library/node:24-bookworm-slim
# Anything that has glibc 2.28 or newer and libstdc++.
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILDER} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY tools tools
# A mirror and its authority are secrets of the build, so that no layer remembers them.
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
# Two layers: Node changes seldom, the bundle with every version.
COPY --from=build /image/node/ /
COPY --from=build /image/app/ /app/

# Version and commit are given with --label: a layer that is found again would keep those of an earlier build.
LABEL org.opencontainers.image.title="kube-image-bouncer" \
      org.opencontainers.image.description="One policy decides about every container image that enters a Kubernetes cluster" \
      org.opencontainers.image.licenses="Apache-2.0"

# As a number, which is what runAsNonRoot can check.
USER 65532:65532
WORKDIR /
# Reviews and health: the program's own ports, and those of the Deployment that `bootstrap webhook` makes.
EXPOSE 1323 1324 8443 8081
# bin/ is left out: it looks for the right Node, and here there is no other. docs/container-image.md has a line on each flag.
ENTRYPOINT ["/usr/bin/node", \
  "--disable-sigusr1", \
  "--max-semi-space-size=4", \
  "--heap-growing-percent=60", \
  "--disable-proto=delete", \
  "--disallow-code-generation-from-strings", \
  "--permission", \
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
