// express-openid-connect (npm), which has a back-channel logout of its own since 2.17.0, beside mod_auth_openidc, on sites of
// their own over https in Chromium: signed out at the provider, by the other application, by itself, and after it was down.

import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { nameProxy, relyingParty } from '../lib/apache.mjs'
import { browser, signIn } from '../lib/browser.mjs'
import { authority, trust } from '../lib/ca.mjs'
import { application } from '../lib/express.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { needs } from '../lib/parts.mjs'
import { folder, freePort, until } from '../lib/started.mjs'

const SECRET = 'thirty-two octets, and then a few more'

describe('express-openid-connect', needs('apache2', 'mod_auth_openidc', 'chromium', 'certutil', 'openssl'), () => {
  let op, proxy, shop, desk, wiki, chrome, page

  before(async () => {
    const dir = folder()
    chmodSync(dir, 0o755)
    const tls = authority(dir, ['op.test', 'shop.test', 'desk.test', 'wiki.test', '127.0.0.1'])
    const listen = await freePort()
    proxy = await nameProxy('op.test', listen)
    shop = await application('shop.test', { tls, id: 'shop', secret: SECRET })
    desk = await application('desk.test', { tls, id: 'desk', secret: SECRET, ends: 'sid' })
    wiki = await relyingParty('wiki.test', { tls, id: 'wiki', secret: SECRET, proxy: proxy.port })
    const client = ({ metadata }) => ({ metadata, secret: SECRET, args: ['--first-party'] })
    op = await provider({
      issuer: `https://op.test:${listen}`,
      port: listen,
      environment: {
        OSTIARY_TLS__CERTIFICATE: tls.certificate,
        OSTIARY_TLS__KEY: tls.key,
        OSTIARY_TEST_MODE__ENABLED: 'true',
        OSTIARY_TEST_MODE__EXTRA_CA: tls.ca,
        OSTIARY_TEST_MODE__LOOPBACK_PORTS: `[${shop.port}, ${desk.port}, ${wiki.port}]`,
      },
      clients: { shop: client(shop), desk: client(desk), wiki: client(wiki) },
    })
    await Promise.all([shop, desk, wiki].map((rp) => rp.start(op.issuer)))
    const home = folder()
    trust(home, tls.ca)
    chrome = await browser({ home, flags: ['--host-resolver-rules=MAP *.test 127.0.0.1'] })
    page = await visitor()
  })
  after(async () => {
    await chrome?.close()
    await Promise.all([shop, desk, wiki].map((rp) => rp?.stop()))
    proxy?.stop()
    await op?.stop()
  })

  /** A browser of its own. */
  const visitor = async () => {
    const context = await chrome.newContext()
    context.setDefaultTimeout(15_000)
    return context.newPage()
  }
  const door = (rp) => (rp === wiki ? '/protected/' : '/inside')
  const enter = async (rp, at = page) => {
    await at.goto(`${rp.origin}${door(rp)}`)
    if (await at.locator('#login-form').isVisible()) await signIn(at, ADA)
    await at.waitForURL(`${rp.origin}${door(rp)}`)
    await at.locator('#inside').waitFor()
  }
  /** The cookies an application gave a browser, to be shown again when the browser has long lost them. */
  const cookie = async (rp, at = page) => {
    const all = (await at.context().cookies(rp.origin)).filter((each) => /^appSession|^mod_auth_openidc_session$/.test(each.name))
    assert.ok(all.length > 0, `${rp.name} gave a session cookie`)
    return { cookie: all.map((each) => `${each.name}=${each.value}`).join('; ') }
  }
  /** Whether a cookie opens the door; if not, the answer must be a way to the sign-in. */
  const opens = async (rp, headers) => {
    const answer = await rp.asked(door(rp), headers)
    if (answer.status === 200) {
      assert.match(answer.body, /id="inside"/)
      return true
    }
    assert.equal(answer.status, 302)
    assert.ok(answer.headers.location.startsWith(`${op.issuer}/authorize?`), answer.headers.location)
    return false
  }
  const notices = (rp) => op.json(['notice', 'list']).filter((notice) => notice.client_id === rp.id)
  /** The notice to a relying party that is not among those it had before. */
  const told = (rp, before) =>
    until(`${rp.name} is told`, () => notices(rp).find((each) => !before.some(({ id }) => id === each.id) && each.state !== 'pending'), 60_000)
  const delivered = async (rp, before, status = 204) => {
    const notice = await told(rp, before)
    assert.deepEqual([notice.state, notice.last_status], ['delivered', status])
    return notice
  }
  const leave = async (at = page) => {
    await at.goto(`${op.issuer}/end_session`)
    await at.locator('#logout').click()
    await at.locator('#signed-out').waitFor()
  }

  test('a sign-out at the provider ends its session', async () => {
    await enter(shop)
    const held = await cookie(shop)
    assert.equal(JSON.parse((await shop.asked('/person', held)).body).email, ADA.email)
    assert.deepEqual([await opens(shop, held), await opens(shop, {})], [true, false])
    const before = notices(shop)
    await leave()
    assert.match(await page.locator('.fate.told').innerText(), /shop\.test\s+has been told/)
    await delivered(shop, before)
    assert.equal(await opens(shop, held), false)
    await page.goto(`${shop.origin}/inside`)
    await page.locator('#login-form').waitFor()
  })

  test('a sign-out by another application ends its session', async () => {
    await enter(shop)
    await enter(wiki)
    const held = await cookie(shop)
    const before = notices(shop)
    await page.goto(`${wiki.origin}/protected/redirect_uri?logout=${encodeURIComponent(`${wiki.origin}/`)}`)
    await page.waitForURL(`${wiki.origin}/`)
    await delivered(shop, before)
    assert.equal(await opens(shop, held), false)
  })

  test('a sign-out by itself ends everybody’s, asks nothing and leads back', async () => {
    await enter(shop)
    await enter(wiki)
    const [own, other] = [await cookie(shop), await cookie(wiki)]
    const [at, there] = [notices(shop), notices(wiki)]
    await page.goto(`${shop.origin}/inside`)
    await page.locator('#out').click()
    await page.waitForURL(`${shop.origin}/`)
    await page.locator('#open').waitFor()
    await delivered(wiki, there, 200)
    await delivered(shop, at)
    assert.deepEqual([await opens(wiki, other), await opens(shop, own)], [false, false])
    await page.goto(`${wiki.origin}/protected/`)
    await page.locator('#login-form').waitFor()
  })

  test('down at a sign-out, it is told when it is back', async () => {
    await enter(shop)
    const held = await cookie(shop)
    const before = notices(shop)
    // Its sessions are sealed cookies and outlive it: what ends this one can only be the notice.
    await shop.stop()
    await shop.start()
    assert.equal(await opens(shop, held), true)
    await shop.stop()
    await leave()
    assert.match(await page.locator('.fate.will-be').innerText(), /shop\.test\s+does not answer yet/)
    const pending = await until('an attempt', () => notices(shop).find((each) => each.state === 'pending' && each.last_reply))
    await shop.start()
    assert.equal(await opens(shop, held), true, 'it knows nothing yet')
    const notice = await delivered(shop, before)
    assert.deepEqual([notice.id, notice.attempts > pending.attempts], [pending.id, true])
    assert.equal(await opens(shop, held), false)
  })

  // docs/logout.md tells operators of this.
  test('it ends every session of the person, unless it is told to look at sid', async () => {
    const other = await visitor()
    for (const rp of [shop, desk]) {
      await enter(rp)
      await enter(rp, other)
    }
    const [atShop, atDesk] = [await cookie(shop, other), await cookie(desk, other)]
    const before = [notices(shop), notices(desk)]
    await leave()
    await delivered(shop, before[0])
    await delivered(desk, before[1])
    assert.equal(await opens(desk, atDesk), true, 'the session of the other browser goes on')
    assert.equal(await opens(shop, atShop), false, 'here it does not, though the notice named another')
    await enter(shop, other)
    await leave(other)
    await other.context().close()
  })

  test('the test kit says what it takes and should not', async () => {
    await enter(shop)
    const held = await cookie(shop)
    const { sub, sid } = JSON.parse((await shop.asked('/claims', held)).body)
    const { status, answer: rows } = await op.asks(['rp', 'check', '--client', 'shop', '--sub', sub, '--sid', sid])
    const ill = rows.filter((row) => row.verdict !== 'good').map((row) => `${row.check} ${row.verdict}`)
    // What 3.4.0 does not look for. The rest is as it must be.
    const known = ['no-expiry bad', 'future advice', 'no-issued-at advice', 'event-not-object advice', 'no-jti advice']
    assert.deepEqual(ill.filter((each) => !known.includes(each)), [], JSON.stringify(rows))
    assert.equal(rows.find((row) => row.check === 'good').verdict, 'good')
    assert.equal(status, ill.some((each) => each.endsWith(' bad')) ? 1 : 0)
    assert.equal(await opens(shop, held), false)
    assert.equal(op.json(['session', 'list']).length, 1, 'here nothing has ended')
  })
})
