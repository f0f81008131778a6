// Clients that register themselves, by libraries that are not ours: openid-client, oauth4webapi (npm) and idpyoidc (PyPI). Each
// registers, signs a person in, and goes again.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { Agent } from '../lib/agent.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { needs, ROOT, where } from '../lib/parts.mjs'
import { corner } from '../lib/rp.mjs'

const SCOPE = 'openid profile email'
const plain = { execute: [client.allowInsecureRequests] }
const http = { [oauth.allowInsecureRequests]: true }
let open, guarded, rp, callback, token

const web = (more) => ({
  client_name: 'Newcomer',
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  ...more,
})

before(async () => {
  rp = await corner()
  callback = `${rp.origin}/callback`
  open = await provider({ registration: 'open' })
  guarded = await provider({ registration: 'protected' })
  token = guarded.json(['registration', 'token', 'add', '--name', 'walk', '--uses', '1']).token
})
after(async () => {
  await open?.stop()
  await guarded?.stop()
  await rp?.stop()
})

/** What a client does with its own registration: reads it, replaces it, ends it. */
async function manage(registered, then) {
  const authorization = `Bearer ${registered.registration_access_token}`
  const ask = (method, body) =>
    fetch(registered.registration_client_uri, {
      method,
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    })
  const read = await ask('GET')
  assert.equal(read.status, 200)
  const known = await read.json()
  assert.equal(known.client_id, registered.client_id)
  assert.equal(known.client_secret, registered.client_secret)
  const { registration_access_token, registration_client_uri, client_secret_expires_at, client_id_issued_at, ...body } = known
  const changed = await ask('PUT', { ...body, client_name: 'Renamed' })
  assert.equal(changed.status, 200)
  assert.equal((await changed.json()).client_name, 'Renamed')
  await then?.()
  assert.equal((await ask('DELETE')).status, 204)
  assert.equal((await ask('GET')).status, 401)
}

/** The code flow of openid-client, with PKCE. */
async function flow(config) {
  const verifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
  })
  const { left, seen } = await new Agent().authorize(url, ADA, callback)
  assert.deepEqual(seen, ['login', 'consent'], 'a stranger is always asked about')
  return client.authorizationCodeGrant(config, left, checks)
}

for (const method of ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'none']) {
  test(`openid-client: dynamicClientRegistration, code flow, ${method}`, async () => {
    const authentication = {
      client_secret_basic: client.ClientSecretBasic,
      client_secret_post: client.ClientSecretPost,
      client_secret_jwt: client.ClientSecretJwt,
      none: client.None,
    }[method]
    const metadata = web({ token_endpoint_auth_method: method })
    const config = await client.dynamicClientRegistration(new URL(open.issuer), metadata, authentication(), plain)
    const registered = config.clientMetadata()
    assert.equal(registered.token_endpoint_auth_method, method)
    assert.equal(registered.client_secret === undefined, method === 'none')
    const tokens = await flow(config)
    const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
    assert.equal(person.email, ADA.email)
    await manage(registered)
    await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), 'what it held has ended')
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token))
  })
}

test('openid-client: a client whose keys are its own', async () => {
  const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const jwk = { ...(await jose.exportJWK(key.publicKey)), alg: 'ES256', use: 'sig' }
  const metadata = web({
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    id_token_signed_response_alg: 'ES256',
    jwks: { keys: [jwk] },
  })
  const config = await client.dynamicClientRegistration(new URL(open.issuer), metadata, client.PrivateKeyJwt(key.privateKey), plain)
  assert.equal(config.clientMetadata().client_secret, undefined)
  const tokens = await flow(config)
  assert.equal(jose.decodeProtectedHeader(tokens.id_token).alg, 'ES256')
  await manage(config.clientMetadata())
})

test('oauth4webapi: with an initial access token, and without', async () => {
  const issuer = new URL(guarded.issuer)
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http))
  assert.equal(as.registration_endpoint, `${guarded.issuer}/register`)
  const ask = async (options) =>
    oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, web(), { ...http, ...options }))
  await assert.rejects(ask({}), (error) => {
    assert.ok(error instanceof oauth.WWWAuthenticateChallengeError)
    assert.equal(error.status, 401)
    assert.deepEqual(error.cause.map((challenge) => challenge.scheme), ['bearer'])
    return true
  })
  const registered = await ask({ initialAccessToken: token })
  await assert.rejects(ask({ initialAccessToken: token }), (error) => error.status === 401, 'it was for one client')
  const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()]
  const url = new URL(as.authorization_endpoint)
  url.search = new URLSearchParams({
    client_id: registered.client_id,
    redirect_uri: callback,
    response_type: 'code',
    scope: SCOPE,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  })
  const { left } = await new Agent().authorize(url, ADA, callback)
  const parameters = oauth.validateAuthResponse(as, registered, left, state)
  const authentication = oauth.ClientSecretBasic(registered.client_secret)
  const response = await oauth.authorizationCodeGrantRequest(as, registered, authentication, parameters, callback, verifier, http)
  const tokens = await oauth.processAuthorizationCodeResponse(as, registered, response, { expectedNonce: nonce, requireIdToken: true })
  assert.equal(oauth.getValidatedIdTokenClaims(tokens).aud, registered.client_id)
  await manage(registered)
})

test('oauth4webapi: what is wrong is said in the words of RFC 7591', async () => {
  const issuer = new URL(open.issuer)
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http))
  const bad = web({ redirect_uris: ['https://rp.example/cb#fragment'] })
  const answer = await oauth.dynamicClientRegistrationRequest(as, bad, http)
  await assert.rejects(oauth.processDynamicClientRegistrationResponse(answer), (error) => {
    assert.ok(error instanceof oauth.ResponseBodyError)
    assert.equal(error.error, 'invalid_redirect_uri')
    return true
  })
})

describe('in Python', needs('python'), () => {
  test('idpyoidc: registers and signs in', async () => {
    const own = await jose.generateKeyPair('RS256', { extractable: true })
    const given = JSON.stringify({
      issuer: open.issuer,
      callback,
      secret: '',
      keys: { keys: [{ ...(await jose.exportJWK(own.privateKey)), kid: 'own', alg: 'RS256', use: 'sig' }] },
      person: ADA,
    })
    const run = promisify(execFile)(where('python'), [join(ROOT, 'python/with_idpyoidc.py'), 'registration'], { timeout: 60_000 })
    run.child.stdin.end(given)
    await manage(JSON.parse((await run).stdout))
  })
})
