import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agentOf } from '../../src/activity/agent.ts'

const CASES: readonly (readonly [string, string, string])[] = [
  [
    'docker/29.1.3 go/go1.25.5 git-commit/fbf3ed2 kernel/6.8 os/linux arch/amd64 containerd-client/2.2.0 storage-driver/overlayfs',
    'docker',
    'docker 29.1.3',
  ],
  [
    'docker/20.10.24+dfsg1 go/go1.19.8 git-commit/5d6db84 kernel/6.1 os/linux arch/amd64 UpstreamClient(Docker-Client/28.2.2 \\(linux\\))',
    'docker',
    'docker 20.10.24',
  ],
  ['containerd/1.6.20~ds1', 'containerd', 'containerd 1.6.20'],
  ['containerd/v2.0.4-k3s2', 'k3s', 'containerd 2.0.4-k3s2'],
  ['containerd/v2.1.4-rke2r1', 'k3s', 'containerd 2.1.4-rke2r1'],
  ['containerd/2.1.1+unknown', 'containerd', 'containerd 2.1.1'],
  ['nerdctl/2.1.3', 'nerdctl', 'nerdctl 2.1.3'],
  ['Buildah/1.39.0', 'buildah', 'buildah 1.39.0'],
  ['kaniko/v1.24.0', 'kaniko', 'kaniko 1.24.0'],
  ['kaniko/v1.24.0,skaffold', 'kaniko', 'kaniko 1.24.0'],
  ['crane/v0.20.6 go-containerregistry/v0.20.6', 'crane', 'crane 0.20.6'],
  ['regclient/regctl (v0.9.2)', 'regctl', 'regctl 0.9.2'],
  ['regclient/regsync (4f1c2)', 'regctl', 'regsync'],
  ['Watchtower/v1.7.1', 'watchtower', 'watchtower 1.7.1'],
  ['RenovateBot/41.42.2 (https://github.com/renovatebot/renovate)', 'renovate', 'renovate 41.42.2'],
  ['https://github.com/renovatebot/renovate', 'renovate', 'renovate'],
  ['containers/5.23.1 (github.com/containers/image)', 'podman', 'containers/image 5.23.1'],
  ['libpod/5.6.0', 'podman', 'libpod 5.6.0'],
  ['cri-o/1.31.0 go/go1.23 os/linux arch/amd64', 'cri-o', 'cri-o 1.31.0'],
  ['skopeo/1.9.3', 'skopeo', 'skopeo 1.9.3'],
  ['buildkit/v0.19', 'buildkit', 'buildkit 0.19'],
  ['Go-http-client/1.1', 'go', 'go 1.1'],
  ['git/2.43.0', 'git', 'git 2.43.0'],
  ['curl/8.5.0', 'curl', 'curl 8.5.0'],
  ['go-containerregistry/v0.20.2', 'crane', 'go-containerregistry 0.20.2'],
  ['Mozilla/5.0 (X11; Linux x86_64)', 'other', 'Mozilla 5.0'],
  ['', 'other', ''],
  ['constructor/1', 'other', 'constructor 1'],
  ['docker', 'docker', 'docker'],
]

test('programs are known by what they send', () => {
  for (const [said, kind, text] of CASES) assert.deepEqual(agentOf(said), { kind, text }, said)
  assert.deepEqual(agentOf(undefined), { kind: 'other', text: '' })
})

test('whatever somebody sends is one short line', () => {
  for (const said of [
    `${'x'.repeat(9000)}/1`,
    'a\u001b[31m/1\r\nb',
    `docker/${'9.'.repeat(4000)}`,
    '///(((',
  ]) {
    const { text } = agentOf(said)
    assert.ok(text.length <= 40, text)
    assert.doesNotMatch(text, /\p{Cc}/u)
  }
})
