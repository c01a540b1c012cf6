// Image references as the programs between the API server and the node read them. docker/distribution stays at the
// version of Kubernetes 1.24: from 2.8.2 on its package is distribution/reference under another name.
module kube-image-bouncer/test/differential

go 1.26.0

require (
	github.com/distribution/reference v0.6.0
	github.com/docker/distribution v2.8.1+incompatible
	github.com/google/go-containerregistry v0.22.1
)

require github.com/opencontainers/go-digest v1.0.0 // indirect
