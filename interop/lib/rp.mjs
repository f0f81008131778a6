// A relying party's corner of loopback: where redirects arrive, and nothing else.

import { createServer } from 'node:http'

/** Serves `pages` (path → {type, body}) and an empty page for every other path. */
export async function corner(pages = {}) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://corner').pathname
    const page = pages[path] ?? { type: 'text/html', body: '<!doctype html><title>here</title><p id="here">here</p>' }
    response.writeHead(200, { 'content-type': page.type })
    response.end(page.body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const origin = `http://127.0.0.1:${server.address().port}`
  return { origin, stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve) }) }
}
