// The real binary, as an operator runs it: `init`, `user add`, `client add`, `resource add`, `serve`.

import { execFile, execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ROOT } from './parts.mjs'
import { folder, freePort, start } from './started.mjs'

export const ADA = {
  username: 'ada',
  password: 'the analytical engine weaves',
  name: 'Ada Lovelace',
  email: 'ada@example.org',
}
export const BLAISE = { username: 'blaise', password: 'arithmetique et triangles', name: 'Blaise Pascal' }

/**
 * A provider. `issuer` has PORT for its port; `environment` is configuration by variables; `clients` maps each client_id
 * to `{ metadata, secret?, policy?, args? }`, `registration` who may register one over HTTP, `resources` are descriptions of resource servers; `secrets` of the answer has what `client add` printed.
 */
export async function provider({ issuer = 'http://localhost:PORT', port, environment = {}, clients = {}, resources = [], registration, people = [ADA] } = {}) {
  const binary = process.env.OSTIARY_BIN
  if (!binary) throw new Error('OSTIARY_BIN is not set: run the walks by interop/run')
  port ??= await freePort()
  issuer = issuer.replace('PORT', port)
  const dir = folder()
  const env = {
    PATH: process.env.PATH,
    USER: 'interop',
    OSTIARY_CONFIG: join(dir, 'ostiary.toml'),
    OSTIARY_LISTEN: `["127.0.0.1:${port}"]`,
    ...environment,
  }
  const cli = (args, input) => execFileSync(binary, args, { env, input, encoding: 'utf8' })
  /** The same without holding up what else this process serves; a status that is not zero is an answer. */
  const asks = (args) =>
    new Promise((resolve) => execFile(binary, ['--json', ...args], { env, encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? 0, answer: stdout && JSON.parse(stdout), stderr })))
  const json = (args, input) => JSON.parse(cli(['--json', ...args], input))

  cli(['init', '--issuer', issuer, '--dir', dir])
  for (const person of people) {
    const claims = ['--name', person.name, ...(person.email ? ['--email', person.email, '--email-verified', 'true'] : [])]
    cli(['user', 'add', person.username, '--password-stdin', ...claims], `${person.password}\n`)
  }
  if (registration) cli(['registration', registration])
  const secrets = {}
  const add = (id, { metadata, secret, policy, args = [] }) => {
    const given = secret ? ['--client-secret', secret] : []
    if (policy) {
      writeFileSync(join(dir, `${id}.policy.json`), JSON.stringify(policy))
      given.push('--policy', join(dir, `${id}.policy.json`))
    }
    const answer = json(['client', 'add', '--client-id', id, ...given, ...args, '-'], JSON.stringify(metadata))
    secrets[id] = answer.client_secret
    return answer
  }
  for (const [id, client] of Object.entries(clients)) add(id, client)
  for (const described of resources) json(['resource', 'add', '-'], JSON.stringify(described))

  const logs = join(ROOT, '.work/logs')
  mkdirSync(logs, { recursive: true })
  const log = join(logs, `${basename(process.argv[1] ?? 'op', '.walk.mjs')}-${process.pid}-${port}.log`)
  const sink = openSync(log, 'w')
  const serving = start(binary, ['serve'], { env, stdio: ['ignore', 'pipe', sink] })
  closeSync(sink)
  await new Promise((resolve, reject) => {
    let said = ''
    serving.child.stdout.on('data', (data) => {
      said += data
      if (said.includes('listening on')) resolve()
    })
    serving.ended.then((how) => reject(new Error(`the provider ended (${how}):\n${said}\n${readFileSync(log, 'utf8')}`)))
  })
  return { issuer, port, dir, secrets, cli, asks, json, add, log: () => readFileSync(log, 'utf8'), stop: serving.stop }
}
