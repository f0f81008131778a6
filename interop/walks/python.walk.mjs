// Authlib and idpyoidc (PyPI) as relying parties: each walk is a function of python/with_authlib.py or python/with_idpyoidc.py.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import { ADA, provider } from '../lib/op.mjs'
import { needs, ROOT, where } from '../lib/parts.mjs'
import { corner } from '../lib/rp.mjs'
import { folder } from '../lib/started.mjs'

const SECRET = 'a shared secret of more than thirty-two octets'
const WALKS = {
  authlib: [
    'requests_basic', 'httpx_public', 'refresh', 'secret_jwt', 'private_jwt', 'client_credentials', 'revocation',
    'wrong_verifier', 'every_response_type', 'encrypted_id_token', 'signed_request',
  ],
  idpyoidc: ['every_response_type'],
}

describe('in Python', needs('python'), () => {
  let op, rp, given
  before(async () => {
    const requests = folder()
    const pages = { '/request.jwt': { type: 'application/oauth-authz-req+jwt', get body() { return readFileSync(join(requests, 'request.jwt')) } } }
    rp = await corner(pages)
    const callback = `${rp.origin}/callback`
    const own = await jose.generateKeyPair('RS256', { extractable: true })
    const box = await jose.generateKeyPair('RSA-OAEP-256', { extractable: true })
    const set = async (half) => [
      { ...(await jose.exportJWK(own[half])), kid: 'own', alg: 'RS256', use: 'sig' },
      { ...(await jose.exportJWK(box[half])), kid: 'box', use: 'enc' },
    ]
    const keys = await set('publicKey')
    const web = (more) => ({
      client_name: 'Observatory',
      redirect_uris: [callback],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid profile email',
      ...more,
    })
    // Native, so that tokens may come to loopback.
    const every = (more) => web({
      application_type: 'native',
      response_types: ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token', 'token'],
      grant_types: ['authorization_code', 'implicit', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_basic',
      ...more,
    })
    const sealed = { id_token_encrypted_response_alg: 'RSA-OAEP-256', id_token_encrypted_response_enc: 'A256GCM' }
    op = await provider({
      clients: {
        basic: { metadata: web({ id_token_signed_response_alg: 'ES256' }), secret: SECRET },
        public: { metadata: web({ token_endpoint_auth_method: 'none' }) },
        secret_jwt: { metadata: web({ token_endpoint_auth_method: 'client_secret_jwt' }), secret: SECRET },
        private_jwt: {
          metadata: web({
            token_endpoint_auth_method: 'private_key_jwt',
            token_endpoint_auth_signing_alg: 'RS256',
            jwks: { keys: [keys[0]] },
          }),
        },
        service: {
          metadata: { client_name: 'Service', grant_types: ['client_credentials'], scope: 'stars.read' },
          secret: SECRET,
        },
        every: { metadata: every(), secret: SECRET },
        encrypted: { metadata: every({ jwks: { keys }, ...sealed }), secret: SECRET },
      },
    })
    given = JSON.stringify({
      issuer: op.issuer,
      callback,
      secret: SECRET,
      key: await jose.exportPKCS8(own.privateKey),
      keys: { keys: await set('privateKey') },
      requests,
      person: ADA,
    })
  })
  after(async () => {
    await op?.stop()
    await rp?.stop()
  })

  for (const [library, walks] of Object.entries(WALKS)) {
    for (const walk of walks) {
      test(`${library}: ${walk.replaceAll('_', ' ')}`, async () => {
        const run = promisify(execFile)(where('python'), [join(ROOT, `python/with_${library}.py`), walk], { timeout: 60_000 })
        run.child.stdin.end(given)
        await run
      })
    }
  }
})
