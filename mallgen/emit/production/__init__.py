"""Files that put services into production: Dockerfiles, Kubernetes manifests, a compose file. Pure."""
