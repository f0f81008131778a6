// The pages in real Chromium under axe-core: WCAG 2.2 A and AA, and its best practices.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { visitor } from '../lib/gallery.mjs'
import { needs, ROOT } from '../lib/parts.mjs'

const AXE = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8')
const WCAG = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }
/** What colours can break. */
const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }

/** What axe complains of, one line each. */
async function complaints(page, runOnly, rules = {}) {
  if (await page.evaluate(() => typeof globalThis.axe === 'undefined')) await page.evaluate(AXE)
  const { violations, passes } = await page.evaluate((options) => axe.run(document, options), { runOnly, rules })
  assert.ok(passes.length > 0, 'axe has looked')
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`))
}

/** With colours forced by the system a ground of one's own is gone: what is only a ground needs an edge. */
const edgeless = () =>
  [...document.querySelectorAll('button, .button, .act, .fate, p.bad, p.good, .card, input:not([type=hidden]):not(.away)')]
    .filter((element) => element.type !== 'checkbox' && getComputedStyle(element).borderTopStyle === 'none')
    .map((element) => element.id || element.outerHTML.slice(0, 80))

describe('axe has nothing to say', needs('chromium'), () => {
  let all
  before(async () => { all = await visitor() })
  after(() => all?.stop())

  test('large or small, by day and by night, and with forced colours', async () => {
    const said = []
    for (const name of Object.keys(all.pages)) {
      const { page, errors, close } = await all.open(name, { reducedMotion: 'reduce' })
      for (const [size, viewport] of Object.entries(SIZES)) {
        await page.setViewportSize(viewport)
        for (const [colorScheme, rules] of [['light', WCAG], ['dark', COLOURS]]) {
          await page.emulateMedia({ colorScheme })
          for (const words of await complaints(page, rules)) said.push(`${name} ${size} ${colorScheme}: ${words}`)
        }
      }
      await page.emulateMedia({ colorScheme: null, forcedColors: 'active' })
      // axe reads the colours of the style sheet, not those the system puts in their place.
      for (const words of await complaints(page, WCAG, { 'color-contrast': { enabled: false } })) said.push(`${name} forced: ${words}`)
      for (const words of await page.evaluate(edgeless)) said.push(`${name} forced, no edge: ${words}`)
      for (const words of errors) said.push(`${name}: ${words}`)
      await close()
    }
    assert.deepEqual(said, [])
  })
})
