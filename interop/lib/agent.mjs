// A browser without scripts, without style and without patience: it keeps cookies, follows redirects and sends the forms
// our pages hold. Chromium walks the same pages where it matters what a person sees.

import assert from 'node:assert/strict'

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'", '#34': '"', '#38': '&', '#60': '<', '#62': '>' }
const plain = (text) => text.replace(/&([#\w]+);/g, (whole, name) => ENTITIES[name] ?? whole)

function attributes(tag) {
  const found = {}
  for (const [, name, value] of tag.matchAll(/([\w-]+)="([^"]*)"/g)) found[name] = plain(value)
  return found
}

/** The fields a page's form holds without anybody typing. */
function hidden(page) {
  const fields = new URLSearchParams()
  for (const [tag] of page.body.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const { name, value } = attributes(tag)
    fields.append(name, value)
  }
  return fields
}

export class Agent {
  constructor() {
    this.cookies = new Map()
  }

  async fetch(url, options = {}) {
    const headers = { ...options.headers }
    if (this.cookies.size > 0) headers.cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { ...options, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...rest] = line.split(';')
      const at = pair.indexOf('=')
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
      if (value === '' || rest.some((part) => /max-age=0/i.test(part))) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }

  /** Follows redirects until one leaves for `target`, or a page comes. */
  async follow(url, options, target) {
    for (let hops = 0; hops < 12; hops += 1) {
      if (target && url.startsWith(target)) return { left: new URL(url) }
      const response = await this.fetch(url, options)
      options = {}
      const location = response.headers.get('location')
      if (location === null) return { url, status: response.status, body: await response.text() }
      url = new URL(location, url).href
    }
    throw new Error(`too many redirects, the last to ${url}`)
  }

  /** Sends the form a page holds, with what a person types and the button they press. */
  submit(page, typed, target) {
    const form = page.body.match(/<form[^>]*method="post"[^>]*>/i)
    assert.ok(form, `no form on ${page.url}: ${page.body.slice(0, 2000)}`)
    const fields = hidden(page)
    for (const [name, value] of Object.entries(typed)) fields.append(name, value)
    const action = new URL(attributes(form[0]).action, page.url).href
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(page.url).origin }
    return this.follow(action, { method: 'POST', body: fields.toString(), headers }, target)
  }

  /**
   * From an authorization URL to the redirect URI, through sign-in and consent where they are asked: `left` is the address
   * the browser was sent to or, for `form_post`, the request it would send.
   */
  async authorize(url, person, target) {
    const seen = []
    let at = await this.follow(String(url), {}, target)
    for (let pages = 0; pages < 6; pages += 1) {
      if (at.left) return { left: at.left, seen }
      const post = at.body.match(/<form[^>]*id="form-post"[^>]*>/)
      if (post) {
        const { action } = attributes(post[0])
        assert.ok(action.startsWith(target), action)
        return { left: new Request(action, { method: 'POST', body: hidden(at) }), seen }
      }
      if (at.body.includes('id="login-form"')) {
        seen.push('login')
        at = await this.submit(at, { username: person.username, password: person.password, login: '1' }, target)
      } else if (at.body.includes('id="consent-form"')) {
        seen.push('consent')
        at = await this.submit(at, { allow: '1' }, target)
      } else {
        throw new Error(`an unexpected page (${at.status}) at ${at.url}: ${at.body}`)
      }
    }
    throw new Error('too many pages')
  }
}
