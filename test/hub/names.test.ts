import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/domain/errors.ts'
import { namedRepository, searchedWords } from '../../src/hub/names.ts'

const codeOf = (run: () => unknown): string => {
  try {
    return `none, but ${String(run())}`
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
}

void test('what is searched for is trimmed, lower case, and of a reference its repository', () => {
  const asked: Readonly<Record<string, string>> = {
    '  NginX ': 'nginx',
    'web \t Server': 'web server',
    'php:8.3-apache': 'php',
    'docker.io/library/php': 'php',
    'docker.io/library/php:8.3@sha256:abc': 'php',
    'library/php': 'php',
    'grafana/grafana:11': 'grafana/grafana',
    'https://hub.docker.com/_/nginx': 'nginx',
    'https://hub.docker.com/r/grafana/grafana/tags?page=2': 'grafana/grafana',
    数据库: '数据库',
    'c++': 'c++',
    'c#': 'c#',
    'is it?': 'is it?',
    'node.js': 'node.js',
    '.net/core': '.net/core',
    'user@host': 'user@host',
    '@sha256': '@sha256',
    'docker.io/library/php tcp/ip': 'docker.io/library/php tcp/ip',
  }
  for (const [text, words] of Object.entries(asked)) assert.equal(searchedWords(text), words, text)
  for (const text of ['', ' ', 'x', ' y\n', 'x:1', 'z'.repeat(101)])
    assert.equal(
      codeOf(() => searchedWords(text)),
      'bad_request',
      text,
    )
  assert.equal(searchedWords(`docker.io/org/${'z'.repeat(90)}@sha256:${'0'.repeat(64)}`).length, 94)
})

void test('what another registry calls its own is nothing to ask Docker Hub for', () => {
  for (const text of [
    'registry.corp.example/secret-project/app',
    'ghcr.io/org/app:1',
    'localhost:5000/app:1',
    'localhost/app',
    '[::1]:5000/app',
    'registry.my-corp./app@sha256:abc',
    'me:secret@registry.corp.example/app',
    'https://registry.corp.example',
    'https://registry.corp.example/v2/secret/tags/list?n=1',
    'бухгалтерия.рф/отчёты',
    'secret registry.corp.example/secret-project/app',
  ])
    assert.equal(
      codeOf(() => searchedWords(text)),
      'bad_request',
      text,
    )
})

void test('a repository is named as in a pull, by its whole name, or by the address of its page', () => {
  const named: Readonly<Record<string, string>> = {
    nginx: 'library/nginx',
    'library/nginx': 'library/nginx',
    'docker.io/nginx': 'library/nginx',
    'docker.io/library/nginx:1.27': 'library/nginx',
    'index.docker.io/grafana/grafana': 'grafana/grafana',
    ' Grafana/Grafana ': 'grafana/grafana',
    'https://hub.docker.com/_/nginx': 'library/nginx',
    'https://hub.docker.com/r/grafana/grafana': 'grafana/grafana',
    'hub.docker.com/repository/docker': 'library/docker',
  }
  for (const [text, name] of Object.entries(named)) assert.equal(namedRepository(text), name, text)
  for (const text of [
    '',
    'ghcr.io/org/app',
    'a/b/c',
    '../x',
    'docker.io/',
    'a b',
    'nginx#1',
    'nginx?page=2',
    'x_',
    `a/${'b'.repeat(300)}`,
  ])
    assert.equal(
      codeOf(() => namedRepository(text)),
      'bad_request',
      text,
    )
})
