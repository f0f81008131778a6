// Pictures of the pages, to be looked at: `node interop/shots.mjs OUTDIR [WORD]`. Not a check, and not part of CI.
// OSTIARY_BIN names the binary; without it, target/debug/ostiary. With OSTIARY_CSS=1 the style sheets are those of the
// source folder, so that a change is seen without a build.

import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { browser } from './lib/browser.mjs'
import { ROOT } from './lib/parts.mjs'

process.env.OSTIARY_BIN ??= join(ROOT, '../target/debug/ostiary')
const { gallery, logos } = await import('./lib/gallery.mjs')
const [out, word = ''] = process.argv.slice(2)
if (!out) throw new Error('usage: node interop/shots.mjs OUTDIR [WORD]')
mkdirSync(out, { recursive: true })

const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }
const SPOKEN = ['login', 'login-error', 'consent', 'chooser', 'account', 'sign-out', 'signed-out-progress', 'error', 'console-figures', 'console-ledger', 'console-end']

const all = await gallery()
const chrome = await browser()
const sheet = (name) => readFileSync(join(ROOT, '../server/assets', name), 'utf8')
const picture = async (name, file, options) => {
  const context = await chrome.newContext(options)
  await logos(context)
  if (process.env.OSTIARY_CSS) {
    await context.route(/\/assets\/.*\.css$/, (route) => route.fulfill({ contentType: 'text/css', body: sheet('ostiary.css') }))
    await context.route(/\/site\.css$/, (route) => route.fulfill({ contentType: 'text/css', body: sheet('demo.css') }))
  }
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  await all.pages[name](page)
  for (const [variant, { size, media }] of Object.entries(file)) {
    if (size) await page.setViewportSize(size)
    if (media) await page.emulateMedia(media)
    await page.waitForTimeout(250)
    await page.screenshot({ path: join(out, `${name}.${variant}.png`), fullPage: true })
  }
  await context.close()
}

const variants = {}
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark']) variants[`${size}.${colorScheme}`] = { size: viewport, media: { colorScheme } }
}
for (const name of Object.keys(all.pages).filter((name) => name.includes(word))) {
  await picture(name, variants, {})
  if (!SPOKEN.includes(name)) continue
  for (const locale of ['de', 'fr', 'es']) await picture(name, { [`phone.${locale}`]: { size: SIZES.phone } }, { locale })
}
await chrome.close()
await all.stop()
