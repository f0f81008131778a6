// openid-client (npm), a certified relying party: what it sends and what it checks, against the real binary.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { Agent } from '../lib/agent.mjs'
import { allow, browser, signIn } from '../lib/browser.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { needs } from '../lib/parts.mjs'
import { corner } from '../lib/rp.mjs'

const SECRET = 'a shared secret of more than thirty-two octets'
const ALGS = ['RS256', 'PS256', 'ES256', 'EdDSA']
let op, rp, key, callback

const web = (more) => ({
  client_name: 'Library',
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'refresh_token'],
  scope: 'openid profile email offline_access',
  ...more,
})

before(async () => {
  rp = await corner()
  callback = `${rp.origin}/callback`
  key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const jwk = { ...(await jose.exportJWK(key.publicKey)), kid: 'own', alg: 'ES256', use: 'sig' }
  const clients = {
    basic: { metadata: web({ post_logout_redirect_uris: [`${rp.origin}/bye`] }), secret: SECRET },
    post: { metadata: web({ token_endpoint_auth_method: 'client_secret_post' }), secret: SECRET },
    secret_jwt: { metadata: web({ token_endpoint_auth_method: 'client_secret_jwt' }), secret: SECRET },
    private_jwt: {
      metadata: web({
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [jwk] },
      }),
    },
    public: { metadata: web({ token_endpoint_auth_method: 'none' }) },
    service: {
      metadata: { client_name: 'Service', grant_types: ['client_credentials'], scope: 'books.read books.write' },
      secret: SECRET,
    },
  }
  for (const scripts of ['on', 'off']) clients[`scripts_${scripts}`] = { metadata: web(), secret: SECRET }
  for (const alg of ALGS) clients[`id_${alg}`] = { metadata: web({ id_token_signed_response_alg: alg }), secret: SECRET }
  op = await provider({ clients })
})
after(async () => {
  await op?.stop()
  await rp?.stop()
})

const discover = (id, authentication, metadata = {}) =>
  client.discovery(new URL(op.issuer), id, metadata, authentication, { execute: [client.allowInsecureRequests] })

/** An authorization URL with everything that protects it. */
async function begin(config, more = {}) {
  const verifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...more,
  })
  return { url, checks }
}

/** The whole code flow. */
async function flow(config, { agent = new Agent(), ...more } = {}) {
  const { url, checks } = await begin(config, more)
  const { left, seen } = await agent.authorize(url, ADA, callback)
  const tokens = await client.authorizationCodeGrant(config, left, checks)
  return { tokens, left, seen, checks, agent }
}

const METHODS = [
  ['client_secret_basic', 'basic', () => client.ClientSecretBasic(SECRET)],
  ['client_secret_post', 'post', () => client.ClientSecretPost(SECRET)],
  ['client_secret_jwt', 'secret_jwt', () => client.ClientSecretJwt(SECRET)],
  ['private_key_jwt', 'private_jwt', () => client.PrivateKeyJwt({ key: key.privateKey, kid: 'own' })],
  ['none', 'public', () => client.None()],
]

for (const [method, id, authentication] of METHODS) {
  test(`discovery, code flow with PKCE, UserInfo: ${method}`, async () => {
    const config = await discover(id, authentication())
    assert.ok(config.serverMetadata().token_endpoint_auth_methods_supported.includes(method))
    const { tokens, left, seen } = await flow(config)
    assert.deepEqual(seen, ['login', 'consent'])
    assert.equal(left.searchParams.get('iss'), op.issuer)
    const claims = tokens.claims()
    assert.equal(claims.aud, id)
    assert.ok(claims.sid, 'a sid')
    const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
    assert.equal(person.name, ADA.name)
    assert.equal(person.email, ADA.email)
  })
}

for (const alg of ALGS) {
  test(`ID Token signed ${alg}`, async () => {
    const config = await discover(`id_${alg}`, client.ClientSecretBasic(SECRET), { id_token_signed_response_alg: alg })
    client.enableNonRepudiationChecks(config)
    const { tokens } = await flow(config)
    assert.equal(jose.decodeProtectedHeader(tokens.id_token).alg, alg)
  })
}

test('a wrong secret is invalid_client', async () => {
  const config = await discover('basic', client.ClientSecretBasic(`${SECRET}!`))
  await assert.rejects(client.clientCredentialsGrant(config), (error) => {
    assert.equal(error.status, 401)
    assert.equal(error.cause[0].scheme, 'basic')
    return true
  })
})

test('another state, nonce or iss is noticed; the right ones are not', async () => {
  const config = await discover('basic', client.ClientSecretBasic(SECRET))
  const agent = new Agent()
  const attempt = async (spoil, expected) => {
    const { url, checks } = await begin(config)
    const { left } = await agent.authorize(url, ADA, callback)
    spoil(left, checks)
    const grant = client.authorizationCodeGrant(config, left, checks)
    if (!expected) return grant
    await assert.rejects(grant, (error) => {
      assert.match(`${error.error ?? ''} ${error.cause?.message ?? ''}`, expected)
      return true
    })
  }
  await attempt(() => {})
  await attempt((left) => left.searchParams.set('state', 'another'), /state/)
  await attempt((left) => left.searchParams.set('iss', 'https://other.example'), /iss/)
  await attempt((_, checks) => { checks.expectedNonce = 'another' }, /nonce/)
  await attempt((_, checks) => { checks.pkceCodeVerifier = client.randomPKCECodeVerifier() }, /invalid_grant/)
})

test('a code is redeemed once; the second time its tokens die', async () => {
  const config = await discover('basic', client.ClientSecretBasic(SECRET))
  const { tokens, left, checks } = await flow(config)
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true)
  await assert.rejects(client.authorizationCodeGrant(config, left, checks), { error: 'invalid_grant' })
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
})

test('a public client’s refresh token rotates, and its reuse ends the grant', async () => {
  const config = await discover('public', client.None())
  const { tokens } = await flow(config)
  const second = await client.refreshTokenGrant(config, tokens.refresh_token)
  assert.notEqual(second.refresh_token, tokens.refresh_token)
  const third = await client.refreshTokenGrant(config, second.refresh_token)
  assert.equal(third.claims().sub, tokens.claims().sub)
  assert.equal(third.claims().sid, tokens.claims().sid)
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' })
  await assert.rejects(client.refreshTokenGrant(config, third.refresh_token), { error: 'invalid_grant' })
})

test('a confidential client keeps its refresh token', async () => {
  const config = await discover('post', client.ClientSecretPost(SECRET))
  const { tokens } = await flow(config)
  const again = await client.refreshTokenGrant(config, tokens.refresh_token)
  assert.ok(again.refresh_token === undefined || again.refresh_token === tokens.refresh_token)
  await client.refreshTokenGrant(config, tokens.refresh_token)
})

test('introspection and revocation', async () => {
  const config = await discover('private_jwt', client.PrivateKeyJwt({ key: key.privateKey, kid: 'own' }))
  const { tokens } = await flow(config)
  const known = await client.tokenIntrospection(config, tokens.access_token)
  assert.equal(known.active, true)
  assert.equal(known.sub, tokens.claims().sub)
  assert.equal(known.client_id, 'private_jwt')
  await client.tokenRevocation(config, tokens.refresh_token)
  assert.equal((await client.tokenIntrospection(config, tokens.refresh_token)).active, false)
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub))
})

test('client_credentials', async () => {
  const config = await discover('service', client.ClientSecretBasic(SECRET))
  const tokens = await client.clientCredentialsGrant(config, { scope: 'books.read' })
  assert.equal(tokens.scope ?? 'books.read', 'books.read')
  assert.equal(tokens.refresh_token, undefined)
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true)
})

test('prompt=none: login_required without a session, a code with one', async () => {
  const config = await discover('basic', client.ClientSecretBasic(SECRET))
  const agent = new Agent()
  const { url, checks } = await begin(config, { prompt: 'none' })
  const { left } = await agent.authorize(url, ADA, callback)
  await assert.rejects(client.authorizationCodeGrant(config, left, checks), { error: 'login_required' })
  await flow(config, { agent })
  const silent = await flow(config, { agent, prompt: 'none' })
  assert.deepEqual(silent.seen, [])
})

test('max_age=0 asks for the password again and auth_time says so', async () => {
  const config = await discover('basic', client.ClientSecretBasic(SECRET))
  const first = await flow(config, { max_age: '1000' })
  await new Promise((resolve) => setTimeout(resolve, 1100))
  const { url, checks } = await begin(config, { max_age: '0' })
  const { left, seen } = await first.agent.authorize(url, ADA, callback)
  assert.deepEqual(seen, ['login'])
  const tokens = await client.authorizationCodeGrant(config, left, { ...checks, maxAge: 0 })
  assert.ok(tokens.claims().auth_time > first.tokens.claims().auth_time)
  assert.equal(tokens.claims().sid, first.tokens.claims().sid)
})

test('the RP-initiated logout URL signs out and comes back', async () => {
  const config = await discover('basic', client.ClientSecretBasic(SECRET))
  const { tokens, agent } = await flow(config)
  const url = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: `${rp.origin}/bye`,
    state: 'remembered',
  })
  const { left } = await agent.follow(url.href, {}, `${rp.origin}/bye`)
  assert.equal(left?.searchParams.get('state'), 'remembered')
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
  const { url: again, checks } = await begin(config, { prompt: 'none' })
  const answer = await agent.authorize(again, ADA, callback)
  await assert.rejects(client.authorizationCodeGrant(config, answer.left, checks), { error: 'login_required' })
})

describe('in Chromium', needs('chromium'), () => {
  let chrome
  before(async () => { chrome = await browser() })
  after(() => chrome?.close())

  for (const scripts of ['on', 'off']) {
    test(`sign-in, consent and sign-out with scripts ${scripts}`, async () => {
      const config = await discover(`scripts_${scripts}`, client.ClientSecretBasic(SECRET))
      const context = await chrome.newContext({ javaScriptEnabled: scripts === 'on' })
      context.setDefaultTimeout(15_000)
      const page = await context.newPage()
      const complaints = []
      page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()) })
      const { url, checks } = await begin(config)
      await page.goto(url.href)
      await signIn(page, { ...ADA, password: 'not it' })
      await page.locator('#problem').waitFor()
      assert.equal(await page.locator('#username').inputValue(), ADA.username)
      await signIn(page, ADA)
      await allow(page)
      await page.waitForURL(`${callback}*`)
      const tokens = await client.authorizationCodeGrant(config, new URL(page.url()), checks)

      const second = await begin(config)
      await page.goto(second.url.href)
      await page.waitForURL(`${callback}*`)
      const again = await client.authorizationCodeGrant(config, new URL(page.url()), second.checks)
      assert.equal(again.claims().sid, tokens.claims().sid)

      // Without a hint the provider asks.
      await page.goto(client.buildEndSessionUrl(config).href)
      await page.locator('#logout').click()
      await page.locator('#signed-out').waitFor()
      assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
      await page.goto((await begin(config)).url.href)
      await page.locator('#login-form').waitFor()
      assert.deepEqual(complaints, [])
      await context.close()
    })
  }
})
