// An application with express-openid-connect, as its README has it: sessions in a sealed cookie, back-channel logout with a
// store, sign-out at the provider too. What is not in a README: names of this run are looked up on loopback, in place of
// /etc/hosts, and one session may be what a logout token ends (`ENDS=sid`).

import dns from 'node:dns'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import express from 'express'
import oidc from 'express-openid-connect'

const { ISSUER_BASE_URL, BASE_URL, CERTIFICATE, KEY, PORT, ENDS } = process.env

const lookup = dns.lookup
dns.lookup = (name, ...rest) => lookup(name.endsWith('.test') ? '127.0.0.1' : name, ...rest)

/** What express-session asks of a store. It is empty when the application starts. */
function memory() {
  const all = new Map()
  return {
    get: (key, done) => done(null, all.get(key)),
    set: (key, value, done) => { all.set(key, value); done(null) },
    destroy: (key, done) => { all.delete(key); done(null) },
  }
}

const store = memory()
/** The library's own remembers `sub` as well, and so ends every session of that person. */
const onLogoutToken = ({ iss, sid, sub }) => new Promise((resolve) => store.set(`${iss}|${sid ?? sub}`, { cookie: {} }, resolve))

const app = express()
app.use(oidc.auth({
  issuerBaseURL: ISSUER_BASE_URL,
  baseURL: BASE_URL,
  clientID: process.env.CLIENT_ID,
  clientSecret: process.env.CLIENT_SECRET,
  secret: `the cookies of ${BASE_URL} are sealed with this`,
  authRequired: false,
  authorizationParams: { response_type: 'code', scope: 'openid profile email' },
  idpLogout: true,
  backchannelLogout: { store, ...(ENDS === 'sid' ? { onLogoutToken } : {}) },
}))
app.get('/', (_, response) => response.send('<!doctype html><title>out</title><p id="open">open to all'))
app.get('/inside', oidc.requiresAuth(), (_, response) =>
  response.send('<!doctype html><title>in</title><p id="inside">inside</p><a id="out" href="/logout">out</a>'))
app.get('/person', oidc.requiresAuth(), async (request, response) => response.json(await request.oidc.fetchUserInfo()))
app.get('/claims', oidc.requiresAuth(), (request, response) => response.json(request.oidc.idTokenClaims))

const server = createServer({ cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) }, app)
server.listen(Number(PORT), '127.0.0.1', () => console.log('listening'))
