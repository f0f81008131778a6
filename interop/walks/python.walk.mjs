// Authlib and idpyoidc (PyPI) as relying parties: each walk is a function of python/with_authlib.py or python/with_idpyoidc.py.

import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import { ADA, provider } from '../lib/op.mjs'
import { needs, ROOT, where } from '../lib/parts.mjs'
import { corner } from '../lib/rp.mjs'
import { folder } from '../lib/started.mjs'

const RESOURCE = 'https://observatory.example.org'
const SECRET = 'a shared secret of more than thirty-two octets'
const WALKS = {
  authlib: [
    'requests_basic', 'httpx_public', 'refresh', 'secret_jwt', 'private_jwt', 'client_credentials', 'revocation', 'resource_server',
    'wrong_verifier', 'every_response_type', 'signed_request_and_encrypted_id_token',
  ],
  idpyoidc: ['claims_of_others', 'every_response_type', 'sealed_userinfo', 'request_object', 'encrypted_request_object', 'request_uri', 'webfinger'],
}

describe('in Python', needs('python'), () => {
  let op, rp, given
  before(async () => {
    const requests = folder()
    rp = await corner({
      '/claims': { type: 'application/jwt', body: 'score' },
      '/request.jwt': {
        type: 'application/oauth-authz-req+jwt',
        get body() { return readFileSync(join(requests, 'request.jwt')) },
      },
    })
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
    const sealed = (what) => ({
      metadata: every({
        jwks: { keys },
        [`${what}_signed_response_alg`]: 'RS256',
        [`${what}_encrypted_response_alg`]: 'RSA-OAEP-256',
        [`${what}_encrypted_response_enc`]: 'A256GCM',
      }),
      secret: SECRET,
    })
    const request_uri = `${rp.origin}/request.jwt`
    const requesting = (alg) => ({
      metadata: every({ request_object_signing_alg: alg, jwks: { keys }, request_uris: [request_uri] }),
      secret: SECRET,
    })
    op = await provider({
      resources: [{ resource: RESOURCE, access_token_format: 'jwt', scopes: { 'stars.watch': {} } }],
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
          metadata: { client_name: 'Service', grant_types: ['client_credentials'], scope: 'stars.read stars.watch' },
          secret: SECRET,
          policy: { targets: [RESOURCE] },
        },
        every: { metadata: every(), secret: SECRET },
        others: { metadata: every(), secret: SECRET },
        sealed: sealed('id_token'),
        userinfo: sealed('userinfo'),
        request_RS256: requesting('RS256'),
        request_HS256: requesting('HS256'),
        request_none: requesting('none'),
      },
    })
    const office = await jose.generateKeyPair('ES256', { extractable: true })
    const office_jwks = { keys: [{ ...(await jose.exportJWK(office.publicKey)), kid: 'office', alg: 'ES256', use: 'sig' }] }
    const about_ada = new jose.SignJWT({ degree: 'PhD' }).setIssuer('https://office.example').setExpirationTime('1h')
    const file = (name, text) => {
      writeFileSync(join(requests, name), text)
      return join(requests, name)
    }
    const jwks = file('office.jwks', JSON.stringify(office_jwks))
    const jwt = file('ada.jwt', await about_ada.setProtectedHeader({ alg: 'ES256', kid: 'office' }).sign(office.privateKey))
    const source = (name, kind, claim, ...more) => op.cli(['claim-source', 'add', name, '--kind', kind, '--claim', claim, ...more])
    source('office', 'aggregated', 'degree', '--issuer', 'https://office.example', '--jwks', jwks)
    op.cli(['claim-source', 'link', 'office', ADA.username, '--jwt', jwt])
    source('bank', 'distributed', 'credit_score', '--endpoint', `${rp.origin}/claims`)
    op.cli(['claim-source', 'link', 'bank', ADA.username, '--token-stdin'], 'ksj3n283dke')
    op.cli(['user', 'update', ADA.username, '--claim', 'name#de=Äda', '--claim', 'nickname#ja=エイダ'])
    // A running server notices within a second.
    await new Promise((resolve) => setTimeout(resolve, 2000))
    given = JSON.stringify({
      resource: RESOURCE,
      issuer: op.issuer,
      callback,
      secret: SECRET,
      key: await jose.exportPKCS8(own.privateKey),
      keys: { keys: await set('privateKey') },
      requests,
      request_uri,
      person: ADA,
      office: office_jwks,
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
