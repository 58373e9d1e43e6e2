// The Kubernetes version whose kubectl this program behaves like.

export const CLIENT_GIT_VERSION = 'v1.35.2';
