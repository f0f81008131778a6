// Every page a person can reach, by the way a person reaches it: for the walks that look at them, and for pictures of them.

import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { browser, signIn } from './browser.mjs'
import { ADA, provider } from './op.mjs'
import { postOffice } from './post.mjs'
import { start } from './started.mjs'

const GRACE = { username: 'grace', password: 'nanoseconds of copper wire', name: 'Rear Admiral Grace Brewster Murray Hopper' }
const LONG = 'Königlich-Bayerische Staatsbibliotheksverwaltungsgesellschaft mit beschränkter Haftung'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const SHOWN = 'https://cdn.library.example'
const SCOPES = 'openid profile email address phone offline_access loans.read urn:example:catalogue:reservations:read-write-and-administrate'

/** A relying party: an empty page, and a back channel that answers as its path says (`/told/200`). */
async function relyingParty() {
  const server = createServer((request, response) => {
    const status = Number(/^\/told\/(\d+)/.exec(request.url)?.[1] ?? 200)
    response.writeHead(status, { 'content-type': 'text/html' })
    response.end('<!doctype html><html lang="en"><title>here</title><main id="here">here</main>')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() }
}

/** Logos, at a host that is not there: the browser takes them from here. Its content security policy holds all the same. */
export async function logos(context) {
  const draw = (width) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} 48"><rect width="${width}" height="48" rx="8" fill="#20603d"/><path d="M14 12h20v24H14z" fill="#fff"/></svg>`
  await context.route(`${SHOWN}/*`, (route) =>
    route.fulfill({ contentType: 'image/svg+xml', body: draw(route.request().url().endsWith('wide.svg') ? 192 : 48) }))
}

/** `ostiary demo`: what it says of itself, and its end. */
async function demo() {
  const running = start(process.env.OSTIARY_BIN, ['demo', '--port', '0', '--json'], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const data of running.child.stdout) {
    text += data
    try {
      return { ...JSON.parse(text), stop: running.stop }
    } catch {
      // More is to come.
    }
  }
  throw new Error(`the demo ended: ${text}`)
}

/** A provider with people and applications, and `pages`: each opens one page in a fresh context. */
export async function gallery() {
  const rp = await relyingParty()
  const callback = `${rp.origin}/callback`
  const web = (client_name, more = {}) => ({
    metadata: {
      client_name,
      client_uri: 'https://library.example/',
      redirect_uris: [callback],
      post_logout_redirect_uris: [`${rp.origin}/bye`],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: SCOPES,
      ...more,
    },
  })
  const own = (name, more) => ({ ...web(name, more), args: ['--first-party'] })
  const told = (status) => ({ backchannel_logout_uri: `${rp.origin}/told/${status}` })
  const app = (client_name) => ({
    metadata: {
      client_name,
      application_type: 'native',
      redirect_uris: [callback],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', EXCHANGE],
      scope: 'openid device_sso',
      ...told(200),
    },
    policy: { consent: 'first-party', native_sso: { group: 'acme' } },
  })
  const logo_uri = `${SHOWN}/logo.svg`
  const links = { policy_uri: 'https://library.example/privacy', tos_uri: 'https://library.example/terms' }
  const post = await postOffice()
  const op = await provider({
    environment: { OSTIARY_MAIL__SMTP: post.url, OSTIARY_MAIL__FROM: 'Ostiary <no-reply@example.org>' },
    people: [ADA, GRACE],
    clients: {
      library: web('Example Library', { ...links, logo_uri, 'client_name#de': 'Beispielbibliothek', ...told(200) }),
      long: web(LONG, { ...links, logo_uri: `${SHOWN}/wide.svg` }),
      reading: own('Reading Room', { ...told(200), initiate_login_uri: 'https://library.example/start' }),
      slow: own('Music Shelf', told(503)),
      refusing: own(`Old Catalogue of the ${LONG}`, told(400)),
      mute: own('Map Cabinet'),
      mail: app('Letter Box'),
      calendar: app('Opening Hours'),
      framed: own('Map Room', { frontchannel_logout_uri: `${rp.origin}/told/200/frame` }),
    },
  })
  op.cli(['user', 'sign-up', 'open'])
  op.cli(['native-sso', 'on'])
  op.cli(['user', 'operator', GRACE.username, '--act'])
  const shop = await demo()

  const authorize = (client, more = {}) => {
    const asked = { response_type: 'code', client_id: client, redirect_uri: callback, scope: 'openid', state: 's', nonce: 'n', ...more }
    return `${op.issuer}/authorize?${new URLSearchParams(asked)}`
  }
  const into = async (page, client, person = ADA) => {
    await page.goto(authorize(client))
    if (await page.locator('#login-form').isVisible()) await signIn(page, person)
    await page.waitForURL(`${callback}*`)
  }
  const both = async (page) => {
    await into(page, 'reading')
    await page.goto(authorize('reading', { prompt: 'login' }))
    await signIn(page, GRACE)
    await page.waitForURL(`${callback}*`)
  }
  const consent = async (page, client, scope) => {
    await page.goto(authorize(client, { scope, prompt: 'consent' }))
    await signIn(page, ADA)
    await page.locator('#consent-form').waitFor()
  }
  const account = async (page) => {
    await consent(page, 'library', 'openid profile email loans.read')
    await page.locator('#allow').click()
    await page.waitForURL(`${callback}*`)
    await page.goto(`${op.issuer}/account`)
    await page.locator('#password-form').waitFor()
  }
  const token = async (fields) => {
    const response = await fetch(`${op.issuer}/token`, { method: 'POST', body: new URLSearchParams(fields) })
    const tokens = await response.json()
    if (!response.ok) throw new Error(JSON.stringify(tokens))
    return tokens
  }
  /** Two apps on a device of Ada's, the second by the device secret of the first. */
  const device = async (page) => {
    const code_verifier = 'a verifier of a gallery is no secret of anybody'.replaceAll(' ', '-')
    const code_challenge = createHash('sha256').update(code_verifier).digest('base64url')
    const scope = 'openid device_sso'
    await page.goto(authorize('mail', { scope, code_challenge, code_challenge_method: 'S256' }))
    await signIn(page, ADA)
    await page.waitForURL(`${callback}*`)
    const code = new URL(page.url()).searchParams.get('code')
    const { id_token, device_secret } = await token({ grant_type: 'authorization_code', client_id: 'mail', code, redirect_uri: callback, code_verifier })
    await token({
      grant_type: EXCHANGE,
      client_id: 'calendar',
      audience: op.issuer,
      subject_token: id_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      actor_token: device_secret,
      actor_token_type: 'urn:openid:params:token-type:device-secret',
      scope,
    })
    await into(page, 'mute')
    await into(page, 'reading')
  }
  const change = async (page, current, fresh, repeat = fresh) => {
    await account(page)
    for (const [id, value] of [['current', current], ['new', fresh], ['repeat', repeat]]) await page.locator(`#${id}`).fill(value)
    await page.locator('#change').click()
  }
  const signOut = async (page, clients, asked) => {
    for (const client of clients) await into(page, client)
    await page.goto(`${op.issuer}/end_session${asked ? `?client_id=${asked}&post_logout_redirect_uri=${rp.origin}/bye` : ''}`)
    await page.locator('#logout').click()
    await page.locator('#signed-out').waitFor()
  }
  const shopping = async (page, path = '/') => {
    await page.goto(`${shop.relying_parties[0]}${path}`)
  }

  /** Ada has left one application that heard of it and one that refuses to, and is in two again; Grace looks at a page of the console. */
  const operate = async (page, path) => {
    for (const client of ['reading', 'refusing', 'slow']) await into(page, client)
    op.cli(['session', 'end', '--user', ADA.username])
    for (const client of ['reading', 'mute']) await into(page, client)
    const [session] = op.json(['session', 'list', '--user', ADA.username])
    const [notice] = op.json(['notice', 'list', '--state', 'refused'])
    await page.goto(`${op.issuer}/console${path({ session, notice })}`)
    await page.locator('#other, #login-form').first().waitFor()
    if (await page.locator('#other').isVisible()) await page.locator('#other').click()
    await signIn(page, GRACE)
    await page.locator('.console').waitFor()
    await page.goto(`${op.issuer}/console${path({ session, notice })}`)
    await page.locator('.console h1').waitFor()
  }

  let number = 0
  const create = (page) => page.goto(authorize('library', { prompt: 'create' }))
  /** Signs up with a new address; the page that says where the letter is. */
  const sent = async (page) => {
    await create(page)
    const address = `person-${(number += 1)}@example.org`
    await page.locator('#email').fill(address)
    await page.locator('#send').click()
    await page.locator('#email').waitFor({ state: 'detached' })
    return address
  }
  const recover = async (page) => {
    await page.goto(authorize('library'))
    await page.locator('#recover').click()
    await page.locator('#recover-form').waitFor()
  }

  const pages = {
    login: (page) => page.goto(authorize('library')),
    'login-error': async (page) => {
      await page.goto(authorize('library'))
      await signIn(page, { ...ADA, password: 'not it' })
      await page.locator('#problem').waitFor()
    },
    'login-long': (page) => page.goto(authorize('long')),
    'login-again': async (page) => {
      await into(page, 'reading')
      await page.goto(authorize('reading', { prompt: 'login' }))
    },
    consent: (page) => consent(page, 'library', 'openid profile email offline_access loans.read'),
    'consent-long': (page) => consent(page, 'long', SCOPES),
    chooser: async (page) => {
      await both(page)
      await page.goto(authorize('library', { prompt: 'select_account' }))
    },
    'chooser-own': async (page) => {
      await both(page)
      await page.goto(`${op.issuer}/account`)
    },
    account,
    'account-problem': (page) => change(page, 'not the password', 'three or four words'),
    'account-done': async (page) => {
      await account(page)
      await page.locator('#withdraw-1').click()
      await page.locator('#done').waitFor()
    },
    'account-devices': async (page) => {
      await device(page)
      await page.goto(`${op.issuer}/account`)
    },
    'account-end': async (page) => {
      await device(page)
      await page.goto(`${op.issuer}/account`)
      await page.locator('a[href*="/account/end?"][href*="session="]').first().click()
      await page.locator('form[action*="/account/end"]').waitFor()
    },
    'account-end-all': async (page) => {
      await device(page)
      await page.goto(`${op.issuer}/account`)
      await page.locator('a[href*="/account/end?"][href*="all"]').first().click()
      await page.locator('form[action*="/account/end"]').waitFor()
    },
    'sign-out': async (page) => {
      await into(page, 'reading')
      await page.goto(`${op.issuer}/end_session?client_id=reading`)
    },
    'sign-out-own': async (page) => {
      await both(page)
      await page.goto(`${op.issuer}/end_session`)
    },
    'signed-out': (page) => signOut(page, ['reading'], 'reading'),
    'signed-out-progress': (page) => signOut(page, ['reading', 'slow', 'refusing', 'mute'], 'reading'),
    'signed-out-frames': (page) => signOut(page, ['reading', 'framed'], 'reading'),
    'signed-out-alone': async (page) => {
      await page.goto(`${op.issuer}/end_session`)
      await page.locator('#signed-out').waitFor()
    },
    create,
    'create-error': async (page) => {
      await create(page)
      await page.locator('#create-form').evaluate((form) => { form.noValidate = true })
      await page.locator('#email').fill('not an address')
      await page.locator('#send').click()
      await page.locator('#problem').waitFor()
    },
    sent,
    'link-create': async (page) => page.goto(await post.link(await sent(page))),
    'link-error': async (page) => {
      await page.goto(await post.link(await sent(page)))
      for (const id of ['new', 'repeat']) await page.locator(`#${id}`).fill('short')
      await page.locator('#go').click()
      await page.locator('#problem').waitFor()
    },
    recover,
    'link-recover': async (page) => {
      await recover(page)
      await page.locator('#username').fill('ada')
      await page.locator('#send').click()
      await page.goto(await post.link(ADA.email))
    },
    applications: async (page) => {
      await account(page)
      await page.goto(`${op.issuer}/applications`)
    },
    error: (page) => page.goto(authorize('nobody')),
    'error-request': (page) => page.goto(`${op.issuer}/end_session?client_id=reading&post_logout_redirect_uri=${rp.origin}/elsewhere`),
    'console-closed': async (page) => {
      await account(page)
      await page.goto(`${op.issuer}/console`)
    },
    'console-figures': (page) => operate(page, () => ''),
    'console-ledger': (page) => operate(page, () => '/ledger?state=refused'),
    'console-notice': (page) => operate(page, ({ notice }) => `/notice?id=${encodeURIComponent(notice.id)}`),
    'console-settle': (page) => operate(page, () => '/settle?how=again&state=refused'),
    'console-find': (page) => operate(page, () => '/find?q=ada'),
    'console-person': (page) => operate(page, ({ session }) => `/person?id=${session.account}&all=1`),
    'console-person-device': async (page) => {
      await operate(page, () => '')
      const elsewhere = await page.context().browser().newContext()
      await device(await elsewhere.newPage())
      await elsewhere.close()
      const [{ account }] = op.json(['session', 'list', '--user', ADA.username])
      await page.goto(`${op.issuer}/console/person?id=${account}`)
    },
    'console-session-over': async (page) => {
      await operate(page, () => '')
      const sessions = op.json(['session', 'list', '--user', ADA.username, '--all'])
      await page.goto(`${op.issuer}/console/session?id=${sessions.find((session) => session.ended).id}`)
    },
    'console-session': (page) => operate(page, ({ session }) => `/session?id=${session.id}`),
    'console-end': (page) => operate(page, ({ session }) => `/end?session=${session.id}`),
    'console-clients': (page) => operate(page, () => '/clients'),
    'console-client': (page) => operate(page, () => '/client?id=reading'),
    'console-audit': (page) => operate(page, () => '/audit'),
    home: (page) => page.goto(`${op.issuer}/`),
    'demo-guide': (page) => page.goto(shop.guide),
    'demo-site': (page) => shopping(page),
    'demo-site-in': async (page) => {
      await shopping(page, '/sign-in')
      await signIn(page, shop)
      await page.locator('#allow').click()
      await page.locator('#sign-out').waitFor()
    },
    'demo-failed': (page) => shopping(page, '/callback?error=access_denied'),
  }
  return {
    op,
    rp,
    callback,
    people: [ADA, GRACE],
    operate,
    into,
    pages,
    authorize,
    async stop() {
      await Promise.all([op.stop(), shop.stop(), rp.stop(), post.stop()])
    },
  }
}

/**
 * Chromium before a gallery: `open` opens one of its pages, and counts what the console complains of as an error of the
 * page.
 */
export async function visitor() {
  const all = await gallery()
  const chrome = await browser()
  const open = async (name, options) => {
    const context = await chrome.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    await logos(context)
    context.setDefaultTimeout(20_000)
    const page = await context.newPage()
    const errors = []
    // A refusal is a page with a status of its own: the browser writes that down too.
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of (400|403|502)/.test(message.text())) errors.push(message.text())
    })
    page.on('pageerror', (error) => errors.push(String(error)))
    if (name) await all.pages[name](page)
    return { page, errors, close: () => context.close() }
  }
  const stop = async () => {
    await chrome.close()
    await all.stop()
  }
  return { ...all, open, stop }
}
