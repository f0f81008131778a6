// Apache with mod_auth_openidc, one for each relying party, so that one can be down while the other is up.

import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
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

/** The configuration of one relying party. Its sessions are files, so that they outlive a restart of Apache. */
function configuration(dir, name, port, settings) {
  const { tls, issuer, id, secret, proxy } = settings
  const origin = `https://${name}:${port}`
  return `
ServerRoot ${dir}
PidFile ${dir}/apache.pid
ErrorLog ${dir}/error.log
DefaultRuntimeDir ${dir}
Listen 127.0.0.1:${port}
${MODULES.map((module) => `LoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so`).join('\n')}
${process.getuid() === 0 ? 'User www-data\nGroup www-data' : ''}
ServerName ${origin}
UseCanonicalName On
DocumentRoot ${dir}/htdocs
LogLevel warn auth_openidc:info
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
<Directory ${dir}/htdocs>
  Require all granted
</Directory>
<Location /protected>
  AuthType openid-connect
  Require valid-user
</Location>
`
}

/** A relying party `https://NAME:PORT`: /protected/ needs a sign-in, / does not. */
export async function relyingParty(name, settings) {
  const dir = folder()
  const port = await freePort()
  mkdirSync(join(dir, 'htdocs/protected'), { recursive: true })
  mkdirSync(join(dir, 'cache'))
  writeFileSync(join(dir, 'htdocs/index.html'), `<!doctype html><title>${name}</title><p id="open">${name}, open to all`)
  writeFileSync(join(dir, 'htdocs/protected/index.html'), `<!doctype html><title>${name}</title><p id="inside">inside ${name}`)
  chmodSync(dir, 0o755)
  if (process.getuid() === 0) chownSync(join(dir, 'cache'), WWW_DATA, WWW_DATA)
  const file = join(dir, 'apache.conf')
  let running
  const asked = (path, headers = {}) =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, servername: name, ca: settings.tls.pem, path, agent: false, timeout: 5000 }
      const sent = request({ ...options, headers: { host: `${name}:${port}`, accept: 'text/html', ...headers } }, (response) => {
        let body = ''
        response.on('data', (data) => { body += data })
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
      })
      sent.on('error', reject).on('timeout', () => sent.destroy(new Error('timeout'))).end()
    })
  return {
    name,
    port,
    origin: `https://${name}:${port}`,
    metadata: {
      client_name: name,
      redirect_uris: [`https://${name}:${port}/protected/redirect_uri`],
      post_logout_redirect_uris: [`https://${name}:${port}/`],
      backchannel_logout_uri: `https://127.0.0.1:${port}/protected/redirect_uri?logout=backchannel`,
      backchannel_logout_session_required: true,
      scope: 'openid profile email',
    },
    asked,
    log: () => readFileSync(join(dir, 'error.log'), 'utf8'),
    async start(issuer) {
      if (issuer) writeFileSync(file, configuration(dir, name, port, { ...settings, issuer }))
      running = start(where('apache2'), ['-d', dir, '-f', file, '-D', 'FOREGROUND'], { stdio: ['ignore', 'inherit', 'inherit'] })
      await until(`${name} answers`, () => asked('/').then((answer) => answer.status === 200, () => false))
    },
    stop: () => running?.stop(),
  }
}
