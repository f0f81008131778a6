// An application with express-openid-connect, in a process of its own so that it can be down.

import { join } from 'node:path'
import { asker } from './asked.mjs'
import { ROOT } from './parts.mjs'
import { freePort, start, until } from './started.mjs'

/** One at `https://NAME:PORT`, whose logout tokens end one session (`ends: 'sid'`) or, as the library has it, the person's. */
export async function application(name, { tls, id, secret, ends = 'everything' }) {
  const port = await freePort()
  const origin = `https://${name}:${port}`
  const asked = asker(port, tls.pem)
  const settings = (issuer) => ({
    PATH: process.env.PATH,
    ISSUER_BASE_URL: issuer,
    BASE_URL: origin,
    CLIENT_ID: id,
    CLIENT_SECRET: secret,
    CERTIFICATE: tls.certificate,
    KEY: tls.key,
    PORT: String(port),
    ENDS: ends,
    NODE_EXTRA_CA_CERTS: tls.ca,
  })
  let running
  let environment
  return {
    name,
    id,
    port,
    origin,
    metadata: {
      client_name: name,
      redirect_uris: [`${origin}/callback`],
      post_logout_redirect_uris: [origin],
      scope: 'openid profile email',
      backchannel_logout_uri: `https://127.0.0.1:${port}/backchannel-logout`,
      backchannel_logout_session_required: true,
    },
    asked: (path, headers) => asked(name, path, headers),
    async start(issuer) {
      environment = issuer ? settings(issuer) : environment
      running = start(process.execPath, [join(ROOT, 'node/with_express.mjs')], { env: environment, stdio: ['ignore', 'ignore', 'inherit'] })
      await until(`${name} answers`, () => asked(name, '/').then((answer) => answer.status === 200, () => false))
    },
    stop: () => running?.stop(),
  }
}
