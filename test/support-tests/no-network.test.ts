import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, it } from 'node:test'

const GUARD = new URL('../support/no-network.ts', import.meta.url).href

interface Outcome {
  readonly code: number | null
  readonly text: string
}

/** Runs a module in a child process behind the guard. */
function run(source: string): Promise<Outcome> {
  const child = spawn(process.execPath, ['--import', GUARD, '--input-type=module', '-e', source])
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })))
}

void describe('the network guard', () => {
  for (const [what, source] of Object.entries({
    'an address': `import net from 'node:net'; try { net.connect(80, '192.0.2.1') } catch {}`,
    'an address in options': `import net from 'node:net'; try { net.connect({ port: 80, host: '2001:db8::1' }) } catch {}`,
    'a name': `import net from 'node:net'; try { net.connect({ port: 80, host: 'registry.example' }) } catch {}`,
    'an http request': `import { get } from 'node:http'; try { get('http://192.0.2.1/').on('error', () => {}) } catch {}`,
    'the built-in fetch': `await fetch('http://registry.example/').catch(() => {})`,
    'a named import of lookup': `import { lookup } from 'node:dns'; try { lookup('registry.example', () => {}) } catch {}`,
    'a DNS query': `import { Resolver } from 'node:dns'; const r = new Resolver(); r.setServers(['192.0.2.1']); try { r.resolve4('a.example', () => {}) } catch {}`,
    'a datagram': `import dgram from 'node:dgram'; const s = dgram.createSocket('udp4'); try { s.send('x', 53, '192.0.2.1') } catch {} s.close()`,
    'a name whose own resolver leaves': `import net from 'node:net'
      process.on('uncaughtException', () => {})
      net.connect({ port: 80, host: 'a.example', lookup: (h, o, cb) => setTimeout(cb, 0, null, [{ address: '192.0.2.1', family: 4 }]) })`,
  })) {
    void it(`stops ${what} and fails the process although the error was swallowed`, async () => {
      const { code, text } = await run(source)
      assert.match(text, /no network in tests/)
      assert.equal(code, 1)
    })
  }

  void it('lets loopback pass: addresses, localhost, sockets in files, names that resolve to it', async () => {
    const { code, text } = await run(`
      import net from 'node:net'
      import { once } from 'node:events'
      const server = net.createServer((socket) => socket.end()).listen(0)
      await once(server, 'listening')
      const { port } = server.address()
      const lookup = (host, options, done) => done(null, [{ address: '127.0.0.1', family: 4 }])
      for (const target of [{ port, host: '127.0.0.1' }, { port, host: '::1' }, { port, host: 'localhost' },
        { port, host: 'registry.example', lookup }, { port }]) {
        const socket = net.connect(target)
        await once(socket, 'connect')
        socket.destroy()
      }
      net.connect('/nowhere.sock').on('error', (error) => console.log(error.code))
      server.close()
    `)
    assert.equal(text.trim(), 'ENOENT')
    assert.equal(code, 0)
  })
})
