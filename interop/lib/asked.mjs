// A GET of a site of the run, without a browser: what somebody gets who shows an old cookie.

import { request } from 'node:https'

/** Asks `https://NAME:PORT` on loopback, whose certificate `authority()` made. */
export const asker = (port, authority) => (name, path, headers = {}) =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername: name, ca: authority, path, agent: false, timeout: 5000 }
    const sent = request({ ...options, headers: { host: `${name}:${port}`, accept: 'text/html', ...headers } }, (response) => {
      let body = ''
      response.on('data', (data) => { body += data })
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
    sent.on('error', reject).on('timeout', () => sent.destroy(new Error('timeout'))).end()
  })
