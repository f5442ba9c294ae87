import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageIn } from '../../src/setup/image-text.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test('the image in what people paste', () => {
  const texts: Readonly<Record<string, string>> = {
    nginx: 'nginx',
    ' ghcr.io/org/app:1 ': 'ghcr.io/org/app:1',
    [`docker.io/library/nginx@${DIGEST}`]: `docker.io/library/nginx@${DIGEST}`,
    'docker pull nginx:1.27': 'nginx:1.27',
    '$ sudo docker image pull --quiet --platform linux/arm64 ghcr.io/org/app': 'ghcr.io/org/app',
    'docker run -d --name web -p 80:80 nginx:1.27 nginx -g x': 'nginx:1.27',
    'podman pull docker://quay.io/org/app:2': 'quay.io/org/app:2',
    'skopeo copy --all docker://ghcr.io/org/app:1 dir:x': 'ghcr.io/org/app:1',
    'ctr -n k8s.io images pull --hosts-dir /etc/containerd/certs.d docker.io/library/nginx:1':
      'docker.io/library/nginx:1',
    'FROM --platform=$BUILDPLATFORM node:26 AS build': 'node:26',
    '  - image: "registry.k8s.io/pause:3.10"  # small': 'registry.k8s.io/pause:3.10',
    'crictl pull mcr.microsoft.com/dotnet/sdk:9.0\nsecond line': 'mcr.microsoft.com/dotnet/sdk:9.0',
    'docker pull docker': 'docker',
    'docker manifest inspect nginx:1': 'nginx:1',
    'sudo nerdctl nginx': 'nginx',
    'localhost:5000/app': 'localhost:5000/app',
    'https://hub.docker.com/_/nginx': 'docker.io/library/nginx',
    'https://hub.docker.com/_/nginx/tags?name=1.27': 'docker.io/library/nginx',
    'hub.docker.com/r/grafana/grafana/': 'docker.io/grafana/grafana',
    'https://hub.docker.com/layers/library/nginx/1.27/images/sha256-aa?context=explore':
      'docker.io/library/nginx:1.27',
    'https://hub.docker.com/repository/docker/me/app/general': 'docker.io/me/app',
    'https://docker.io/library/nginx:1': 'docker.io/library/nginx:1',
    'https://ghcr.io/org/app:1': 'ghcr.io/org/app:1',
    'https://github.com/Org/app/pkgs/container/App': 'ghcr.io/org/app',
    'https://github.com/org/repo/pkgs/container/app%2Fweb/12345?tag=v1': 'ghcr.io/org/app/web:v1',
    'https://github.com/orgs/org/packages/container/package/app': 'ghcr.io/org/app',
    'https://github.com/users/me/packages/container/app/versions': 'ghcr.io/me/app',
    'https://quay.io/repository/org/app?tab=tags': 'quay.io/org/app',
    'https://quay.io/org/app:1': 'quay.io/org/app:1',
    'https://mcr.microsoft.com/en-us/artifact/mar/dotnet/sdk/about': 'mcr.microsoft.com/dotnet/sdk',
    'https://mcr.microsoft.com/product/dotnet/sdk/tags': 'mcr.microsoft.com/dotnet/sdk',
    'https://gallery.ecr.aws/docker/library/nginx': 'public.ecr.aws/docker/library/nginx',
    'https://catalog.ngc.nvidia.com/orgs/nvidia/teams/k8s/containers/device-plugin':
      'nvcr.io/nvidia/k8s/device-plugin',
    'https://catalog.ngc.nvidia.com/orgs/nvidia/containers/pytorch/tags': 'nvcr.io/nvidia/pytorch',
    'https://www.docker.elastic.co/r/elasticsearch/elasticsearch':
      'docker.elastic.co/elasticsearch/elasticsearch',
    'https://registry-1.docker.io/v2/library/nginx/manifests/1.27': 'registry-1.docker.io/library/nginx:1.27',
    [`https://ghcr.io/v2/org/app/manifests/${DIGEST}`]: `ghcr.io/org/app@${DIGEST}`,
  }
  for (const [text, name] of Object.entries(texts)) assert.equal(imageIn(text), name, text)
})

test('what is about no image', () => {
  const files = [
    'https://github.com/owner/repo/releases/download/v1/app.tar.gz',
    'github.com/owner/repo',
    'https://raw.githubusercontent.com/owner/repo/main/x',
    'https://huggingface.co/org/model/resolve/main/config.json',
  ]
  for (const text of files)
    assert.throws(
      () => imageIn(text),
      { code: 'bad_request', message: /leads to files, not to an image/ },
      text,
    )
  for (const text of [
    ' ',
    'docker pull',
    'https://',
    'https://hub.docker.com/',
    'https://hub.docker.com/search?q=x',
    'https://ghcr.io',
    'https://ghcr.io/%E0%A4%A',
  ])
    assert.throws(() => imageIn(text), { code: 'bad_request', message: /^no image: / }, text)
})
