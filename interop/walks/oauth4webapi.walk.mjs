// oauth4webapi (npm): the library below openid-client, call by call, each answer checked as strictly as it can.

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
let op, rp, as, callback
const keys = {}

before(async () => {
  rp = await corner()
  callback = `${rp.origin}/callback`
  const web = (more) => ({
    client_name: 'Archive',
    redirect_uris: [callback],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile email',
    ...more,
  })
  const clients = {
    basic: { metadata: web(), secret: SECRET },
    post: { metadata: web({ token_endpoint_auth_method: 'client_secret_post' }), secret: SECRET },
    secret_jwt: { metadata: web({ token_endpoint_auth_method: 'client_secret_jwt' }), secret: SECRET },
    public: { metadata: web({ token_endpoint_auth_method: 'none' }) },
    service: {
      metadata: { client_name: 'Service', grant_types: ['client_credentials'], scope: 'a b' },
      secret: SECRET,
    },
  }
  for (const alg of ALGS) {
    keys[alg] = await oauth.generateKeyPair(alg === 'EdDSA' ? 'Ed25519' : alg)
    const jwk = { ...(await jose.exportJWK(keys[alg].publicKey)), kid: alg, use: 'sig' }
    const metadata = web({ token_endpoint_auth_method: 'private_key_jwt', id_token_signed_response_alg: alg, jwks: { keys: [jwk] } })
    clients[`key_${alg}`] = { metadata }
  }
  op = await provider({ clients })
  const issuer = new URL(op.issuer)
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http))
})
after(async () => {
  await op?.stop()
  await rp?.stop()
})

async function flow(client, authentication) {
  const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()]
  const url = new URL(as.authorization_endpoint)
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: callback,
    response_type: 'code',
    scope: 'openid profile email',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  })
  const { left } = await new Agent().authorize(url, ADA, callback)
  const parameters = oauth.validateAuthResponse(as, client, left, state)
  assert.equal(parameters.get('iss'), op.issuer)
  const response = await oauth.authorizationCodeGrantRequest(as, client, authentication, parameters, callback, verifier, http)
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true })
  await oauth.validateApplicationLevelSignature(as, response, http)
  return tokens
}

async function userInfo(client, tokens) {
  const { sub } = oauth.getValidatedIdTokenClaims(tokens)
  const response = await oauth.userInfoRequest(as, client, tokens.access_token, http)
  return oauth.processUserInfoResponse(as, client, sub, response)
}

const introspect = async (client, authentication, token) =>
  oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, authentication, token, http))

// oauth4webapi names the algorithm as RFC 9864 does, `Ed25519`; the provider says `EdDSA` in its metadata.
const polymorphic = { [oauth.modifyAssertion]: (header) => { header.alg = 'EdDSA' } }

const cases = [
  ['client_secret_basic', { client_id: 'basic' }, () => oauth.ClientSecretBasic(SECRET)],
  ['client_secret_post', { client_id: 'post' }, () => oauth.ClientSecretPost(SECRET)],
  ['client_secret_jwt', { client_id: 'secret_jwt' }, () => oauth.ClientSecretJwt(SECRET)],
  ['none', { client_id: 'public' }, () => oauth.None()],
  ...ALGS.map((alg) => [
    `private_key_jwt with ${alg}, ID Token too`,
    { client_id: `key_${alg}`, id_token_signed_response_alg: alg },
    () => oauth.PrivateKeyJwt({ key: keys[alg].privateKey, kid: alg }, alg === 'EdDSA' ? polymorphic : undefined),
  ]),
]
for (const [name, client, authentication] of cases) {
  test(`code flow, UserInfo, refresh: ${name}`, async () => {
    const tokens = await flow(client, authentication())
    assert.equal((await userInfo(client, tokens)).email, ADA.email)
    const refreshed = await oauth.refreshTokenGrantRequest(as, client, authentication(), tokens.refresh_token, http)
    const second = await oauth.processRefreshTokenResponse(as, client, refreshed)
    assert.notEqual(second.access_token, tokens.access_token)
    assert.equal((await userInfo(client, second)).name, ADA.name)
  })
}

test('introspection and revocation by a client with a signed assertion', async () => {
  const client = { client_id: 'key_ES256', id_token_signed_response_alg: 'ES256' }
  const authentication = oauth.PrivateKeyJwt({ key: keys.ES256.privateKey, kid: 'ES256' })
  const tokens = await flow(client, authentication)
  assert.equal((await introspect(client, authentication, tokens.access_token)).active, true)
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, tokens.access_token, http))
  assert.equal((await introspect(client, authentication, tokens.access_token)).active, false)
})

test('an assertion signed with a foreign key, or sent twice, is refused', async () => {
  const client = { client_id: 'key_PS256' }
  const foreign = oauth.PrivateKeyJwt({ key: keys.RS256.privateKey, kid: 'PS256' })
  const refused = await oauth.introspectionRequest(as, client, foreign, 'token', http)
  assert.equal(refused.status, 401)
  assert.equal((await refused.json()).error, 'invalid_client')
  // The same jti twice.
  const jti = crypto.randomUUID()
  const twice = oauth.PrivateKeyJwt(
    { key: keys.PS256.privateKey, kid: 'PS256' },
    { [oauth.modifyAssertion]: (_, payload) => { payload.jti = jti } },
  )
  assert.equal((await introspect(client, twice, 'token')).active, false)
  assert.equal((await oauth.introspectionRequest(as, client, twice, 'token', http)).status, 401)
})

test('client_credentials: the scopes asked for, and no others', async () => {
  const client = { client_id: 'service' }
  const authentication = oauth.ClientSecretBasic(SECRET)
  const response = await oauth.clientCredentialsGrantRequest(as, client, authentication, { scope: 'a' }, http)
  const tokens = await oauth.processClientCredentialsResponse(as, client, response)
  const known = await introspect(client, authentication, tokens.access_token)
  assert.equal(known.scope, 'a')
  assert.equal(known.client_id, 'service')
})

test('the metadata of RFC 8414 is the same document', async () => {
  const issuer = new URL(op.issuer)
  const answer = await oauth.discoveryRequest(issuer, { ...http, algorithm: 'oauth2' })
  assert.deepEqual(await oauth.processDiscoveryResponse(issuer, answer), as)
})
