// Pushed authorization requests (RFC 9126) and DPoP (RFC 9449) as openid-client and oauth4webapi do them, with and without
// nonces, against the real binary.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { Agent } from '../lib/agent.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { corner } from '../lib/rp.mjs'

const SECRET = 'a shared secret of more than thirty-two octets'
const http = { [oauth.allowInsecureRequests]: true }
let op, rp, callback

const web = (more) => ({
  client_name: 'Vault',
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'refresh_token'],
  scope: 'openid profile email',
  ...more,
})

before(async () => {
  rp = await corner()
  callback = `${rp.origin}/callback`
  const bound = { require_pushed_authorization_requests: true, dpop_bound_access_tokens: true }
  op = await provider({
    clients: {
      plain: { metadata: web(), secret: SECRET },
      bound: { metadata: web(bound), secret: SECRET },
      wary: { metadata: web(bound), secret: SECRET, policy: { dpop_nonces: 'required' } },
      public: { metadata: web({ token_endpoint_auth_method: 'none', ...bound }), policy: { dpop_nonces: 'required' } },
    },
  })
})
after(async () => {
  await op?.stop()
  await rp?.stop()
})

const discover = (id, authentication) =>
  client.discovery(new URL(op.issuer), id, {}, authentication, { execute: [client.allowInsecureRequests] })

/** The whole flow of openid-client: pushed, and bound if there is a key. */
async function flow(config, DPoP) {
  const verifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const parameters = {
    redirect_uri: callback,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
  }
  const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri'])
  const { left } = await new Agent().authorize(url, ADA, callback)
  return client.authorizationCodeGrant(config, left, checks, undefined, { DPoP })
}

const introspect = (config, tokens) => client.tokenIntrospection(config, tokens.access_token)

test('openid-client pushes its request', async () => {
  const config = await discover('plain', client.ClientSecretBasic(SECRET))
  const tokens = await flow(config)
  assert.equal(tokens.token_type, 'bearer')
  assert.equal((await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)).email, ADA.email)
})

for (const [id, authentication] of [
  ['bound', () => client.ClientSecretBasic(SECRET)],
  ['wary', () => client.ClientSecretBasic(SECRET)],
  ['public', () => client.None()],
]) {
  test(`openid-client pushes and binds, and asks again with the nonce it is given: ${id}`, async () => {
    const config = await discover(id, authentication())
    const keys = await client.randomDPoPKeyPair('ES256')
    const DPoP = client.getDPoPHandle(config, keys)
    const tokens = await flow(config, DPoP)
    assert.equal(tokens.token_type, 'dpop')
    const { sub } = tokens.claims()
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).email, ADA.email)
    if (id !== 'public') {
      const known = await introspect(config, tokens)
      assert.equal(known.token_type, 'DPoP')
      assert.equal(known.cnf.jkt, await DPoP.calculateThumbprint())
    }
    // A bearer token it is not.
    await assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub), (error) => {
      assert.equal(error.cause[0].scheme, 'dpop')
      return true
    })
    const second = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
    assert.equal(second.token_type, 'dpop')
    assert.equal((await client.fetchUserInfo(config, second.access_token, sub, { DPoP })).name, ADA.name)
    // Another key: a public client's refresh token is bound to the first.
    const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair('Ed25519'))
    const third = client.refreshTokenGrant(config, second.refresh_token ?? tokens.refresh_token, undefined, { DPoP: other })
    if (id === 'public') await assert.rejects(third, { error: 'invalid_grant' })
    else assert.equal((await introspect(config, await third)).cnf.jkt, await other.calculateThumbprint())
  })
}

test('a client that must push and bind, and does neither, is refused', async () => {
  const config = await discover('bound', client.ClientSecretBasic(SECRET))
  const url = client.buildAuthorizationUrl(config, { redirect_uri: callback, scope: 'openid', state: 'here' })
  const { left } = await new Agent().authorize(url, ADA, callback)
  assert.equal(left.searchParams.get('error'), 'invalid_request')
  assert.equal(left.searchParams.get('state'), 'here')
})

for (const [alg, id] of [['ES256', 'bound'], ['PS256', 'wary'], ['Ed25519', 'wary']]) {
  test(`oauth4webapi, call by call: ${alg}, ${id}`, async () => {
    const issuer = new URL(op.issuer)
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http))
    assert.ok(as.dpop_signing_alg_values_supported.includes(alg))
    const self = { client_id: id }
    const authentication = oauth.ClientSecretBasic(SECRET)
    const DPoP = oauth.DPoP(self, await oauth.generateKeyPair(alg))
    const options = { ...http, DPoP }
    /** Once more, if the first answer was a nonce. */
    const again = async (ask, read) => {
      try {
        return await read(await ask())
      } catch (error) {
        if (!oauth.isDPoPNonceError(error)) throw error
        assert.equal(id, 'wary')
        return read(await ask())
      }
    }
    const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()]
    const parameters = new URLSearchParams({
      redirect_uri: callback,
      response_type: 'code',
      scope: 'openid profile email',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    const { request_uri } = await again(
      () => oauth.pushedAuthorizationRequest(as, self, authentication, parameters, options),
      (response) => oauth.processPushedAuthorizationResponse(as, self, response),
    )
    const url = new URL(as.authorization_endpoint)
    url.search = new URLSearchParams({ client_id: id, request_uri })
    const { left } = await new Agent().authorize(url, ADA, callback)
    const callbackParameters = oauth.validateAuthResponse(as, self, left, state)
    const tokens = await again(
      () => oauth.authorizationCodeGrantRequest(as, self, authentication, callbackParameters, callback, verifier, options),
      (response) => oauth.processAuthorizationCodeResponse(as, self, response, { expectedNonce: nonce, requireIdToken: true }),
    )
    assert.equal(tokens.token_type, 'dpop')
    const { sub } = oauth.getValidatedIdTokenClaims(tokens)
    const person = await again(
      () => oauth.userInfoRequest(as, self, tokens.access_token, options),
      (response) => oauth.processUserInfoResponse(as, self, sub, response),
    )
    assert.equal(person.email, ADA.email)
  })
}
