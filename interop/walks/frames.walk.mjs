// The two ways of logout that need the person's browser, on distinct sites over https: Front-Channel Logout and Session
// Management, with mod_auth_openidc and oidc-client-ts in Chromium. Once where third-party cookies are allowed, once where
// they are blocked. Cookies ignore ports, so nothing of this could be seen on localhost.

import assert from 'node:assert/strict'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { apache, metadata, nameProxy, reached } from '../lib/apache.mjs'
import { profile, signIn } from '../lib/browser.mjs'
import { authority, trust } from '../lib/ca.mjs'
import { ADA, provider } from '../lib/op.mjs'
import { needs, ROOT } from '../lib/parts.mjs'
import { folder, freePort, pause, until } from '../lib/started.mjs'

const SECRET = 'thirty-two octets, and then a few more'
// The first is reached by the provider.
const NAMES = ['back.test', 'one.test', 'two.test', 'watch.test']

/** The frames of mod_auth_openidc's session management, at a page that is otherwise empty. */
const frames = ['op', 'rp&poll=500']
  .map((which) => `<iframe id="openidc-${which.slice(0, 2)}" title="session" src="/protected/redirect_uri?session=iframe_${which}"></iframe>`)
  .join('')
const WATCHING = `<!doctype html><title>in</title><p id="inside">inside</p>${frames}`

const SPA = `<!doctype html><meta charset="utf-8"><title>Reading room</title><button id="in">in</button><pre id="said"></pre>
<script src="oidc-client-ts.js"></script><script src="app.js"></script>`

/** The page a provider frames: it forgets who is signed in. */
const OUT = '<!doctype html><title>out</title><script src="oidc-client-ts.js"></script><script src="app.js"></script><script>manager.removeUser()</script>'

const app = (issuer) => `
const manager = new oidc.UserManager({
  authority: ${JSON.stringify(issuer)}, client_id: 'room', redirect_uri: location.origin + '/spa/', scope: 'openid',
  silent_redirect_uri: location.origin + '/spa/', automaticSilentRenew: false, monitorSession: true,
  userStore: new oidc.WebStorageStateStore({ store: localStorage }), checkSessionIntervalInSeconds: 1,
})
const say = (words) => { document.getElementById('said').textContent = words }
manager.events.addUserSignedOut(() => say('signed out'))
const button = document.getElementById('in')
if (button) button.onclick = () => manager.signinRedirect()
if (location.search.includes('state=')) manager.signinCallback().then((user) => { if (user) say('in as ' + user.profile.sub) }, (error) => say(String(error)))
`

/** Renews all the time: what lives for ten minutes is near its end three seconds after it was given. */
const renewing = (issuer, id) => `<!doctype html><meta charset="utf-8"><title>${id}</title><button id="in">in</button><pre id="said"></pre>
<script src="oidc-client-ts.js"></script><script>
const manager = new oidc.UserManager({
  authority: ${JSON.stringify(issuer)}, client_id: '${id}', redirect_uri: location.origin + location.pathname, scope: 'openid',
  silent_redirect_uri: location.origin + '/spa/silent.html', automaticSilentRenew: true, accessTokenExpiringNotificationTimeInSeconds: 597,
  monitorSession: true, monitorAnonymousSession: true, checkSessionIntervalInSeconds: 1,
})
const say = (words) => { document.getElementById('said').textContent += words + '; ' }
manager.events.addUserLoaded(() => say('loaded'))
manager.events.addSilentRenewError((error) => say('not renewed: ' + (error.error ?? error.message)))
manager.events.addUserSignedOut(() => say('signed out'))
manager.events.addUserSignedIn(() => say('signed in elsewhere'))
document.getElementById('in').onclick = () => manager.signinRedirect()
if (location.search.includes('state=')) manager.signinCallback().catch((error) => say(String(error)))
</script>`

const SILENT = '<!doctype html><script src="oidc-client-ts.js"></script><script>new oidc.UserManager({}).signinSilentCallback()</script>'

for (const cookies of ['allowed', 'blocked']) {
  describe(`third-party cookies ${cookies}`, needs('apache2', 'mod_auth_openidc', 'chromium', 'certutil', 'openssl'), () => {
    let op, proxy, rp, context, page
    const asked = []

    before(async () => {
      const dir = folder()
      chmodSync(dir, 0o755)
      const tls = authority(dir, ['op.test', ...NAMES, '127.0.0.1'])
      const listen = await freePort()
      const issuer = `https://op.test:${listen}`
      proxy = await nameProxy('op.test', listen)
      const sites = NAMES.map((name) => ({ name, id: name, secret: SECRET, directives: [] }))
      const script = readFileSync(join(ROOT, 'node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js'), 'utf8')
      const files = {
        'protected/index.html': '<!doctype html><title>in</title><p id="inside">inside',
        'protected/watch.html': WATCHING,
        'spa/index.html': SPA,
        'spa/app.js': app(issuer),
        'spa/out.html': OUT,
        'spa/quiet.html': renewing(issuer, 'quiet'),
        'spa/fresh.html': renewing(issuer, 'fresh'),
        'spa/silent.html': SILENT,
        'spa/oidc-client-ts.js': script,
      }
      rp = await apache({ tls, proxy: proxy.port, sites, files })
      const at = (name) => `https://${name}:${rp.port}`
      const clients = {}
      for (const site of sites) {
        site.directives.push('DirectoryIndex index.html', `OIDCDefaultLoggedOutURL ${at(site.name)}/`)
        const front = { frontchannel_logout_uri: `${at(site.name)}/protected/redirect_uri?logout=get`, frontchannel_logout_session_required: true }
        // From its session page mod_auth_openidc wants back to that page.
        const back = { backchannel_logout_uri: reached(rp.port, 'logout=backchannel'), backchannel_logout_session_required: true }
        const channels = { 'back.test': back, 'watch.test': {} }[site.name] ?? front
        const members = { post_logout_redirect_uris: [`${at(site.name)}/`, `${at(site.name)}/protected/watch.html`], ...channels }
        clients[site.name] = { metadata: metadata(site.name, rp.port, members), secret: SECRET, args: ['--first-party'] }
      }
      clients.room = {
        metadata: {
          client_name: 'Reading room',
          redirect_uris: [`${at('one.test')}/spa/`],
          token_endpoint_auth_method: 'none',
          frontchannel_logout_uri: `${at('one.test')}/spa/out.html?of=room`,
        },
        args: ['--first-party'],
      }
      for (const [id, grant_types] of [['quiet', ['authorization_code']], ['fresh', ['authorization_code', 'refresh_token']]]) {
        const redirect_uris = [`${at('one.test')}/spa/${id}.html`, `${at('one.test')}/spa/silent.html`]
        clients[id] = { metadata: { client_name: id, redirect_uris, grant_types, token_endpoint_auth_method: 'none' }, args: ['--first-party'] }
      }
      op = await provider({
        issuer,
        port: listen,
        environment: {
          OSTIARY_TLS__CERTIFICATE: tls.certificate,
          OSTIARY_TLS__KEY: tls.key,
          OSTIARY_TEST_MODE__ENABLED: 'true',
          OSTIARY_TEST_MODE__EXTRA_CA: tls.ca,
          OSTIARY_TEST_MODE__LOOPBACK_PORTS: `[${rp.port}]`,
        },
        clients,
      })
      await rp.start(op.issuer)
      const home = folder()
      trust(home, tls.ca)
      context = await profile({ home, cookies, flags: ['--host-resolver-rules=MAP *.test 127.0.0.1'] })
      context.setDefaultTimeout(20_000)
      context.on('request', (request) => { if (request.url().startsWith(`${op.issuer}/authorize?`)) asked.push(request.url()) })
    })
    after(async () => {
      await context?.close()
      await rp?.stop()
      proxy?.stop()
      await op?.stop()
    })

    const at = (name) => `https://${name}:${rp.port}`
    const fresh = async () => {
      await Promise.all(context.pages().slice(1).map((each) => each.close()))
      await context.clearCookies()
      asked.length = 0
      page = await context.newPage()
    }
    const enter = async (name, path = '/protected/index.html') => {
      await page.goto(`${at(name)}${path}`)
      if (await page.locator('#login-form').isVisible()) await signIn(page, ADA)
      await page.locator('#inside').waitFor()
    }
    const cookie = async (name) => {
      const all = await context.cookies(at(name))
      const session = all.find((each) => each.name === 'mod_auth_openidc_session')
      assert.ok(session, `${name} gave a session cookie`)
      return { cookie: `${session.name}=${session.value}` }
    }
    const opens = async (name, headers) => (await rp.asked(name, '/protected/index.html', headers)).status === 200
    /** Signs out at the provider in a tab of its own. */
    const leave = async () => {
      const tab = await context.newPage()
      await tab.goto(`${op.issuer}/end_session`)
      await tab.locator('#logout').click()
      await tab.locator('#signed-out').waitFor()
      return tab
    }

    test('Back-Channel Logout: no browser, no cookie, nothing to block', async () => {
      await fresh()
      await enter('back.test')
      const held = await cookie('back.test')
      assert.equal(await opens('back.test', held), true)
      const tab = await leave()
      await tab.locator('.fate.told').waitFor()
      assert.equal(await opens('back.test', held), false)
      assert.match(op.cli(['notice', 'list']), /created 1 = delivered 1 /)
    })

    test('Front-Channel Logout: out at one, out at two, and back at one', async () => {
      await fresh()
      await enter('one.test')
      await enter('two.test')
      const second = await cookie('two.test')
      assert.equal(await opens('two.test', second), true)
      const framed = []
      let said = ''
      page.on('request', (request) => { if (request.url().includes('logout=get')) framed.push(new URL(request.url())) })
      page.on('response', async (response) => {
        if (response.url().startsWith(`${op.issuer}/end_session`)) said = await response.text().catch(() => '')
      })
      await page.goto(`${at('one.test')}/protected/redirect_uri?logout=${encodeURIComponent(`${at('one.test')}/`)}`, { waitUntil: 'commit' })
      await page.waitForURL(`${at('one.test')}/`)
      assert.deepEqual(framed.map((url) => url.hostname).sort(), ['one.test', 'two.test'])
      for (const url of framed) {
        assert.equal(url.searchParams.get('iss'), op.issuer)
        assert.ok(url.searchParams.get('sid'))
      }
      // mod_auth_openidc finds its session by `sid`, whether or not it sees its cookie.
      assert.equal(await opens('two.test', second), false)
      assert.match(op.cli(['notice', 'list']), /shown 2 /)
      if (said) assert.match(said, /hide an application/)
    })

    test('the page says what only the browser could tell', async () => {
      await fresh()
      await enter('two.test')
      const tab = await leave()
      assert.equal(await tab.locator('.fate.browser').count(), 1)
      assert.match(await tab.locator('#browser-note').innerText(), /many browsers hide/)
    })

    test('Session Management: mod_auth_openidc’s page notices a sign-out in another tab', async () => {
      await fresh()
      const heard = new Set()
      const left = []
      page.on('request', (request) => { if (request.frame() === page.mainFrame()) left.push(request.url()) })
      page.on('console', (message) => { const said = /receiveMessage: (\w+)/.exec(message.text()); if (said) heard.add(said[1]) })
      await enter('watch.test', '/protected/watch.html')
      const watch = await cookie('watch.test')
      await until('the frame has answered', () => heard.size > 0)
      await pause(2000)
      if (cookies === 'blocked') {
        // The frame cannot read its cookie and says so. mod_auth_openidc takes that for a logout; it asks nobody in circles.
        assert.deepEqual([...heard], ['error'])
        assert.ok(asked.every((url) => !url.includes('prompt=none')), asked.join('\n'))
        // But it is a sign-out for everybody: docs/relying-parties.md tells operators of this.
        await page.locator('#login-form').waitFor()
        assert.ok(left.some((url) => url.startsWith(`${op.issuer}/end_session?id_token_hint=`)), left.join('\n'))
        assert.equal(await opens('watch.test', watch), false)
        assert.deepEqual(op.json(['session', 'list']), [])
        return
      }
      assert.deepEqual([...heard], ['unchanged'])
      assert.equal(page.url(), `${at('watch.test')}/protected/watch.html`, 'nothing has changed')
      await leave()
      await page.locator('#login-form').waitFor()
      assert.deepEqual([...heard], ['unchanged', 'changed'])
      assert.equal(await opens('watch.test', watch), false)
    })

    test('Session Management: oidc-client-ts notices a sign-out in another tab', async () => {
      await fresh()
      await page.goto(`${at('one.test')}/spa/`)
      await page.locator('#in').click()
      await signIn(page, ADA)
      const says = (words) => page.waitForFunction((words) => document.getElementById('said')?.textContent.includes(words), words)
      await says('in as')
      await pause(3000)
      assert.match(await page.locator('#said').textContent(), /in as/, 'nothing has changed')
      const before = asked.length
      await leave()
      if (cookies === 'allowed') {
        await says('signed out')
      } else {
        await pause(4000)
        assert.match(await page.locator('#said').textContent(), /in as/)
        assert.equal(asked.length, before)
      }
    })

    test('Front-Channel Logout: oidc-client-ts is signed out where its frame shares its storage', async () => {
      await fresh()
      await page.goto(`${at('one.test')}/spa/`)
      await page.locator('#in').click()
      await signIn(page, ADA)
      await page.waitForFunction(() => document.getElementById('said')?.textContent.includes('in as'))
      const isIn = () => page.evaluate(() => Object.keys(localStorage).some((key) => key.startsWith('oidc.user:')))
      assert.equal(await isIn(), true)
      const tab = await leave()
      const frame = await until('the frame has loaded', () => tab.frames().find((each) => each.url().includes('/spa/out.html')))
      assert.deepEqual([...new URL(frame.url()).searchParams.keys()], ['of', 'iss', 'sid'])
      if (cookies === 'allowed') {
        await until('the sign-in is forgotten', async () => !(await isIn()))
      } else {
        await pause(2000)
        assert.equal(await isIn(), true, 'with the cookies of other sites their storage is out of reach too')
      }
    })

    const heard = (words) => page.waitForFunction((words) => document.getElementById('said')?.textContent.includes(words), words)
    const said = () => page.locator('#said').textContent()
    const silent = () => asked.filter((url) => url.includes('prompt=none')).length

    test('oidc-client-ts renews silently in a frame, until somebody signs out elsewhere', async () => {
      await fresh()
      await page.goto(`${at('one.test')}/spa/quiet.html`)
      await page.locator('#in').click()
      await signIn(page, ADA)
      await heard('loaded')
      if (cookies === 'allowed') {
        await heard('loaded; loaded; loaded; ')
        assert.doesNotMatch(await said(), /signed|not/, 'a renewal changes nothing')
        await leave()
        await heard('signed out')
        return
      }
      // In its frame nobody is signed in. It is told so once, and asks no more.
      await heard('not renewed: login_required')
      const before = silent()
      await pause(4000)
      assert.equal(await said(), 'loaded; not renewed: login_required; ')
      assert.equal(silent(), before)
    })

    test('oidc-client-ts renews by refresh token, until somebody signs out elsewhere', async () => {
      await fresh()
      await page.goto(`${at('one.test')}/spa/fresh.html`)
      await page.locator('#in').click()
      await signIn(page, ADA)
      await heard('loaded; loaded; ')
      assert.doesNotMatch(await said(), /signed|not/)
      const before = silent()
      await leave()
      await heard(cookies === 'allowed' ? 'signed out' : 'not renewed: invalid_grant')
      assert.ok(silent() <= before + 1, asked.join('\n'))
    })

    test('a page where nobody is signed in hears of a sign-in elsewhere, and asks in no circle', async () => {
      await fresh()
      await page.goto(`${at('one.test')}/spa/quiet.html`)
      await until('it has asked', () => silent() > 0)
      await pause(3000)
      const before = silent()
      const tab = await context.newPage()
      await tab.goto(`${at('two.test')}/protected/index.html`)
      await signIn(tab, ADA)
      await tab.locator('#inside').waitFor()
      if (cookies === 'allowed') await heard('signed in elsewhere')
      await pause(3000)
      assert.ok(before <= 2 && silent() <= before + (cookies === 'allowed' ? 1 : 0), asked.join('\n'))
    })

    if (cookies === 'allowed') test('an ending by an operator is noticed when the frame is loaded again', async () => {
      await fresh()
      await enter('watch.test', '/protected/watch.html')
      const watch = await cookie('watch.test')
      op.cli(['session', 'end', '--user', ADA.username])
      await pause(1500)
      assert.equal(await opens('watch.test', watch), true, 'it has no back channel')
      await page.reload()
      await page.locator('#login-form').waitFor()
      await until('the session is over there', async () => !(await opens('watch.test', watch)))
    })
  })
}
