// Native SSO for Mobile Apps: openid-client and oauth4webapi (npm) as the second app on a device. They know token exchange
// as any grant there is; what comes back they check as strictly as they check everything.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { Agent } from '../lib/agent.mjs'
import { ADA, provider } from '../lib/op.mjs'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const http = { [oauth.allowInsecureRequests]: true }
const told = []
let op, rp, as, callback

/** Where redirects and logout tokens arrive: at `/told/` and the app's name. */
async function apps() {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (data) => (body += data))
    request.on('end', () => {
      if (request.url.startsWith('/told/')) told.push([request.url.slice(6), new URLSearchParams(body).get('logout_token')])
      response.end()
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve) })
  return { origin: `http://127.0.0.1:${server.address().port}`, stop }
}

before(async () => {
  rp = await apps()
  callback = `${rp.origin}/callback`
  const app = (id) => ({
    metadata: {
      client_name: id,
      application_type: 'native',
      redirect_uris: [callback],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', EXCHANGE],
      scope: 'openid email device_sso',
      backchannel_logout_uri: `${rp.origin}/told/${id}`,
    },
    policy: { consent: 'first-party', native_sso: { group: 'acme' } },
  })
  op = await provider({ clients: { mail: app('mail'), calendar: app('calendar'), maps: app('maps') } })
  assert.equal(op.json(['native-sso', 'on']).native_sso, 'on')
  const issuer = new URL(op.issuer)
  for (let tries = 0; !as?.native_sso_supported; tries += 1) {
    assert.ok(tries < 50, 'the running server notices')
    await new Promise((resolve) => setTimeout(resolve, 100))
    as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http))
  }
})
after(async () => {
  await op?.stop()
  await rp?.stop()
})

/** The first app, by oauth4webapi: the code flow, and what it puts into the keychain. */
async function mail() {
  const app = { client_id: 'mail' }
  const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()]
  const url = new URL(as.authorization_endpoint)
  url.search = new URLSearchParams({
    client_id: 'mail',
    redirect_uri: callback,
    response_type: 'code',
    scope: 'openid email device_sso',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  })
  const { left } = await new Agent().authorize(url, ADA, callback)
  const parameters = oauth.validateAuthResponse(as, app, left, state)
  const response = await oauth.authorizationCodeGrantRequest(as, app, oauth.None(), parameters, callback, verifier, http)
  const tokens = await oauth.processAuthorizationCodeResponse(as, app, response, { requireIdToken: true })
  return { tokens, claims: oauth.getValidatedIdTokenClaims(tokens) }
}

const exchange = (tokens) => ({
  audience: op.issuer,
  subject_token: tokens.id_token,
  subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  actor_token: tokens.device_secret,
  actor_token_type: 'urn:openid:params:token-type:device-secret',
  scope: 'openid email device_sso',
})

test('oauth4webapi signs in without a browser, and openid-client by what it got', async () => {
  const first = await mail()
  assert.ok(first.tokens.device_secret && first.claims.ds_hash && first.claims.sid)
  const calendar = { client_id: 'calendar' }
  const asked = oauth.genericTokenEndpointRequest(as, calendar, oauth.None(), EXCHANGE, exchange(first.tokens), http)
  const second = await oauth.processGenericTokenEndpointResponse(as, calendar, await asked)
  assert.equal(second.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token')
  const claims = oauth.getValidatedIdTokenClaims(second)
  assert.equal(claims.sub, first.claims.sub)
  assert.equal(claims.ds_hash, first.claims.ds_hash)
  assert.notEqual(claims.sid, first.claims.sid)
  const info = await oauth.userInfoRequest(as, calendar, second.access_token, http)
  assert.equal((await oauth.processUserInfoResponse(as, calendar, claims.sub, info)).email, ADA.email)

  const maps = await client.discovery(new URL(op.issuer), 'maps', undefined, client.None(), { execute: [client.allowInsecureRequests] })
  const third = await client.genericGrantRequest(maps, EXCHANGE, exchange(second))
  assert.equal(third.claims().sub, first.claims.sub)
  assert.equal(third.device_secret, first.tokens.device_secret)
  const refreshed = await client.refreshTokenGrant(maps, third.refresh_token, { device_secret: third.device_secret })
  assert.equal(refreshed.claims().ds_hash, first.claims.ds_hash)

  // Signing out the device: each of them was told, and none gets anything any more.
  const device = op.json(['session', 'list']).find((session) => session.kind === 'device')
  await op.asks(['session', 'end', device.id])
  for (let tries = 0; told.length < 3; tries += 1) {
    assert.ok(tries < 100, `told: ${told.map(([who]) => who)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.deepEqual(told.map(([who]) => who).sort(), ['calendar', 'mail', 'maps'])
  await assert.rejects(client.refreshTokenGrant(maps, refreshed.refresh_token ?? third.refresh_token), { error: 'invalid_grant' })
  await assert.rejects(client.genericGrantRequest(maps, EXCHANGE, exchange(second)), { error: 'invalid_grant' })
})

test('a device secret and an ID Token of two devices do not go together', async () => {
  const [one, two] = [await mail(), await mail()]
  const maps = await client.discovery(new URL(op.issuer), 'maps', undefined, client.None(), { execute: [client.allowInsecureRequests] })
  const crossed = { ...exchange(one.tokens), actor_token: two.tokens.device_secret }
  await assert.rejects(client.genericGrantRequest(maps, EXCHANGE, crossed), { error: 'invalid_request' })
})
