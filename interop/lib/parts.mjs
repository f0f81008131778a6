// What a walk needs besides npm's packages, and what to do where it is missing.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder `interop/`. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

const anywhere = (name) => ['/usr/bin', '/usr/sbin', '/bin', '/sbin', '/usr/local/bin'].map((dir) => join(dir, name))

export const PARTS = {
  chromium: { places: anywhere('chromium'), advice: 'apt-get install chromium' },
  apache2: { places: anywhere('apache2'), advice: 'apt-get install apache2' },
  mod_auth_openidc: {
    places: ['/usr/lib/apache2/modules/mod_auth_openidc.so'],
    advice: 'apt-get install libapache2-mod-auth-openidc',
  },
  certutil: { places: anywhere('certutil'), advice: 'apt-get install libnss3-tools' },
  openssl: { places: anywhere('openssl'), advice: 'apt-get install openssl' },
  python: { places: [join(ROOT, '.venv/bin/python')], advice: 'apt-get install python3-venv, then interop/run again' },
}

/** Where a part is, or undefined. */
export const where = (name) => PARTS[name].places.find((place) => existsSync(place))

export const isHere = (name) => where(name) !== undefined

/** For a test's options: skipped where a part is missing. With CI set, run.mjs counts that as a failure. */
export function needs(...names) {
  const missing = names.filter((name) => !isHere(name))
  return missing.length === 0 ? {} : { skip: `missing: ${missing.join(', ')}` }
}
