// mod_auth_openidc again: one Apache with a site for every response type and mode, for what it decrypts, and for the requests
// it signs. The person signs in once.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { apache, metadata, nameProxy, reached } from '../lib/apache.mjs'
import { browser, signIn } from '../lib/browser.mjs'
import { authority, trust } from '../lib/ca.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { needs } from '../lib/parts.mjs'
import { folder, freePort, until } from '../lib/started.mjs'

const SECRET = 'thirty-two octets, and then a few more'
const TYPES = ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token']
const MODES = [undefined, 'fragment', 'form_post']

const named = (type, mode = 'default') => `${type} by ${mode}`.replaceAll(/[ _]/g, '-')

/** `grant_types` as the types need them. */
const grants = (type) => [
  ...(type.includes('code') ? ['authorization_code'] : []),
  ...(/token/.test(type) ? ['implicit'] : []),
]
/** `OIDCRequestObject`: JSON in Apache's quotes. */
const object = (said) => `OIDCRequestObject ${JSON.stringify(JSON.stringify(said))}`
const INSIDE = ['response_type', 'response_mode', 'scope', 'redirect_uri', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'client_id']
// What OAuth demands outside stays there too; the rest moves.
const moved = {
  request_object_type: 'request',
  copy_from_request: ['response_type', 'scope', 'client_id'],
  copy_and_remove_from_request: ['redirect_uri', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'response_mode'],
}

describe('one Apache, many sites', needs('apache2', 'mod_auth_openidc', 'chromium', 'certutil', 'openssl'), () => {
  let op, proxy, web, chrome, page
  const sites = []

  before(async () => {
    const dir = folder()
    chmodSync(dir, 0o755)
    const pem = (name, command, ...args) => {
      execFileSync('openssl', [command, '-out', join(dir, name), ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
      chmodSync(join(dir, name), 0o644)
      return join(dir, name)
    }
    const key = pem('own.key', 'genrsa', '2048')
    const certificate = pem('own.pem', 'req', '-x509', '-key', key, '-subj', '/CN=own', '-days', '2')
    const OWN = [`OIDCPublicKeyFiles own#${certificate}`, `OIDCPrivateKeyFiles own#${key}`]
    const site = (id, directives, more) => sites.push({ name: `${id}.test`, id, secret: SECRET, directives, more })
    const encrypted = (alg, enc) => ({ id_token_encrypted_response_alg: alg, id_token_encrypted_response_enc: enc })
    // All have one key: the first site publishes it.
    const keyed = (more) => () => ({ jwks_uri: reached(web.port, 'jwks=rsa'), ...more })

    site('sealed', [...OWN, 'OIDCIDTokenEncryptedResponseAlg RSA-OAEP', 'OIDCIDTokenEncryptedResponseEnc A256GCM'], () => ({
      ...keyed(encrypted('RSA-OAEP', 'A256GCM'))(),
      backchannel_logout_uri: reached(web.port, 'logout=backchannel'),
      backchannel_logout_session_required: true,
    }))
    for (const type of TYPES) {
      for (const mode of MODES) {
        const directives = [`OIDCResponseType "${type}"`, ...(mode ? [`OIDCResponseMode ${mode}`] : [])]
        site(named(type, mode), directives, () => ({
          response_types: [type],
          grant_types: grants(type),
        }))
      }
    }
    site('sealed-cbc', [...OWN, 'OIDCResponseType "code id_token"', 'OIDCResponseMode form_post',
      'OIDCIDTokenEncryptedResponseAlg RSA-OAEP', 'OIDCIDTokenEncryptedResponseEnc A128CBC-HS256'],
      keyed({
        ...encrypted('RSA-OAEP', 'A128CBC-HS256'),
        response_types: ['code id_token'],
        grant_types: ['authorization_code', 'implicit'],
      }))
    site('sealed-secret', ['OIDCIDTokenEncryptedResponseAlg A256KW', 'OIDCIDTokenEncryptedResponseEnc A256CBC-HS512'],
      () => encrypted('A256KW', 'A256CBC-HS512'))
    site('userinfo-signed', ['OIDCUserInfoSignedResponseAlg RS256'], () => ({ userinfo_signed_response_alg: 'RS256' }))
    site('userinfo-sealed', [...OWN, 'OIDCUserInfoSignedResponseAlg RS256', 'OIDCUserInfoEncryptedResponseAlg RSA-OAEP',
      'OIDCUserInfoEncryptedResponseEnc A256GCM'], keyed({
      userinfo_signed_response_alg: 'RS256', userinfo_encrypted_response_alg: 'RSA-OAEP', userinfo_encrypted_response_enc: 'A256GCM',
    }))
    site('request-rs256', [...OWN, object({ ...moved, crypto: { sign_alg: 'RS256' } })], keyed({ request_object_signing_alg: 'RS256' }))
    site('request-hs256', [object({ ...moved, crypto: { sign_alg: 'HS256' } })], () => ({ request_object_signing_alg: 'HS256' }))
    site('request-none', [object({ ...moved, crypto: { sign_alg: 'none' } })], () => ({ request_object_signing_alg: 'none' }))
    site('request-sealed', [...OWN, object({ ...moved, crypto: { sign_alg: 'RS256', crypt_alg: 'RSA-OAEP', crypt_enc: 'A256CBC-HS512' } })],
      keyed({ request_object_signing_alg: 'RS256' }))
    site('asks-by-post', ['OIDCProviderAuthRequestMethod POST'], () => ({}))
    site('request-uri', [...OWN, object({ copy_from_request: INSIDE, crypto: { sign_alg: 'RS256' }, request_object_type: 'request_uri' })],
      keyed({ request_object_signing_alg: 'RS256' }))

    const tls = authority(dir, ['op.test', '127.0.0.1', ...sites.map((each) => each.name)])
    const listen = await freePort()
    proxy = await nameProxy('op.test', listen)
    web = await apache({ tls, proxy: proxy.port, sites })
    const clients = sites.map(({ name, id, more }) =>
      [id, { metadata: metadata(name, web.port, more()), secret: SECRET, args: ['--first-party'] }])
    op = await provider({
      issuer: `https://op.test:${listen}`,
      port: listen,
      environment: {
        OSTIARY_TLS__CERTIFICATE: tls.certificate,
        OSTIARY_TLS__KEY: tls.key,
        OSTIARY_TEST_MODE__ENABLED: 'true',
        OSTIARY_TEST_MODE__EXTRA_CA: tls.ca,
        OSTIARY_TEST_MODE__LOOPBACK_PORTS: `[${web.port}]`,
      },
      clients: Object.fromEntries(clients),
    })
    await web.start(op.issuer)
    const home = folder()
    trust(home, tls.ca)
    chrome = await browser({ home, flags: ['--host-resolver-rules=MAP *.test 127.0.0.1'] })
    const context = await chrome.newContext()
    context.setDefaultTimeout(15_000)
    page = await context.newPage()
  })
  after(async () => {
    await chrome?.close()
    await web?.stop()
    proxy?.stop()
    await op?.stop()
  })

  /** In at a site: what its Apache then knows of the person, what it asked, and how it was answered with what. */
  async function inside(id) {
    const origin = `https://${id}.test:${web.port}`
    const seen = {}
    const callback = `${origin}/protected/redirect_uri`
    const asking = (request) => {
      if (request.url().startsWith(`${op.issuer}/authorize?`)) seen.asked = new URL(request.url()).searchParams
      if (seen.answer || !request.url().startsWith(callback)) return
      // A fragment stays in the browser; the module's page posts it then.
      const { search } = new URL(request.url())
      if (request.method() === 'GET') seen.how = search ? 'query' : 'fragment'
      seen.how ??= 'form_post'
      const answer = search || request.postData()
      if (answer) seen.answer = new URLSearchParams(answer)
    }
    page.on('request', asking)
    await page.goto(`${origin}/protected/`)
    if (await page.locator('#login-form').isVisible()) await signIn(page, ADA)
    try {
      await page.waitForURL(`${origin}/protected/`)
      await page.locator('#inside').waitFor()
    } catch (error) {
      const said = web.log().split('\n').filter((line) => line.includes('auth_openidc')).slice(-8).join('\n')
      throw new Error(`${id}: ${page.url()}\n${await page.content()}\n${said}`, { cause: error })
    }
    page.off('request', asking)
    const answer = await page.goto(`${callback}?info=json`)
    return { ...seen, known: await answer.json() }
  }

  test('an encrypted ID Token, and the encrypted notice of its end', async () => {
    const { known } = await inside('sealed')
    assert.equal(known.userinfo.email, ADA.email)
    const session = (await page.context().cookies(`https://sealed.test:${web.port}`))
      .find((each) => each.name === 'mod_auth_openidc_session')
    const opens = () => web.asked('sealed.test', '/protected/', { cookie: `${session.name}=${session.value}` })
    assert.equal((await opens()).status, 200)
    op.cli(['session', 'end', '--user', ADA.username])
    const [told] = await until('the notice is settled', () => {
      const all = op.json(['notice', 'list'])
      return all.length === 1 && all[0].state !== 'pending' && all
    })
    assert.deepEqual([told.state, told.last_status], ['delivered', 200])
    assert.equal((await opens()).status, 302)
  })

  for (const type of TYPES) {
    test(`${type}: by default, in the fragment, by form_post`, async () => {
      for (const mode of MODES) {
        const { known, asked, answer, how } = await inside(named(type, mode))
        assert.equal(asked.get('response_type'), type)
        assert.equal(how, mode ?? (type === 'code' ? 'query' : 'fragment'))
        const words = type.split(' ').map((word) => (word === 'token' ? 'access_token' : word))
        for (const word of ['code', 'id_token', 'access_token']) assert.equal(answer.has(word), words.includes(word), word)
        assert.equal(known.id_token.iss, op.issuer)
        assert.equal((type === 'id_token' ? known.id_token : known.userinfo).email, ADA.email)
      }
    })
  }

  test('ID Tokens encrypted in both channels', async () => {
    const { known, answer, how } = await inside('sealed-cbc')
    assert.equal(how, 'form_post')
    assert.equal(answer.get('id_token').split('.').length, 5)
    assert.equal(known.userinfo.email, ADA.email)
  })

  for (const [id, what] of [
    ['asks-by-post', 'a request that is posted'],
    ['sealed-secret', 'an ID Token encrypted with the secret'],
    ['userinfo-signed', 'signed UserInfo'],
    ['userinfo-sealed', 'UserInfo signed and encrypted'],
  ]) {
    test(what, async () => assert.equal((await inside(id)).known.userinfo.email, ADA.email))
  }

  for (const [id, what, parts] of [
    ['request-rs256', 'a request object signed RS256', 3],
    ['request-hs256', 'a request object signed with the secret', 3],
    ['request-none', 'an unsigned request object, as registered', 3],
    ['request-sealed', 'a request object encrypted to the provider’s key', 5],
  ]) {
    test(what, async () => {
      const { known, asked, answer } = await inside(id)
      assert.equal(asked.get('request').split('.').length, parts)
      assert.equal(asked.has('redirect_uri') || asked.has('state'), false)
      assert.ok(answer.has('state'))
      assert.equal(known.userinfo.email, ADA.email)
    })
  }

  // It makes a new address for each request, and ours are registered letter for letter.
  test('a request_uri that is not registered is refused, and Apache is told', async () => {
    await page.goto(`https://request-uri.test:${web.port}/protected/`)
    assert.ok(page.url().startsWith(`https://request-uri.test:${web.port}/protected/redirect_uri?`), page.url())
    assert.equal(new URL(page.url()).searchParams.get('error'), 'invalid_request_uri')
  })
})
