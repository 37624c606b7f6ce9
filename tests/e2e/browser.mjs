// A real browser for the stories: Chromium with an empty profile that trusts the rig's authority, and a list of
// steps that are counted. Facts come from the file named by CW_ACCESS (see test_*.py).
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

export const access = JSON.parse(fs.readFileSync(process.env.CW_ACCESS, 'utf8'));
export const portalOrigin = new URL(access.portal).origin;
const shots = process.env.CW_SCREENSHOTS || '';
const STEP_MS = 60000;

export function person(name) {
	const p = access.people.find((x) => x.name === name);
	if (!p)
		throw new Error(`nobody is called ${name} in the seed data`);
	return p;
}

export async function launch() {
	return chromium.launch({
		executablePath: process.env.CW_CHROMIUM || '/usr/bin/chromium',
		headless: true,
		env: { ...process.env, HOME: process.env.CW_BROWSER_HOME },
		args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
			'--disable-background-networking', '--disable-component-update', '--disable-sync'],
	});
}

// One person at one browser. What the console says, what a page throws and what the content policy stops is
// collected in `complaints`: a story ends with a look at them.
export async function sitDown(browser, who) {
	const options = { viewport: { width: 1280, height: 900 }, locale: 'en-US', timezoneId: 'America/New_York' };
	if (who)
		options.httpCredentials = { username: who.name, password: who.password, origin: portalOrigin };
	const context = await browser.newContext(options);
	const complaints = [];
	context.on('page', (page) => listen(page, complaints));
	context.setDefaultTimeout(15000);
	const page = await context.newPage();
	return { context, page, complaints };
}

function listen(page, complaints) {
	page.on('pageerror', (e) => complaints.push(`${page.url()}: ${e.message}`));
	page.on('console', (m) => {
		// The browser's own line about a 401 or 404 that the story provokes is no fault of the page.
		if (m.type() === 'error' && !/Failed to load resource: the server responded/.test(m.text()))
			complaints.push(`${page.url()}: ${m.text()}`);
	});
}

// Reload until a condition on the page holds.
export async function reloadUntil(page, what, condition, seconds = 45) {
	const end = Date.now() + seconds * 1000;
	for (;;) {
		if (await condition())
			return;
		if (Date.now() > end)
			throw new Error(`waited ${seconds} s in vain for: ${what}\n${await page.locator('body').innerText()}`);
		await page.waitForTimeout(500);
		await page.reload();
	}
}

// Procore's own pages: sign in as somebody, allow it.
export async function signInAtProcore(page, who) {
	await page.waitForURL((u) => u.origin === new URL(access.procore).origin);
	const password = page.locator('input[type=password]');
	await password.waitFor();
	await page.locator('input[type=email], input[type=text]').first().fill(who.procore_login);
	await password.fill(who.procore_password);
	await password.press('Enter');
	await page.getByRole('button', { name: /allow/i }).click();
	await page.waitForURL((u) => u.origin === new URL(access.portal).origin);
}

// A picture for the documents; only when asked for.
export async function picture(page, name) {
	if (shots)
		await page.screenshot({ path: path.join(shots, name + '.png'), fullPage: false });
}

let passed = 0;
let failed = 0;

// Later steps need the earlier ones, so the first failure ends a story.
export async function story(name, steps) {
	for (const [what, run] of steps) {
		let timer;
		try {
			const limit = new Promise((_, no) => {
				timer = setTimeout(() => no(new Error(`took longer than ${STEP_MS} ms`)), STEP_MS);
			});
			await Promise.race([run(), limit]);
			passed++;
			console.log(`ok   ${name}: ${what}`);
		} catch (e) {
			failed++;
			console.log(`FAIL ${name}: ${what}\n${e.stack}`);
			return false;
		} finally {
			clearTimeout(timer);
		}
	}
	return true;
}

export function finish() {
	console.log(`${passed} passed, ${failed} failed`);
	process.exitCode = failed || !passed ? 1 : 0;
}
