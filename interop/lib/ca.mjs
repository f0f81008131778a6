// A certificate authority for one run: its certificate, and one for every name of the walk.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** Files in `dir`: `ca.pem`, `site.pem`, `site.key`. */
export function authority(dir, names) {
  const at = (name) => join(dir, name)
  openssl('req', '-x509', ...CURVE, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '2', '-subj', '/CN=Ostiary interop',
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign')
  openssl('req', ...CURVE, '-keyout', at('site.key'), '-out', at('site.csr'), '-subj', `/CN=${names[0]}`)
  const sans = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',')
  writeFileSync(at('site.ext'), `subjectAltName=${sans}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`)
  openssl('x509', '-req', '-in', at('site.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial',
    '-out', at('site.pem'), '-days', '2', '-extfile', at('site.ext'))
  return { ca: at('ca.pem'), certificate: at('site.pem'), key: at('site.key'), pem: readFileSync(at('ca.pem')) }
}

/** Makes the Chromium whose HOME is `home` trust the authority. */
export function trust(home, ca) {
  for (const place of ['.pki/nssdb', '.local/share/pki/nssdb']) {
    const database = `sql:${join(home, place)}`
    mkdirSync(join(home, place), { recursive: true })
    execFileSync('certutil', ['-N', '-d', database, '--empty-password'])
    execFileSync('certutil', ['-A', '-d', database, '-t', 'C,,', '-n', 'interop', '-i', ca])
  }
}
