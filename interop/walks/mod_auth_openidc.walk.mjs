// Two Apaches with mod_auth_openidc on sites of their own, https all around, a person in Chromium: in at both with one
// password, out of both with one click; and with one Apache down, it is told after it comes back.

import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { nameProxy, relyingParty } from '../lib/apache.mjs'
import { allow, browser, signIn } from '../lib/browser.mjs'
import { authority, trust } from '../lib/ca.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { needs } from '../lib/parts.mjs'
import { folder, freePort, until } from '../lib/started.mjs'

const SECRET = 'thirty-two octets, and then a few more'

describe('single sign-on and single sign-out', needs('apache2', 'mod_auth_openidc', 'chromium', 'certutil', 'openssl'), () => {
  let op, proxy, one, two, chrome, page

  before(async () => {
    const dir = folder()
    chmodSync(dir, 0o755)
    const tls = authority(dir, ['op.test', 'one.test', 'two.test', '127.0.0.1'])
    const listen = await freePort()
    proxy = await nameProxy('op.test', listen)
    one = await relyingParty('one.test', { tls, id: 'one', secret: SECRET, proxy: proxy.port })
    two = await relyingParty('two.test', { tls, id: 'two', secret: SECRET, proxy: proxy.port })
    op = await provider({
      issuer: `https://op.test:${listen}`,
      port: listen,
      environment: {
        OSTIARY_TLS__CERTIFICATE: tls.certificate,
        OSTIARY_TLS__KEY: tls.key,
        OSTIARY_TEST_MODE__ENABLED: 'true',
        OSTIARY_TEST_MODE__EXTRA_CA: tls.ca,
        OSTIARY_TEST_MODE__LOOPBACK_PORTS: `[${one.port}, ${two.port}]`,
      },
      clients: {
        one: { metadata: one.metadata, secret: SECRET },
        two: { metadata: two.metadata, secret: SECRET, args: ['--first-party'] },
      },
    })
    await Promise.all([one.start(op.issuer), two.start(op.issuer)])
    const home = folder()
    trust(home, tls.ca)
    chrome = await browser({ home, flags: ['--host-resolver-rules=MAP *.test 127.0.0.1'] })
    const context = await chrome.newContext()
    context.setDefaultTimeout(15_000)
    page = await context.newPage()
  })
  after(async () => {
    await chrome?.close()
    await Promise.all([one?.stop(), two?.stop()])
    proxy?.stop()
    await op?.stop()
  })

  /** The session cookie Apache gave the browser, to be shown again when the browser has long lost it. */
  const cookie = async (rp) => {
    const all = await page.context().cookies(rp.origin)
    const session = all.find((each) => each.name === 'mod_auth_openidc_session')
    assert.ok(session, `${rp.name} gave a session cookie`)
    return { cookie: `${session.name}=${session.value}` }
  }
  /** Whether a cookie opens the protected page; if not, the answer must be a way to the sign-in. */
  const opens = async (rp, headers) => {
    const answer = await rp.asked('/protected/', headers)
    if (answer.status === 200) {
      assert.match(answer.body, /inside/)
      return true
    }
    assert.equal(answer.status, 302)
    assert.ok(answer.headers.location.startsWith(`${op.issuer}/authorize?`), answer.headers.location)
    return false
  }
  const inside = (rp) => page.waitForURL(`${rp.origin}/protected/`).then(() => page.locator('#inside').waitFor())
  const visit = (rp) => page.goto(`${rp.origin}/protected/`)
  const leave = (rp) =>
    page.goto(`${rp.origin}/protected/redirect_uri?logout=${encodeURIComponent(`${rp.origin}/`)}`)
  const notices = (client) => op.json(['notice', 'list']).filter((notice) => notice.client_id === client)
  const settled = (client, count) =>
    until(`${count} notices to ${client} settled`, () => {
      const all = notices(client)
      return all.length === count && all.every((notice) => notice.state !== 'pending') && all
    }, 60_000)

  test('in at one with a password and consent, in at two without', async () => {
    await visit(one)
    assert.ok(page.url().startsWith(op.issuer), page.url())
    await signIn(page, ADA)
    await allow(page)
    await inside(one)
    await visit(two)
    await inside(two)
    assert.equal(await opens(one, await cookie(one)), true)
    assert.equal(await opens(two, await cookie(two)), true)
    assert.equal(await opens(two, {}), false)
  })

  test('out at one: both are told, and the old cookies open nothing', async () => {
    const [first, second] = [await cookie(one), await cookie(two)]
    await leave(one)
    await page.waitForURL(`${one.origin}/`)
    const [told] = await settled('two', 1)
    assert.equal(told.state, 'delivered')
    assert.equal(told.last_status, 200)
    assert.equal(told.attempts, 1)
    assert.equal((await settled('one', 1))[0].state, 'delivered')
    assert.equal(await opens(two, second), false)
    assert.equal(await opens(one, first), false)
    for (const rp of [one, two]) {
      await visit(rp)
      await page.locator('#login-form').waitFor()
    }
  })

  test('an Apache that was down is told after it comes back', async () => {
    await visit(one)
    await signIn(page, ADA)
    await inside(one)
    await visit(two)
    await inside(two)
    const second = await cookie(two)
    // Its sessions outlive a restart: what ends this one can only be the notice.
    await two.stop()
    await two.start()
    assert.equal(await opens(two, second), true)

    await two.stop()
    await leave(one)
    await page.waitForURL(`${one.origin}/`)
    const pending = await until('a first attempt', () => notices('two').find((each) => each.state === 'pending' && each.last_reply))
    assert.ok(pending.attempts >= 1)
    assert.ok(Date.parse(pending.due_at) > Date.parse(pending.created_at))
    assert.match(op.cli(['notice', 'list']), /pending/)

    await two.start()
    const all = await settled('two', 2)
    const told = all.find((each) => each.id === pending.id)
    assert.equal(told.state, 'delivered')
    assert.equal(told.last_status, 200)
    assert.ok(told.attempts > pending.attempts)
    assert.equal(await opens(two, second), false)
    await visit(two)
    await page.locator('#login-form').waitFor()
    assert.match(op.cli(['notice', 'list']), /created 4 = delivered 4 \+ refused 0 \+ parked 0 \+ pending 0 \+ withdrawn 0/)
  })

  test('a session ended by an operator ends at Apache too', async () => {
    await visit(two)
    await signIn(page, ADA)
    await inside(two)
    const second = await cookie(two)
    assert.equal(await opens(two, second), true)
    op.cli(['session', 'end', '--user', ADA.username])
    await settled('two', 3)
    assert.equal(await opens(two, second), false)
  })

  test('the test kit finds what it makes of good and bad logout tokens', async () => {
    await visit(two)
    await signIn(page, ADA)
    await inside(two)
    const held = await cookie(two)
    const { id_token: claims } = JSON.parse((await two.asked('/protected/redirect_uri?info=json', held)).body)
    const { answer: rows } = await op.asks(['rp', 'check', '--client', 'two', '--sub', claims.sub, '--sid', claims.sid])
    const verdict = (name) => rows.find((row) => row.check === name).verdict
    assert.deepEqual([verdict('good'), verdict('already-signed-out')], ['good', 'good'])
    // What 2.4.12 does not look for: it takes tokens without these claims.
    const known = ['no-expiry bad', 'no-issued-at advice', 'no-jti advice']
    const ill = rows.filter((row) => row.verdict !== 'good').map((row) => `${row.check} ${row.verdict}`)
    assert.deepEqual(ill.filter((each) => !known.includes(each)), [], JSON.stringify(rows))
    assert.equal(await opens(two, held), false, 'the session of the test person has ended there')
    assert.equal(op.json(['session', 'list']).length, 1, 'and not here')
  })
})
