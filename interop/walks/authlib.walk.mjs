// Authlib (PyPI) as a relying party: each walk is a function of authlib/walks.py.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import { ADA, provider } from '../lib/op.mjs'
import { needs, ROOT, where } from '../lib/parts.mjs'
import { corner } from '../lib/rp.mjs'

const SECRET = 'a shared secret of more than thirty-two octets'
const WALKS = ['requests_basic', 'httpx_public', 'refresh', 'secret_jwt', 'private_jwt', 'client_credentials', 'revocation', 'wrong_verifier']

describe('Authlib', needs('python'), () => {
  let op, rp, given
  before(async () => {
    rp = await corner()
    const callback = `${rp.origin}/callback`
    const pair = await jose.generateKeyPair('RS256', { extractable: true })
    const own = { ...(await jose.exportJWK(pair.publicKey)), kid: 'own', alg: 'RS256', use: 'sig' }
    const web = (more) => ({
      client_name: 'Observatory',
      redirect_uris: [callback],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid profile email',
      ...more,
    })
    op = await provider({
      clients: {
        basic: { metadata: web({ id_token_signed_response_alg: 'ES256' }), secret: SECRET },
        public: { metadata: web({ token_endpoint_auth_method: 'none' }) },
        secret_jwt: { metadata: web({ token_endpoint_auth_method: 'client_secret_jwt' }), secret: SECRET },
        private_jwt: {
          metadata: web({
            token_endpoint_auth_method: 'private_key_jwt',
            token_endpoint_auth_signing_alg: 'RS256',
            jwks: { keys: [own] },
          }),
        },
        service: {
          metadata: { client_name: 'Service', grant_types: ['client_credentials'], scope: 'stars.read' },
          secret: SECRET,
        },
      },
    })
    given = JSON.stringify({
      issuer: op.issuer,
      callback,
      secret: SECRET,
      key: await jose.exportPKCS8(pair.privateKey),
      person: ADA,
    })
  })
  after(async () => {
    await op?.stop()
    await rp?.stop()
  })

  for (const walk of WALKS) {
    test(walk.replaceAll('_', ' '), async () => {
      const run = promisify(execFile)(where('python'), [join(ROOT, 'authlib/walks.py'), walk], { timeout: 60_000 })
      run.child.stdin.end(given)
      await run
    })
  }
})
