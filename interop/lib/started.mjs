// Processes and folders a walk starts, all of them gone when it ends, however it ends.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const children = new Set()
const folders = new Set()

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(1))

/** A folder of this run's own. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'ostiary-interop-'))
  folders.add(path)
  return path
}

/** Starts a program; `stop()` ends it and waits. */
export function start(program, args, options) {
  const child = spawn(program, args, options)
  children.add(child)
  const ended = new Promise((resolve) => {
    child.on('error', (error) => {
      children.delete(child)
      resolve(`${error}`)
    })
    child.on('exit', (code, signal) => {
      children.delete(child)
      resolve(code ?? signal)
    })
  })
  const stop = async (signal = 'SIGTERM') => {
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    const how = await ended
    clearTimeout(late)
    return how
  }
  return { child, ended, stop }
}

/** A port nobody listens on just now. */
export async function freePort() {
  const server = createServer()
  await new Promise((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks again and again until the answer is truthy. */
export async function until(what, ask, ms = 15_000) {
  const end = Date.now() + ms
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await pause(100)
  }
}
