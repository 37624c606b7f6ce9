// Every main page as a browser gets it: no violation of WCAG 2.2 AA that axe-core finds, and the HTML standard kept.
import { strict as assert } from 'node:assert';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import { access, finish, launch, person, reloadUntil, signInAtProcore, sitDown, story } from './browser.mjs';

const facts = JSON.parse(fs.readFileSync(process.env.CW_STORY, 'utf8'));
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const standard = new HtmlValidate(new StaticConfigLoader({
	extends: ['html-validate:standard', 'html-validate:a11y'],
	rules: {
		// On narrow screens tables become cards by CSS; browsers then forget what a cell is, unless its role says so.
		'no-redundant-role': 'off',
	},
}));

// The text of the page that a tab shows is what its last navigation brought.
function remember(page) {
	const seen = { last: null };
	page.on('response', (r) => {
		const whole = r.request().isNavigationRequest() && r.frame() === page.mainFrame();
		if (whole && r.status() !== 204 && (r.status() < 300 || r.status() >= 400))
			seen.last = r;
	});
	return seen;
}

async function accessible(page) {
	await page.evaluate(axe);
	const found = await page.evaluate(async (tags) => {
		const r = await window.axe.run(document, { runOnly: { type: 'tag', values: tags } });
		return { checked: r.passes.length, violations: r.violations.map((v) =>
			`${v.id}: ${v.help}\n` + v.nodes.map((n) => `    ${n.html}\n    ${n.failureSummary}`).join('\n')) };
	}, TAGS);
	assert.equal(found.violations.join('\n'), '');
	assert.ok(found.checked > 10, `axe-core looked at ${found.checked} rules only`);
}

async function wellFormed(seen) {
	const report = await standard.validateString(await seen.last.text());
	const found = report.results.flatMap((r) => r.messages.map((m) => `${m.line}: ${m.ruleId}: ${m.message}`));
	assert.equal(found.join('\n'), '');
}

// Each page is two cases; one that fails does not hide the next.
async function look(desk, name, status, open) {
	const there = await story(name, [['opens', async () => {
		await open(desk.page);
		assert.equal(desk.seen.last.status(), status);
	}]]);
	if (!there)
		return;
	await story(name, [['no accessibility violation', () => accessible(desk.page)]]);
	await story(name, [['valid HTML', () => wellFormed(desk.seen)]]);
}

const to = (path) => (page) => page.goto(access.portal + path);
const browser = await launch();

async function seat(name) {
	const desk = await sitDown(browser, person(name));
	return { ...desk, seen: remember(desk.page) };
}

// ---- the checkers themselves: they must see what is wrong

await story('checkers', [
	['axe-core sees a picture without words and text without contrast', async () => {
		const { context, page } = await sitDown(browser, null);
		await page.setContent('<!DOCTYPE html><html lang="en"><title>x</title><main><h1>x</h1><img src="x.png">' +
			'<p style="color:#ccc;background:#fff">pale</p></main></html>');
		await assert.rejects(() => accessible(page), /image-alt[\s\S]*color-contrast|color-contrast[\s\S]*image-alt/);
		await context.close();
	}],
	['html-validate sees a paragraph that holds a table', async () => {
		const bad = '<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><ul><p>x</p></ul></body></html>';
		await assert.rejects(() => wellFormed({ last: { text: async () => bad } }), /element-permitted-content/);
	}],
]);

// ---- what a Global Admin sees

const admin = await seat(facts.admin);
await look(admin, 'Connected Projects', 200, async (page) => {
	await page.goto(access.portal);
	await reloadUntil(page, 'both states', async () => {
		const text = await page.locator('main').innerText();
		return text.includes('Connection Lost') && text.includes('Connected');
	});
});
await look(admin, 'Edit Project, connected', 200, async (page) => {
	await page.goto(`${access.portal}/edit?project=${facts.connected}`);
	await reloadUntil(page, 'an item', async () => await page.locator('a[href*="/items/"]').count() > 0);
});
await look(admin, 'an item', 200, async (page) => {
	await page.locator('a[href*="/items/"]').first().click();
	await page.waitForURL(/\/items\/\d+$/);
	await page.getByRole('heading', { name: 'History' }).waitFor();
});
await look(admin, 'Sync Issues', 200, async (page) => {
	await page.goto(`${access.portal}/issues`);
	await reloadUntil(page, 'an issue', async () => await page.getByText('Submittal').count() > 0);
});
for (const [name, path] of [['Procore accounts', '/accounts'], ['Activity', '/activity'], ['Health', '/health'],
	['People', '/people'], ['Help', '/help'], ['Add ball in court', `/bic?project=${facts.connected}`],
	['Connect a project', '/connect'], ['one project\'s issues', `/issues?project=${facts.connected}`]])
	await look(admin, name, 200, to(path));
await look(admin, 'an address that is none', 404, to('/edit?project=999999'));
await look(admin, 'an input that is none', 400, to('/edit?project=x'));
await story('admin', [['no page complained', async () => assert.deepEqual(admin.complaints, [])]]);
await admin.context.close();

// ---- what a ball-in-court user with a lost sign-in sees

const lost = await seat(facts.lost.user);
const wrong = person(facts.lost.wrong_user);
await look(lost, 'Edit Project, lost', 200, async (page) => {
	await page.goto(`${access.portal}/edit?project=${facts.lost.project}`);
	await reloadUntil(page, 'Connection Lost', async () =>
		(await page.locator('main').innerText()).includes('Connection Lost'));
});
await look(lost, 'Reconnect', 200, to(`/reconnect?account=${facts.lost.account}`));
// It goes on to Procore by itself; an answer without content leaves the page where it is.
const procore = (u) => u.origin === new URL(access.procore).origin;
await look(lost, 'Continue to Procore', 200, async (page) => {
	await page.route(procore, (r) => r.fulfill({ status: 204 }));
	await page.getByRole('button', { name: 'Reconnect' }).first().click();
	await page.getByRole('link', { name: 'Continue to Procore' }).waitFor();
});
await look(lost, 'wrong account', 409, async (page) => {
	await page.unroute(procore);
	await page.goto(`${access.portal}/reconnect?account=${facts.lost.account}`);
	await page.getByRole('button', { name: 'Reconnect' }).first().click();
	await signInAtProcore(page, wrong);
	assert.ok((await page.locator('main').innerText()).includes(wrong.procore_login));
});
await story('user', [['no page complained', async () => assert.deepEqual(lost.complaints, [])]]);
await lost.context.close();
await browser.close();
finish();
