// Applications whose front-channel logout page does what it should not, each at an origin of its own.

import { createServer } from 'node:http'

const page = (response, body, headers = {}) => {
  response.writeHead(200, { 'content-type': 'text/html', ...headers })
  response.end(`<!doctype html><html lang="en"><title>page</title>${body}`)
}

/** Leaves its frame by every way it knows. */
const ESCAPE = `<script>
for (const way of [() => { top.location = '/escaped' }, () => window.open('/escaped'), () => alert('escaped'), () => print()]) {
  try { way() } catch (error) { console.log(String(error)) }
}
</script><form target="_top" action="/escaped"></form><script>document.forms[0].submit()</script>`

/** Ways to answer `/out`. `elsewhere` is another origin. */
export const WAYS = {
  'is well behaved': (response) => page(response, 'out'),
  'leads on within its own origin': (response) => response.writeHead(302, { location: '/ok' }).end(),
  'leads to another origin': (response, elsewhere) => response.writeHead(302, { location: `${elsewhere}/trap` }).end(),
  'leads to the provider': (response, _, op) => response.writeHead(302, { location: `${op}/account` }).end(),
  'refuses frames by X-Frame-Options': (response) => page(response, 'out', { 'x-frame-options': 'DENY' }),
  'refuses frames by its policy': (response) => page(response, 'out', { 'content-security-policy': "frame-ancestors 'none'" }),
  'tries to leave its frame': (response) => page(response, ESCAPE),
  'offers a download': (response) => page(response, 'out', { 'content-disposition': 'attachment; filename="out.html"' }),
  'fails': (response) => response.writeHead(500).end('no'),
  'breaks off': (response) => response.destroy(),
  'never answers': () => {},
  'never comes to an end': (response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    const more = setInterval(() => response.write(`<p>${'x'.repeat(1 << 14)}</p>`), 20)
    response.on('close', () => clearInterval(more))
  },
  'drips': (response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    const drop = setInterval(() => response.write('x'), 300)
    response.on('close', () => clearInterval(drop))
  },
}

/** One of them; `seen` has the path of everything it was asked. */
export async function unruly(way, elsewhere) {
  const seen = []
  const rp = { seen, op: undefined }
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://here').pathname
    seen.push(path)
    if (path === '/out') WAYS[way](response, elsewhere, rp.op)
    else page(response, `<p id="here">${path}`)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  rp.origin = `http://127.0.0.1:${server.address().port}`
  rp.stop = () => { server.closeAllConnections(); server.close() }
  return rp
}
