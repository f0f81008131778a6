// Real Chromium, driven as a person would: it looks for what is on the page and clicks it.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

/**
 * Chromium with a profile of its own, as a person has it, whose third-party cookies are `allowed` or `blocked`. (The
 * contexts of `browser()` are incognito, where they are blocked always.)
 */
export function profile({ flags = [], home = folder(), cookies }) {
  const data = join(home, 'profile')
  mkdirSync(join(data, 'Default'), { recursive: true })
  // chrome://settings/cookies: 0 allows them, 1 blocks third-party ones.
  const settings = { profile: { cookie_controls_mode: cookies === 'allowed' ? 0 : 1 } }
  writeFileSync(join(data, 'Default/Preferences'), JSON.stringify(settings))
  return chromium.launchPersistentContext(data, {
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
