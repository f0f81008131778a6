// A mail server that takes every letter and keeps it.

import { SMTPServer } from 'smtp-server'
import { until } from './started.mjs'

/** Listens on loopback; `link(to)` waits for a letter to somebody and gives the link in it. */
export async function postOffice() {
  const letters = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const parts = []
      stream.on('data', (part) => parts.push(part))
      stream.on('end', () => {
        letters.push({ to: session.envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(parts).toString() })
        done()
      })
    },
  })
  await new Promise((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve))
  const link = (to) =>
    until(`a letter to ${to}`, () => {
      const text = letters.findLast((letter) => letter.to.includes(to))?.text
      // Quoted-printable: soft line breaks, and `=` as `=3D`.
      return /http\S+\/link\?token=\S+/.exec(text?.replace(/=\r\n/g, '').replace(/=3D/g, '=') ?? '')?.[0]
    })
  const { port } = server.server.address()
  return { url: `smtp://127.0.0.1:${port}`, link, stop: () => new Promise((resolve) => server.close(resolve)) }
}
