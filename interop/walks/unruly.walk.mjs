// The page of a sign-out in Chromium, before front-channel logout pages that hang, refuse, lead away or never end: it goes on
// all the same, at the latest when its five seconds are over, with scripts and without.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { browser, signIn } from '../lib/browser.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { needs, ROOT } from '../lib/parts.mjs'
import { pause } from '../lib/started.mjs'
import { unruly, WAYS } from '../lib/unruly.mjs'

/** `server/assets/onward.js` */
const BOUND = 5000
/** What a machine with other work to do may add. */
const SLACK = 12_000
const ENDLESS = ['never answers', 'never comes to an end', 'drips']
const SECRET = 'thirty-two octets, and then a few more'
/** More than Chromium keeps connections to one host. */
const CROWD = 8

// Most of it is waiting.
describe('unruly front-channel frames', { concurrency: 3, ...needs('chromium') }, () => {
  let op, chrome, trap
  const parties = new Map()

  before(async () => {
    trap = await unruly('is well behaved')
    const add = async (id, way) => parties.set(id, { way, ...(await unruly(way, trap.origin)) })
    await add('home', 'is well behaved')
    for (const [at, way] of Object.keys(WAYS).entries()) await add(`way-${at}`, way)
    await add('crowded', 'never answers')
    const clients = {}
    const client = (id, { origin }) => {
      clients[id] = {
        metadata: {
          client_name: id,
          redirect_uris: [`${origin}/callback`],
          post_logout_redirect_uris: [`${origin}/after`],
          frontchannel_logout_uri: `${origin}/out`,
        },
        secret: SECRET,
        args: ['--first-party'],
      }
    }
    for (const [id, party] of parties) client(id, party)
    for (let n = 0; n < CROWD; n += 1) client(`crowd-${n}`, parties.get('crowded'))
    op = await provider({ clients })
    for (const party of parties.values()) party.op = op.issuer
    chrome = await browser()
  })
  after(async () => {
    await chrome?.close()
    await op?.stop()
    for (const party of [trap, ...parties.values()]) party?.stop()
  })

  /** The application of that way, with its name. */
  const named = (way) => [...parties].find(([id, party]) => id.startsWith('way-') && party.way === way)
  const visitor = async (options) => {
    const context = await chrome.newContext(options)
    context.setDefaultTimeout(20_000)
    return context.newPage()
  }
  /** In at an application, its ID Token. */
  const enter = async (page, id, { origin }) => {
    const asked = { response_type: 'code', client_id: id, redirect_uri: `${origin}/callback`, scope: 'openid' }
    await page.goto(`${op.issuer}/authorize?${new URLSearchParams(asked)}`)
    if (await page.locator('#login-form').isVisible()) await signIn(page, ADA)
    await page.waitForURL(`${origin}/callback*`)
    const body = new URLSearchParams({ grant_type: 'authorization_code', code: new URL(page.url()).searchParams.get('code'), redirect_uri: asked.redirect_uri })
    const authorization = `Basic ${btoa(`${id}:${encodeURIComponent(SECRET).replaceAll('%20', '+')}`)}`
    const answer = await (await fetch(`${op.issuer}/token`, { method: 'POST', body, headers: { authorization } })).json()
    assert.ok(answer.id_token, JSON.stringify(answer))
    return answer.id_token
  }
  const out = (hint, { origin }) =>
    `${op.issuer}/end_session?${new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: `${origin}/after` })}`
  /** Signs out towards an application: how long the page stood before it went on. */
  const leave = async (page, hint, home) => {
    await page.goto(out(hint, home), { waitUntil: 'commit' })
    const shown = Date.now()
    assert.ok(page.url().startsWith(op.issuer), page.url())
    const going = await page.waitForRequest(`${home.origin}/after`)
    assert.ok(going.isNavigationRequest())
    const stood = Date.now() - shown
    await page.waitForURL(`${home.origin}/after`)
    await page.locator('#here').waitFor()
    return stood
  }
  const picture = async (page, name) => {
    mkdirSync(join(ROOT, '.work/unruly'), { recursive: true })
    await page.screenshot({ path: join(ROOT, `.work/unruly/${name}.png`) })
  }

  test('frames that refuse, fail, lead away or try to leave hold nothing up, and leave nothing', async () => {
    const page = await visitor()
    // Its timers stand still: it goes on because every frame has loaded, or not at all.
    await page.clock.install()
    await page.clock.pauseAt(Date.now() + 1000)
    const noticed = []
    page.on('dialog', (dialog) => { noticed.push(dialog.type()); dialog.dismiss() })
    page.on('download', () => noticed.push('download'))
    page.on('popup', () => noticed.push('popup'))
    const home = parties.get('home')
    const hint = await enter(page, 'home', home)
    const framed = [...parties].filter(([id, { way }]) => id.startsWith('way-') && !ENDLESS.includes(way))
    for (const [id, party] of framed) await enter(page, id, party)
    await leave(page, hint, home)
    for (const [, { way, seen }] of framed) {
      assert.ok(seen.includes('/out'), `one that ${way} was framed`)
      assert.equal(seen.includes('/ok'), way === 'leads on within its own origin', way)
      assert.ok(!seen.includes('/escaped'), `one that ${way} stayed in its frame`)
    }
    assert.deepEqual(noticed, [])
    assert.deepEqual(trap.seen, [], 'the policy names the origins of frames, and holds behind a redirect')
    await page.context().close()
  })

  for (const way of ENDLESS) {
    test(`a frame that ${way} is waited for until the time is over`, async () => {
      const page = await visitor()
      const home = parties.get('home')
      const hint = await enter(page, 'home', home)
      await enter(page, ...named(way))
      const stood = await leave(page, hint, home)
      assert.ok(named(way)[1].seen.includes('/out'), 'it was framed')
      assert.ok(stood > BOUND - 500 && stood < BOUND + SLACK, `${stood} ms`)
      await page.context().close()
    })
  }

  test('more hanging frames than a browser keeps connections, at the host it goes back to', async () => {
    const page = await visitor()
    const home = parties.get('crowded')
    let hint
    for (let n = 0; n < CROWD; n += 1) hint = await enter(page, `crowd-${n}`, home)
    const stood = await leave(page, hint, home)
    assert.ok(stood < BOUND + SLACK, `${stood} ms`)
    await page.context().close()
  })

  test('while a frame hangs, the page says whom only the browser could tell, and its link leads on at once', async () => {
    const page = await visitor()
    const home = parties.get('home')
    const hint = await enter(page, 'home', home)
    await enter(page, ...named('never answers'))
    await page.goto(out(hint, home), { waitUntil: 'commit' })
    await page.locator('#back').waitFor()
    await picture(page, 'hanging')
    assert.equal(await page.locator('.fate.browser').count(), 2)
    assert.match(await page.locator('#onward').innerText(), /taken back to home/)
    await page.locator('#back').click({ noWaitAfter: true })
    await page.waitForURL(`${home.origin}/after`)
    await page.context().close()
  })

  for (const [way, name] of [['is well behaved', 'well'], ['never answers', 'hangs']]) {
    test(`without scripts, with a frame that ${way}`, async () => {
      const page = await visitor({ javaScriptEnabled: false })
      const home = parties.get('home')
      const hint = await enter(page, 'home', home)
      await enter(page, ...named(way))
      await page.goto(out(hint, home), { waitUntil: 'commit' })
      await page.locator('#back').waitFor()
      await picture(page, `without-scripts-${name}`)
      if (way === 'is well behaved') {
        // It goes on by itself.
        await page.waitForURL(`${home.origin}/after`)
      } else {
        // A browser counts from when everything has loaded, and that never comes: the link is what there is.
        await pause(BOUND + 1500)
        assert.ok(page.url().startsWith(`${op.issuer}/end_session`), page.url())
        await page.locator('#back').click({ noWaitAfter: true })
        await page.waitForURL(`${home.origin}/after`)
      }
      await page.context().close()
    })
  }
})
