// oidc-client-ts (npm) in Chromium: a single-page application of another origin, a public client, everything over CORS.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { allow, browser, signIn } from '../lib/browser.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { needs, ROOT } from '../lib/parts.mjs'
import { corner } from '../lib/rp.mjs'

const PAGE = `<!doctype html><meta charset="utf-8"><title>Reading room</title>
<button id="in">in</button><button id="silent">silent</button><button id="refresh">refresh</button><button id="revoke">revoke</button><pre id="person"></pre>
<script src="/oidc-client-ts.js"></script><script src="/app.js"></script>`

// `?response_mode=…` on the page’s address is for the request; the library must read the answer in the same way.
const app = (issuer) => `
const asked = new URLSearchParams(location.search).get('response_mode')
if (asked) sessionStorage.setItem('response_mode', asked)
const response_mode = sessionStorage.getItem('response_mode') ?? undefined
const manager = new oidc.UserManager({
  authority: ${JSON.stringify(issuer)}, client_id: 'room', redirect_uri: location.origin + '/', scope: 'openid profile email',
  response_mode, loadUserInfo: true, automaticSilentRenew: false,
  userStore: new oidc.WebStorageStateStore({ store: sessionStorage }),
})
const show = (what) => { document.getElementById('person').textContent = JSON.stringify(what) }
const tried = (work) => () => work().catch((error) => show({ error: error.error ?? String(error) }))
document.getElementById('in').onclick = tried(() => manager.signinRedirect())
document.getElementById('silent').onclick = tried(() => manager.signinRedirect({ prompt: 'none' }))
document.getElementById('refresh').onclick = tried(async () => {
  const before = await manager.getUser()
  const after = await manager.signinSilent()
  show({ refreshed: after.access_token !== before.access_token && after.refresh_token !== before.refresh_token })
})
document.getElementById('revoke').onclick = tried(async () => { await manager.revokeTokens(['access_token', 'refresh_token']); show({ revoked: true }) })
const where = location.hash.includes('state=') ? 'fragment' : 'query'
if ((location.search + location.hash).includes('state=')) tried(async () => show({ ...(await manager.signinCallback()).profile, where }))()
`

describe('a single-page application', needs('chromium'), () => {
  let op, room, stranger, chrome
  before(async () => {
    const pages = {
      '/': { type: 'text/html', body: PAGE },
      '/app.js': { type: 'text/javascript', body: '' },
      '/oidc-client-ts.js': {
        type: 'text/javascript',
        body: readFileSync(join(ROOT, 'node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js')),
      },
    }
    room = await corner(pages)
    stranger = await corner()
    op = await provider({
      clients: {
        room: {
          metadata: {
            client_name: 'Reading room',
            redirect_uris: [`${room.origin}/`],
            grant_types: ['authorization_code', 'refresh_token'],
            token_endpoint_auth_method: 'none',
            scope: 'openid profile email',
          },
        },
      },
    })
    pages['/app.js'].body = app(op.issuer)
    chrome = await browser()
  })
  after(async () => {
    await chrome?.close()
    await op?.stop()
    await Promise.all([room?.stop(), stranger?.stop()])
  })

  test('signs in, refreshes and revokes, all from its own origin', async () => {
    const page = await chrome.newPage()
    page.setDefaultTimeout(15_000)
    const shown = async (word) => {
      const text = page.locator('#person', { hasText: /./ })
      await page.waitForFunction((word) => document.getElementById('person').textContent.match(`${word}|error`), word)
      return JSON.parse(await text.textContent())
    }
    await page.goto(`${room.origin}/`)
    await page.locator('#in').click()
    await signIn(page, ADA)
    await allow(page)
    const profile = await shown('email')
    assert.equal(profile.email, ADA.email)
    assert.equal(profile.name, ADA.name)
    await page.locator('#refresh').click()
    assert.deepEqual(await shown('refreshed'), { refreshed: true })
    await page.locator('#revoke').click()
    assert.deepEqual(await shown('revoked'), { revoked: true })
    await page.close()
  })

  for (const mode of ['query', 'fragment']) {
    test(`response_mode=${mode}, answers and errors`, async () => {
      const page = await chrome.newPage()
      page.setDefaultTimeout(15_000)
      const shown = async () => {
        await page.waitForFunction(() => document.getElementById('person')?.textContent)
        return JSON.parse(await page.locator('#person').textContent())
      }
      const asked = []
      page.on('request', (request) => { if (request.url().startsWith(`${op.issuer}/authorize?`)) asked.push(request.url()) })
      await page.goto(`${room.origin}/?response_mode=${mode}`)
      await page.locator('#silent').click()
      await page.waitForURL(`${room.origin}/*state=*`)
      assert.equal((await shown()).error, 'login_required')
      await page.locator('#in').click()
      await signIn(page, ADA)
      await page.waitForURL(`${room.origin}/*state=*`)
      const profile = await shown()
      assert.deepEqual([profile.email, profile.where], [ADA.email, mode])
      assert.deepEqual(asked.map((url) => new URL(url).searchParams.get('response_mode')), [mode, mode])
      await page.close()
    })
  }

  test('a page of an unregistered origin may not read the token endpoint’s answer', async () => {
    const page = await chrome.newPage()
    const ask = (url) =>
      page.evaluate((url) => fetch(url, { method: 'POST', body: new URLSearchParams({ grant_type: 'x' }) }).then((r) => r.status, () => 'kept out'), url)
    await page.goto(`${stranger.origin}/`)
    assert.equal(await ask(`${op.issuer}/token`), 'kept out')
    await page.goto(`${room.origin}/`)
    assert.notEqual(await ask(`${op.issuer}/token`), 'kept out')
    await page.close()
  })
})
