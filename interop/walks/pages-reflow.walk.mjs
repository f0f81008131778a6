// The pages on a small screen, with big letters, in every language, and without motion: WCAG 2.2 1.4.4, 1.4.10, 1.4.12, 2.3.3.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { visitor } from '../lib/gallery.mjs'
import { needs } from '../lib/parts.mjs'

const SPACED = `html { font-size: 100% !important } p { margin-bottom: 2em !important }
  * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }`

/** What sticks out, if the page is wider than the window. */
const overflow = (page) =>
  page.evaluate(() => {
    const wide = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= wide) return []
    const out = [...document.body.querySelectorAll('*')].filter((element) => element.getBoundingClientRect().right > wide + 1)
    return out.map((element) => element.outerHTML.slice(0, 120))
  })

/** What is wider than its own box. */
const clipped = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, .button, .act, h1, h2, p, li, dd')]
      .filter((element) => !element.classList.contains('away') && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline')
      .map((element) => element.outerHTML.slice(0, 120)))

const moving = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .map((element) => [element, getComputedStyle(element)])
      .filter(([, style]) => style.animationName !== 'none' || style.transitionDuration.split(', ').some((time) => parseFloat(time) > 0))
      .map(([element]) => element.outerHTML.slice(0, 80)))

describe('the pages bend', needs('chromium'), () => {
  let all
  before(async () => { all = await visitor() })
  after(() => all?.stop())

  test('nothing scrolls sideways at 320 pixels, at 200 %, with double or spaced letters; nothing moves unasked', async () => {
    const said = []
    for (const name of Object.keys(all.pages)) {
      const { page, close } = await all.open(name, { bypassCSP: true, reducedMotion: 'reduce' })
      const look = async (how) => {
        // What was resized is laid out with the next frame.
        await page.evaluate(() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen))))
        for (const words of await overflow(page)) said.push(`${name} ${how}: ${words}`)
      }
      for (const words of await moving(page)) said.push(`${name} moves: ${words}`)
      // 200 % of a window of 1280 pixels is one of 640, 400 % one of 320.
      for (const width of [640, 320]) {
        await page.setViewportSize({ width, height: 600 })
        await look(width)
      }
      await page.setViewportSize({ width: 640, height: 600 })
      await page.addStyleTag({ content: 'html { font-size: 200% !important }' })
      await look('double letters')
      await page.setViewportSize({ width: 320, height: 600 })
      await page.addStyleTag({ content: SPACED })
      await look('spaced')
      for (const words of await clipped(page)) said.push(`${name} spaced, clipped: ${words}`)
      await close()
    }
    assert.deepEqual(said, [])
  })

  test('in every language', async () => {
    const said = []
    for (const locale of ['de', 'fr', 'es']) {
      for (const name of ['login-error', 'consent-long', 'chooser', 'account', 'sign-out', 'signed-out-progress', 'error', 'console-figures', 'console-ledger', 'console-person', 'console-end']) {
        const { page, close } = await all.open(name, { locale, viewport: { width: 320, height: 600 } })
        assert.equal(await page.locator('html').getAttribute('lang'), locale)
        for (const words of [...(await overflow(page)), ...(await clipped(page))]) said.push(`${name} ${locale}: ${words}`)
        await close()
      }
    }
    assert.deepEqual(said, [])
  })
})
