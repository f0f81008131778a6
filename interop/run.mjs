// Runs the walks, names each test, ends with `N passed, N failed`.

import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PARTS, isHere } from './lib/parts.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const only = process.argv[2] ?? ''
const strict = Boolean(process.env.CI)
let passed = 0
let failed = 0
let skipped = 0

for (const [name, part] of Object.entries(PARTS)) {
  if (isHere(name)) continue
  console.log(`missing: ${name}: ${part.advice}`)
  if (strict) failed += 1
}

const files = readdirSync(join(here, 'walks'))
  .filter((file) => file.endsWith('.walk.mjs') && file.includes(only))
  .map((file) => join(here, 'walks', file))
const started = Date.now()
const stream = run({ files, concurrency: 2, timeout: 600_000 })

const isFile = (event) => event.details?.type === 'suite' || event.name.endsWith('.walk.mjs')
const walk = (event) => (event.file ?? '').replace(/^.*\//, '').replace('.walk.mjs', '')
const seconds = (event) => `${(event.details.duration_ms / 1000).toFixed(1)} s`
stream.on('test:pass', (event) => {
  if (isFile(event)) return
  if (event.skip !== undefined) {
    skipped += 1
    console.log(`skip  ${walk(event)}: ${event.name} (${event.skip})`)
    return
  }
  passed += 1
  console.log(`ok    ${walk(event)}: ${event.name} (${seconds(event)})`)
})
stream.on('test:fail', (event) => {
  const error = event.details.error
  // A file fails with its tests; alone only when it breaks outside of them.
  if (isFile(event) && error?.failureType === 'subtestsFailed') return
  failed += 1
  const cause = error?.cause ?? error
  console.log(`FAIL  ${walk(event)}: ${event.name} (${seconds(event)})`)
  console.log(String(cause?.stack ?? cause).replace(/^/gm, '      '))
})
stream.on('test:stderr', (event) => process.stderr.write(event.message))
stream.on('end', () => {
  console.log(`${((Date.now() - started) / 1000).toFixed(0)} s`)
  if (strict && skipped > 0) failed += skipped
  if (passed + failed === 0) failed += 1
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
})
stream.resume()
