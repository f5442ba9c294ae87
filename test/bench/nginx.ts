import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/ports.ts'
import { startChild } from './child.ts'
import { installed, type Launcher, type Setting } from './subjects.ts'

/**
 * nginx with proxy_cache, tuned as its users would: one fill at a time, kept connections, sendfile, no log.
 * No `aio threads`: a third more for 64 big streams, but less than half the manifests.
 */
export function nginx(): Launcher {
  return {
    name: 'nginx',
    missing: () => (installed('nginx') ? undefined : 'nginx is not installed'),
    async start(setting) {
      const port = await freePort()
      const file = join(setting.folder, 'nginx.conf')
      mkdirSync(join(setting.folder, 'cache'))
      writeFileSync(file, configuration(setting, port))
      const url = `${setting.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
      const args = ['-p', setting.folder, '-c', file, '-e', 'stderr']
      const child = await startChild({
        command: 'nginx',
        args,
        folder: setting.folder,
        readyUrl: `${url}/v2/`,
      })
      return { name: 'nginx', url, folder: setting.folder, ...child }
    },
  }
}

function configuration({ upstreamUrl, folder, tagTtlSeconds = 600, tls }: Setting, port: number): string {
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
pid ${folder}/pid;
worker_processes 2;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=bench:16m max_size=60g inactive=1d use_temp_path=off;
  upstream registry { server ${new URL(upstreamUrl).host}; keepalive 32; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} ${tls === undefined ? '' : 'ssl'} backlog=1024;
    ${tls === undefined ? '' : `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}; ssl_protocols TLSv1.3;`}
    location /v2/ {
      proxy_pass http://registry;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache bench;
      proxy_cache_key $uri;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 300s;
      proxy_cache_lock_age 300s;
      proxy_force_ranges on;
      proxy_cache_valid 200 ${tagTtlSeconds}s;
    }
  }
}
`
}
