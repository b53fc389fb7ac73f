"""Discovery by Kubernetes without a registry: go-zero's `k8s://namespace/service:port`, from EndpointSlices.

`ApiServer` speaks to the API server, `Slices` knows the ready pods, `KubernetesResolver` follows them.
"""

from mallgen_runtime.discovery.kubernetes.resolver import KubernetesResolver

__all__ = ["KubernetesResolver"]
