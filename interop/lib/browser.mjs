// Real Chromium, driven as a person would: it looks for what is on the page and clicks it.

import { chromium } from 'playwright-core'
import { where } from './parts.mjs'
import { folder } from './started.mjs'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Chromium with a home of its own. */
export function browser({ flags = [], home = folder() } = {}) {
  return chromium.launch({
    executablePath: where('chromium'),
    headless: true,
    args: [...FLAGS, ...flags],
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
  })
}

/** Types a name and a password and presses the button. */
export async function signIn(page, person) {
  await page.locator('#username').fill(person.username)
  await page.locator('#password').fill(person.password)
  await page.locator('#login').click()
}

/** Says yes. */
export const allow = (page) => page.locator('#allow').click()
