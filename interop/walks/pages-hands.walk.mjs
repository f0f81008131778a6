// The pages without a mouse, and without scripts: Tab, Space and Enter; and what they say of a sign-out.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { signIn } from '../lib/browser.mjs'
import { visitor } from '../lib/gallery.mjs'
import { ADA } from '../lib/op.mjs'
import { needs } from '../lib/parts.mjs'

/** What has the focus, and whether that can be seen. */
const focus = (page) =>
  page.evaluate(() => {
    const element = document.activeElement
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    const box = element.getBoundingClientRect()
    const inside = box.width > 0 && box.top >= 0 && box.bottom <= innerHeight
    return { on: element.id || element.localName, seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && inside }
  })

describe('by hand', needs('chromium'), () => {
  let all
  before(async () => { all = await visitor() })
  after(() => all?.stop())

  test('a keyboard is enough to sign in, agree and sign out', async () => {
    const { page, errors, close } = await all.open()
    /** Presses Tab until that is reached; every stop on the way is in the order named, and can be seen. */
    const tab = async (...stops) => {
      for (const stop of stops) {
        await page.keyboard.press('Tab')
        assert.deepEqual(await focus(page), { on: stop, seen: true })
      }
    }
    await page.goto(all.authorize('library', { prompt: 'consent', scope: 'openid profile email' }))
    assert.deepEqual(await focus(page), { on: 'username', seen: true }, 'where somebody begins to type')
    await page.keyboard.type(ADA.username)
    await tab('password')
    await page.keyboard.type('not it')
    await page.keyboard.press('Enter')
    await page.locator('#problem').waitFor()
    assert.deepEqual(await focus(page), { on: 'password', seen: true }, 'where it went wrong')
    const described = await page.locator('#password').getAttribute('aria-describedby')
    assert.equal(await page.locator(`#${described}`).getAttribute('role'), 'alert')
    await page.keyboard.type(ADA.password)
    await tab('remember')
    await page.keyboard.press('Space')
    assert.ok(await page.locator('#remember').isChecked())
    await tab('login', 'cancel', 'recover', 'create', 'policy', 'tos')
    for (const stop of ['policy', 'create', 'recover', 'cancel', 'login']) {
      await page.keyboard.press('Shift+Tab')
      assert.deepEqual(await focus(page), { on: stop, seen: true })
    }
    await page.keyboard.press('Enter')
    await page.locator('#consent-form').waitFor()
    await tab('client', 'allow', 'deny', 'policy', 'tos')
    for (let back = 0; back < 3; back += 1) await page.keyboard.press('Shift+Tab')
    assert.deepEqual(await focus(page), { on: 'allow', seen: true })
    await page.keyboard.press('Enter')
    await page.waitForURL(`${all.callback}*`)
    assert.ok(new URL(page.url()).searchParams.get('code'))
    await page.goto(`${all.op.issuer}/account`)
    await tab('end-1-0')
    await page.goto(`${all.op.issuer}/end_session?client_id=library&post_logout_redirect_uri=${all.rp.origin}/bye`)
    await tab('logout', 'stay')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.locator('#signed-out').waitFor()
    assert.match(await page.locator('#summary').textContent(), /^You have signed out of Example Library\. Your session here has ended\.$/)
    await tab('back')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${all.rp.origin}/bye`)
    assert.deepEqual(errors, [])
    await close()
  })

  test('the one that asked stands first, and each is said what is true of it', async () => {
    const { page, close } = await all.open('signed-out-progress')
    const fates = await page.locator('.fate').evaluateAll((items) => items.map((item) => [item.className, item.querySelector('.who').textContent]))
    assert.deepEqual(fates.map(([how]) => how), ['fate told', 'fate could-not', 'fate could-not', 'fate will-be'])
    assert.equal(fates[0][1], 'Reading Room')
    await page.locator('#look').click()
    await page.locator('#signed-out').waitFor()
    assert.equal(await page.locator('.fate').first().getAttribute('class'), 'fate told')
    await close()
  })

  test('without scripts every page works, the one that posts itself too', async () => {
    const { page, close } = await all.open(undefined, { javaScriptEnabled: false })
    await page.goto(all.authorize('reading', { response_mode: 'form_post' }))
    await signIn(page, ADA)
    await page.locator('#continue').click()
    await page.waitForURL(all.callback)
    // Another account beside it, then the chooser.
    await page.goto(all.authorize('reading', { prompt: 'select_account' }))
    await page.locator('#another').click()
    await signIn(page, all.people[1])
    await page.waitForURL(`${all.callback}*`)
    await page.goto(`${all.op.issuer}/account`)
    await page.locator('.person', { hasText: ADA.name }).click()
    await page.locator('#password-form').waitFor()
    await page.locator('#end-1-0').click()
    await page.locator('#end').click()
    await page.locator('#choose-form, #login-form, #done').first().waitFor()
    await page.goto(`${all.op.issuer}/end_session`)
    await page.locator('#logout').click()
    await page.locator('#signed-out').waitFor()
    await page.goto(`${all.op.issuer}/account`)
    await page.locator('#login-form').waitFor()
    await page.locator('#cancel').click()
    await page.locator('#account').waitFor()
    await close()
  })
})
