// openid-client (npm) again: what comes through the browser, what is encrypted, and requests that are signed.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { Agent } from '../lib/agent.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { corner } from '../lib/rp.mjs'

const SECRET = 'a shared secret of more than thirty-two octets'
const ENCRYPTIONS = [
  ['RSA-OAEP', 'A128CBC-HS256'],
  ['RSA-OAEP-256', 'A256GCM'],
  ['ECDH-ES', 'A128GCM'],
  ['ECDH-ES+A128KW', 'A256CBC-HS512'],
]
const OBJECTS = ['ES256', 'PS256', 'RS256']
const agent = new Agent()
const pages = {}
const keys = {}
let op, rp, callback

before(async () => {
  rp = await corner(pages)
  callback = `${rp.origin}/callback`
  // Native, so that tokens may come to loopback.
  const every = (more) => ({
    client_name: 'Every type',
    application_type: 'native',
    redirect_uris: [callback],
    response_types: ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token', 'token', 'none'],
    grant_types: ['authorization_code', 'implicit', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic',
    scope: 'openid profile email',
    ...more,
  })
  const own = async (alg, use) => {
    keys[alg] = await jose.generateKeyPair(alg, { extractable: true })
    return { keys: [{ ...(await jose.exportJWK(keys[alg].publicKey)), kid: alg, alg, use }] }
  }
  const clients = {
    types: { metadata: every(), secret: SECRET },
    signed: { metadata: every({ userinfo_signed_response_alg: 'ES256' }), secret: SECRET },
  }
  for (const alg of OBJECTS) {
    const more = { jwks: await own(alg, 'sig'), request_object_signing_alg: alg, request_uris: [`${rp.origin}/request/${alg}`] }
    clients[`object_${alg}`] = { metadata: every(more), secret: SECRET }
  }
  for (const [alg, enc] of ENCRYPTIONS) {
    const more = {
      jwks: await own(alg, 'enc'),
      id_token_encrypted_response_alg: alg,
      id_token_encrypted_response_enc: enc,
      userinfo_signed_response_alg: 'RS256',
      userinfo_encrypted_response_alg: alg,
      userinfo_encrypted_response_enc: enc,
    }
    clients[`encrypted_${alg}`] = { metadata: every(more), secret: SECRET }
  }
  op = await provider({ clients })
})
after(async () => {
  await op?.stop()
  await rp?.stop()
})

async function discover(id, ...uses) {
  const config = await client.discovery(new URL(op.issuer), id, {}, client.ClientSecretBasic(SECRET), {
    execute: [client.allowInsecureRequests],
  })
  client.enableNonRepudiationChecks(config)
  for (const use of uses) use(config)
  return config
}

async function begun(more = {}) {
  const verifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const parameters = {
    redirect_uri: callback,
    scope: 'openid profile email',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  }
  return { parameters, checks }
}

/** Where the browser arrives, and what the library must expect of it. */
async function arrive(config, more) {
  const { parameters, checks } = await begun(more)
  const url = client.buildAuthorizationUrl(config, parameters)
  return { ...(await agent.authorize(url, ADA, callback)), url, checks }
}

const implicit = (config, left, checks) =>
  client.implicitAuthentication(config, left, checks.expectedNonce, { expectedState: checks.expectedState })

/** The parameters of an answer, read by hand. */
const said = async (left) =>
  new URLSearchParams(left instanceof URL ? left.hash.slice(1) || left.search : await left.text())

for (const response_mode of ['fragment', 'form_post']) {
  test(`code id_token by ${response_mode}`, async () => {
    const config = await discover('types', client.useCodeIdTokenResponseType)
    const { left, url, checks } = await arrive(config, { response_mode })
    assert.equal(url.searchParams.get('response_type'), 'code id_token')
    assert.equal(left instanceof Request, response_mode === 'form_post')
    const tokens = await client.authorizationCodeGrant(config, left, checks)
    const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
    assert.equal(person.email, ADA.email)
  })

  // With s_hash, as FAPI 1.0 demands it.
  test(`code id_token as a detached signature by ${response_mode}`, async () => {
    const config = await discover('types', client.useCodeIdTokenResponseType, client.enableDetachedSignatureResponseChecks)
    const { left, checks } = await arrive(config, { response_mode })
    const tokens = await client.authorizationCodeGrant(config, left, checks)
    assert.equal(tokens.claims().aud, 'types')
  })

  test(`id_token by ${response_mode}`, async () => {
    const config = await discover('types', client.useIdTokenResponseType)
    const { left, url, checks } = await arrive(config, { response_mode })
    assert.equal(url.searchParams.get('response_type'), 'id_token')
    const claims = await implicit(config, left, checks)
    assert.equal(claims.email, ADA.email, 'Core §5.4: no access token, so the claims are in the ID Token')
    assert.equal(claims.at_hash, undefined)
  })
}

test('code by form_post', async () => {
  const config = await discover('types')
  const { left, checks } = await arrive(config, { response_mode: 'form_post' })
  const tokens = await client.authorizationCodeGrant(config, left, checks)
  assert.equal(tokens.claims().aud, 'types')
})

test('another nonce, state or code beside the ID Token is noticed', async () => {
  const hybrid = await discover('types', client.useCodeIdTokenResponseType)
  const spoilt = async (spoil, expected) => {
    const { left, checks } = await arrive(hybrid)
    const hash = new URLSearchParams(left.hash.slice(1))
    spoil(hash, checks)
    left.hash = hash
    await assert.rejects(client.authorizationCodeGrant(hybrid, left, checks), (error) => {
      assert.match(`${error.cause?.message ?? error}`, expected)
      return true
    })
  }
  await spoilt((_, checks) => { checks.expectedNonce = 'another' }, /nonce/)
  await spoilt((hash) => hash.set('state', 'another'), /state/)
  await spoilt((hash) => hash.set('code', `${hash.get('code')}A`), /c_hash/)
})

test('an error comes back as the answer would have', async () => {
  const hybrid = await discover('types', client.useCodeIdTokenResponseType)
  for (const response_mode of ['fragment', 'form_post']) {
    const { parameters, checks } = await begun({ response_mode, prompt: 'none' })
    const { left } = await new Agent().authorize(client.buildAuthorizationUrl(hybrid, parameters), ADA, callback)
    await assert.rejects(client.authorizationCodeGrant(hybrid, left, checks), { error: 'login_required' })
  }
})

for (const response_type of ['id_token token', 'code token', 'code id_token token', 'token', 'none']) {
  // The library has no call for these: its parts, by hand.
  test(`${response_type}, with what the library has for it`, async () => {
    const config = await discover('types')
    const { left, checks } = await arrive(config, { response_type })
    const answer = await said(left)
    assert.equal(answer.get('state'), checks.expectedState)
    assert.equal(answer.get('iss'), op.issuer)
    const words = response_type.split(' ')
    let sub = client.skipSubjectCheck
    if (words.includes('id_token')) {
      const jwks = jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))
      const { payload } = await jose.jwtVerify(answer.get('id_token'), jwks, { issuer: op.issuer, audience: 'types' })
      assert.equal(payload.nonce, checks.expectedNonce)
      sub = payload.sub
    }
    assert.equal(answer.has('access_token'), words.includes('token'))
    if (words.includes('token')) {
      assert.equal((await client.fetchUserInfo(config, answer.get('access_token'), sub)).email, ADA.email)
      assert.equal((await client.tokenIntrospection(config, answer.get('access_token'))).active, true)
    }
    assert.equal(answer.has('code'), words.includes('code'))
    if (words.includes('code')) {
      const url = new URL(`${callback}?${new URLSearchParams(['code', 'state', 'iss'].map((name) => [name, answer.get(name)]))}`)
      const tokens = await client.authorizationCodeGrant(config, url, checks)
      assert.ok(tokens.refresh_token)
    }
  })
}

test('signed UserInfo', async () => {
  const config = await discover('signed')
  config.clientMetadata().userinfo_signed_response_alg = 'ES256'
  const { left, checks } = await arrive(config)
  const tokens = await client.authorizationCodeGrant(config, left, checks)
  const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
  assert.deepEqual([person.aud, person.iss, person.email], ['signed', op.issuer, ADA.email])
})

for (const [alg, enc] of ENCRYPTIONS) {
  test(`ID Tokens and UserInfo encrypted with ${alg} and ${enc}`, async () => {
    const decrypting = (config) =>
      client.enableDecryptingResponses(config, [enc], { key: keys[alg].privateKey, alg, kid: alg })
    const code = await discover(`encrypted_${alg}`, decrypting)
    code.clientMetadata().userinfo_signed_response_alg = 'RS256'
    const first = await arrive(code)
    const tokens = await client.authorizationCodeGrant(code, first.left, first.checks)
    assert.deepEqual(['alg', 'enc'].map((name) => jose.decodeProtectedHeader(tokens.id_token)[name]), [alg, enc])
    const person = await client.fetchUserInfo(code, tokens.access_token, tokens.claims().sub)
    assert.equal(person.email, ADA.email)
    assert.ok(client.getDecryptedResponses(person), 'it was encrypted')
    const refreshed = await client.refreshTokenGrant(code, tokens.refresh_token)
    assert.equal(refreshed.claims().sub, person.sub)

    const hybrid = await discover(`encrypted_${alg}`, decrypting, client.useCodeIdTokenResponseType)
    const second = await arrive(hybrid, { response_mode: 'form_post' })
    assert.equal((await client.authorizationCodeGrant(hybrid, second.left, second.checks)).claims().sub, person.sub)

    const single = await discover(`encrypted_${alg}`, decrypting, client.useIdTokenResponseType)
    const third = await arrive(single)
    assert.equal((await implicit(single, third.left, third.checks)).email, ADA.email)
  })
}

for (const alg of OBJECTS) {
  test(`request objects signed ${alg}, by value and by reference`, async () => {
    const config = await discover(`object_${alg}`)
    const sign = async (more) => {
      const { parameters, checks } = await begun(more)
      const key = { key: keys[alg].privateKey, kid: alg }
      return { url: await client.buildAuthorizationUrlWithJAR(config, parameters, key), checks }
    }
    const value = await sign({ max_age: '1000' })
    assert.deepEqual([...value.url.searchParams.keys()].sort(), ['client_id', 'request'])
    const { left } = await agent.authorize(value.url, ADA, callback)
    const tokens = await client.authorizationCodeGrant(config, left, { ...value.checks, maxAge: 1000 })
    assert.equal(tokens.claims().aud, `object_${alg}`)

    const reference = await sign()
    pages[`/request/${alg}`] = { type: 'application/oauth-authz-req+jwt', body: reference.url.searchParams.get('request') }
    const url = client.buildAuthorizationUrl(config, { request_uri: `${rp.origin}/request/${alg}` })
    const arrived = await agent.authorize(url, ADA, callback)
    await client.authorizationCodeGrant(config, arrived.left, reference.checks)
  })
}

test('a request object encrypted to the provider’s key', async () => {
  const config = await discover('object_ES256')
  const { keys: published } = await (await fetch(config.serverMetadata().jwks_uri)).json()
  const to = published.find((jwk) => jwk.use === 'enc' && jwk.kty === 'EC')
  const { parameters, checks } = await begun()
  const url = await client.buildAuthorizationUrlWithJAR(config, parameters, { key: keys.ES256.privateKey, kid: 'ES256' })
  const sealed = await new jose.CompactEncrypt(new TextEncoder().encode(url.searchParams.get('request')))
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: to.kid, cty: 'JWT' })
    .encrypt(await jose.importJWK(to, 'ECDH-ES+A256KW'))
  const { left } = await agent.authorize(client.buildAuthorizationUrl(config, { request: sealed }), ADA, callback)
  await client.authorizationCodeGrant(config, left, checks)
})

test('a request object signed with a key of somebody else is refused', async () => {
  const config = await discover('object_ES256')
  const { parameters, checks } = await begun()
  const key = { key: (await jose.generateKeyPair('ES256')).privateKey, kid: 'ES256' }
  const url = await client.buildAuthorizationUrlWithJAR(config, parameters, key)
  // Nothing inside is believed: without a redirect_uri outside the error goes to the one that is registered.
  const { left: alone } = await agent.authorize(url, ADA, callback)
  assert.deepEqual([alone.searchParams.get('error'), alone.searchParams.has('state')], ['invalid_request_object', false])
  for (const name of ['redirect_uri', 'state']) url.searchParams.set(name, parameters[name])
  url.searchParams.set('response_type', 'code')
  const { left } = await agent.authorize(url, ADA, callback)
  await assert.rejects(client.authorizationCodeGrant(config, left, checks), { error: 'invalid_request_object' })
})
