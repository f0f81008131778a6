// Resource servers that are not ours, verifying our access tokens by themselves (RFC 9068): oauth4webapi and jose (npm).
// Authlib does so in python/with_authlib.py.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as jose from 'jose'
import * as oauth from 'oauth4webapi'
import { Agent } from '../lib/agent.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { corner } from '../lib/rp.mjs'

const SECRET = 'a shared secret of more than thirty-two octets'
const ALGS = ['RS256', 'PS256', 'ES256', 'EdDSA']
const http = { [oauth.allowInsecureRequests]: true }
const api = (alg) => `https://api.example.org/${alg}`
let op, rp, as, callback
const client = { client_id: 'reader' }
const authentication = oauth.ClientSecretBasic(SECRET)

before(async () => {
  rp = await corner()
  callback = `${rp.origin}/callback`
  op = await provider({
    clients: {
      reader: {
        metadata: {
          client_name: 'Reader',
          redirect_uris: [callback],
          grant_types: ['authorization_code', 'refresh_token'],
        },
        secret: SECRET,
      },
    },
    resources: ALGS.map((alg) => ({
      resource: api(alg),
      access_token_format: 'jwt',
      access_token_signing_alg: alg,
      scopes: { [`${alg}:read`]: { title: `Read by ${alg}` } },
    })),
  })
  const issuer = new URL(op.issuer)
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http))
})
after(async () => {
  await op?.stop()
  await rp?.stop()
})

const scope = `openid ${ALGS.map((alg) => `${alg}:read`).join(' ')}`

/** A code for all of the resource servers. */
async function begin() {
  const verifier = oauth.generateRandomCodeVerifier()
  const url = new URL(as.authorization_endpoint)
  url.search = new URLSearchParams([
    ...Object.entries({
      client_id: client.client_id,
      redirect_uri: callback,
      response_type: 'code',
      scope,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }),
    ...ALGS.map((alg) => ['resource', api(alg)]),
  ])
  const { left } = await new Agent().authorize(url, ADA, callback)
  const parameters = oauth.validateAuthResponse(as, client, left)
  const target = { ...http, additionalParameters: { resource: api('RS256') } }
  const response = await oauth.authorizationCodeGrantRequest(as, client, authentication, parameters, callback, verifier, target)
  return oauth.processAuthorizationCodeResponse(as, client, response)
}

async function refreshed(tokens, alg) {
  const target = { ...http, additionalParameters: { resource: api(alg) } }
  const response = await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, target)
  return oauth.processRefreshTokenResponse(as, client, response)
}

/** A request as the resource server gets it. */
const asked = (token) => new Request('http://localhost/books', { headers: { authorization: `Bearer ${token}` } })

test('oauth4webapi validates what it is given, and nothing that is for another', async () => {
  const tokens = await begin()
  for (const alg of ALGS) {
    const { access_token: token, scope } = alg === 'RS256' ? tokens : await refreshed(tokens, alg)
    assert.equal(scope, `${alg}:read`)
    const options = { ...http, signingAlgorithms: [alg === 'EdDSA' ? 'Ed25519' : alg, alg] }
    const claims = await oauth.validateJwtAccessToken(as, asked(token), api(alg), options)
    assert.equal(claims.client_id, client.client_id)
    assert.equal(claims.scope, `${alg}:read`)
    assert.equal(claims.sub, oauth.getValidatedIdTokenClaims(tokens).sub)
    await assert.rejects(oauth.validateJwtAccessToken(as, asked(token), api('other'), options), 'another audience')
    await assert.rejects(oauth.validateJwtAccessToken(as, asked(tokens.id_token), client.client_id, options), 'an ID Token')
  }
})

test('jose verifies signature, type, issuer and audience', async () => {
  const tokens = await begin()
  const keys = jose.createRemoteJWKSet(new URL(as.jwks_uri))
  for (const alg of ALGS) {
    const { access_token: token } = alg === 'RS256' ? tokens : await refreshed(tokens, alg)
    const rules = { issuer: op.issuer, audience: api(alg), typ: 'at+jwt', algorithms: [alg], requiredClaims: ['jti', 'iat', 'exp', 'sub', 'client_id'] }
    const { payload } = await jose.jwtVerify(token, keys, rules)
    assert.equal(payload.exp - payload.iat, 300)
    await assert.rejects(jose.jwtVerify(tokens.id_token, keys, { ...rules, audience: client.client_id, algorithms: ['RS256'] }))
    const bent = token.slice(0, -8) + (token.at(-8) === 'A' ? 'B' : 'A') + token.slice(-7)
    await assert.rejects(jose.jwtVerify(bent, keys, rules))
  }
})
