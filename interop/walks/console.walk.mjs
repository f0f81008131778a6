// The operator's console in a real browser: it follows what happens without a reload, keeps what somebody is doing, can be
// paused, works by the keyboard alone and without scripts.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { signIn } from '../lib/browser.mjs'
import { visitor } from '../lib/gallery.mjs'
import { ADA } from '../lib/op.mjs'
import { needs } from '../lib/parts.mjs'

const number = async (page, id) => Number((await page.locator(`#${id} .number`).textContent()).replace(/\D/g, ''))
const until = (page, id, wanted) =>
  page.waitForFunction(([of, least]) => Number(document.querySelector(`#${of} .number`).textContent.replace(/\D/g, '')) >= least, [id, wanted])

describe('the console', needs('chromium'), () => {
  let all
  before(async () => { all = await visitor() })
  after(() => all?.stop())

  test('figures follow what happens, keep the focus, and stand still when they are told to', async () => {
    const { page, errors, close } = await all.open('console-figures')
    const before = await number(page, 'created')
    await page.locator('#delivered').focus()
    const mark = await page.evaluate(() => { window.mark = true; return document.activeElement.id })
    assert.equal(mark, 'delivered')
    all.op.cli(['session', 'end', '--user', ADA.username])
    await until(page, 'created', before + 1)
    assert.ok(await page.evaluate(() => window.mark), 'the page was not loaded anew')
    assert.equal(await page.evaluate(() => document.activeElement.id), 'delivered', 'where the focus was')
    assert.match(await page.locator('#live-words').textContent(), /pending \d/, 'and who listens is told')
    assert.match(await page.locator('#adds-up').textContent(), /It adds up\./)
    await page.locator('#pause').click()
    const stamp = await page.locator('#stamp').textContent()
    await page.waitForTimeout(4_500)
    assert.equal(await page.locator('#stamp').textContent(), stamp, 'paused')
    assert.equal(await page.locator('#live-words').textContent(), 'paused')
    await page.locator('#pause').click()
    await page.waitForFunction((old) => document.getElementById('stamp').textContent !== old, stamp)
    all.op.cli(['user', 'operator', 'grace', '--remove'])
    await page.locator('#closed').waitFor()
    all.op.cli(['user', 'operator', 'grace', '--act'])
    assert.deepEqual(errors, [])
    await close()
  })

  test('a keyboard is enough to find a person and to end a session', async () => {
    const { page, errors, close } = await all.open('console-figures')
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement.id), 'skip')
    for (const stop of ['to-figures', 'to-ledger', 'to-find']) {
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate(() => document.activeElement.id), stop)
    }
    await page.keyboard.press('Enter')
    await page.waitForURL('**/console/find')
    assert.equal(await page.evaluate(() => document.activeElement.id), 'q', 'where somebody begins to type')
    await page.keyboard.type(ADA.username)
    await page.keyboard.press('Enter')
    await page.locator('#person-1').focus()
    await page.keyboard.press('Enter')
    await page.locator('#end-1-1').focus()
    await page.keyboard.press('Enter')
    await page.locator('#do').focus()
    await page.keyboard.press('Enter')
    await page.locator('#done').waitFor()
    assert.match(await page.locator('#standing').textContent(), /ended: an operator/)
    assert.deepEqual(errors, [])
    await close()
  })

  test('without scripts everything works, by hand', async () => {
    const { page, close } = await all.open(undefined, { javaScriptEnabled: false })
    await page.goto(`${all.op.issuer}/console`)
    await signIn(page, all.people[1])
    await page.locator('#equation-title').waitFor()
    assert.equal(await page.locator('#pause').count(), 0)
    await page.locator('#refresh').click()
    await page.locator('#refused').click()
    await page.locator('#notice-1').click()
    await page.locator('#again').click()
    await page.locator('#done').waitFor()
    await close()
  })
})
