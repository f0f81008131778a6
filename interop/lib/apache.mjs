// Apache with mod_auth_openidc: one for each relying party, so that one can be down while the other is up, or one with many.

import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { asker } from './asked.mjs'
import { where } from './parts.mjs'
import { folder, freePort, start, until } from './started.mjs'

const MODULES = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'socache_shmcb', 'ssl', 'auth_openidc']
const WWW_DATA = 33

/**
 * mod_auth_openidc reaches the provider through this: a CONNECT proxy that knows where the provider's name lives, so that
 * nobody needs to write to /etc/hosts. TLS is between Apache and the provider.
 */
export async function nameProxy(host, port) {
  const server = createServer((_, response) => response.writeHead(405).end())
  server.on('connect', (asked, socket) => {
    if (asked.url !== `${host}:${port}`) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    const there = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n')
      there.pipe(socket).pipe(there)
    })
    for (const end of [there, socket]) end.on('error', () => { there.destroy(); socket.destroy() })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return { port: server.address().port, stop: () => server.close() }
}

/** A relying party: /protected/ needs a sign-in, / does not. Sessions are files, so that they outlive a restart of Apache. */
function site(dir, port, { tls, proxy }, { name, id, secret, directives = [] }, issuer) {
  const origin = `https://${name}:${port}`
  return `
<VirtualHost 127.0.0.1:${port}>
ServerName ${origin}
SSLEngine on
SSLCertificateFile ${tls.certificate}
SSLCertificateKeyFile ${tls.key}
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${id}
OIDCClientSecret "${secret}"
OIDCRedirectURI ${origin}/protected/redirect_uri
OIDCCryptoPassphrase "passphrase of ${name} in this run"
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCSessionType server-cache
OIDCCacheType file
OIDCCacheDir ${dir}/cache
OIDCCABundlePath ${tls.ca}
OIDCOutgoingProxy 127.0.0.1:${proxy}
OIDCRemoteUserClaim email
OIDCInfoHook id_token userinfo
${directives.join('\n')}
<Location /protected>
  AuthType openid-connect
  Require valid-user
</Location>
</VirtualHost>
`
}

function configuration(dir, port, settings, issuer) {
  return `
ServerRoot ${dir}
PidFile ${dir}/apache.pid
ErrorLog ${dir}/error.log
DefaultRuntimeDir ${dir}
Listen 127.0.0.1:${port}
${MODULES.map((module) => `LoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so`).join('\n')}
${process.getuid() === 0 ? 'User www-data\nGroup www-data' : ''}
ServerName localhost
UseCanonicalName On
DocumentRoot ${dir}/htdocs
LogLevel warn auth_openidc:info
<Directory ${dir}/htdocs>
  Require all granted
</Directory>
${settings.sites.map((each) => site(dir, port, settings, each, issuer)).join('')}
`
}

/**
 * An Apache with `sites` (`{ name, id, secret, directives }`), each at `https://NAME:PORT`. The first also answers to
 * 127.0.0.1, which is where the provider reaches it. `files` (path → text) stand beside the two pages, or in their place.
 */
export async function apache(settings) {
  const dir = folder()
  const port = await freePort()
  mkdirSync(join(dir, 'htdocs/protected'), { recursive: true })
  mkdirSync(join(dir, 'cache'))
  writeFileSync(join(dir, 'htdocs/index.html'), '<!doctype html><title>out</title><p id="open">open to all')
  writeFileSync(join(dir, 'htdocs/protected/index.html'), '<!doctype html><title>in</title><p id="inside">inside')
  for (const [path, text] of Object.entries(settings.files ?? {})) {
    mkdirSync(dirname(join(dir, 'htdocs', path)), { recursive: true })
    writeFileSync(join(dir, 'htdocs', path), text)
  }
  chmodSync(dir, 0o755)
  if (process.getuid() === 0) chownSync(join(dir, 'cache'), WWW_DATA, WWW_DATA)
  const file = join(dir, 'apache.conf')
  let running
  const asked = asker(port, settings.tls.pem)
  return {
    port,
    asked,
    log: () => readFileSync(join(dir, 'error.log'), 'utf8'),
    async start(issuer) {
      if (issuer) writeFileSync(file, configuration(dir, port, settings, issuer))
      running = start(where('apache2'), ['-d', dir, '-f', file, '-D', 'FOREGROUND'], { stdio: ['ignore', 'inherit', 'inherit'] })
      const [{ name }] = settings.sites
      await until(`${name} answers`, () => asked(name, '/').then((answer) => answer.status === 200, () => false))
    },
    stop: () => running?.stop(),
  }
}

/** The client metadata of a site, to be added to. */
export function metadata(name, port, more) {
  return {
    client_name: name,
    redirect_uris: [`https://${name}:${port}/protected/redirect_uri`],
    scope: 'openid profile email',
    ...more,
  }
}

/** What the provider reaches at the first site of an Apache. */
export const reached = (port, question) => `https://127.0.0.1:${port}/protected/redirect_uri?${question}`

/** An Apache of one relying party `https://NAME:PORT`. */
export async function relyingParty(name, { id, secret, ...settings }) {
  const server = await apache({ ...settings, sites: [{ name, id, secret }] })
  const origin = `https://${name}:${server.port}`
  return {
    ...server,
    name,
    id,
    origin,
    metadata: metadata(name, server.port, {
      post_logout_redirect_uris: [`${origin}/`],
      backchannel_logout_uri: reached(server.port, 'logout=backchannel'),
      backchannel_logout_session_required: true,
    }),
    asked: (path, headers) => server.asked(name, path, headers),
  }
}
