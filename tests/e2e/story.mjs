// The main job: a lost project is seen, reconnected and syncs again. Once from the portal, once from the mail.
import { strict as assert } from 'node:assert';
import fs from 'node:fs';
import { access, finish, launch, person, picture, reloadUntil, signInAtProcore, sitDown, story } from './browser.mjs';

const facts = JSON.parse(fs.readFileSync(process.env.CW_STORY, 'utf8'));
const browser = await launch();

const row = (page, project) => page.getByRole('row').filter({ hasText: project.number });
const main = (page) => page.locator('main');

// From the item's number in Procore to its page in Project Center, as the architect sees it.
async function openInProjectCenter(page, project, subject) {
	await page.goto(access.npc);
	await page.getByRole('link', { name: project.name }).click();
	await reloadUntil(page, `${subject} in Project Center`,
		async () => await page.getByRole('row').filter({ hasText: subject }).count() > 0);
	await page.getByRole('row').filter({ hasText: subject }).getByRole('link').first().click();
}

async function respondAndClose(page, who, text, action) {
	const form = page.locator('form').filter({ has: page.getByRole('button', { name: 'Respond and Close' }) });
	const option = form.locator('select[name=person] option').filter({ hasText: who.full_name }).first();
	await form.locator('select[name=person]').selectOption(await option.getAttribute('value'));
	await form.locator('select[name=action]').selectOption({ label: action });
	await form.locator('textarea').fill(text);
	await form.locator('input[type=file]').setInputFiles(
		{ name: 'answer sketch.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n% an answer\n') });
	await form.getByRole('button', { name: 'Respond and Close' }).click();
	await page.getByText('Reopen', { exact: true }).first().waitFor();
}

// Nobody has to press it: it saves waiting for the next look.
async function syncNow(page, project) {
	await page.goto(access.portal);
	await row(page, project).getByRole('link', { name: /Edit/ }).click();
	await page.getByRole('button', { name: 'Sync now' }).click();
	await page.getByRole('heading', { name: 'Edit Project' }).waitFor();
}

// One item in Procore, as whoever is signed in there sees it.
async function openInProcore(page, project, subject) {
	await page.goto(`${new URL(access.procore).origin}/${project.procore_id}/project/home`);
	await page.getByRole('row').filter({ hasText: subject }).getByRole('link').first().click();
}

// ---- what a Global Admin sees

const admin = await sitDown(browser, person(facts.admin.user));
const seen = await story('admin', [
	['all connected projects are listed, each with its state', async () => {
		await admin.page.goto(access.portal);
		await reloadUntil(admin.page, 'settled states', async () => {
			for (const p of facts.admin.projects) {
				const text = await row(admin.page, p).innerText();
				if (!text.includes(p.word))
					return false;
			}
			return true;
		});
		await picture(admin.page, 'projects');
	}],
	['no page complained', async () => assert.deepEqual(admin.complaints, [])],
]);
await admin.context.close();

// ---- from the portal

const bic = person(facts.portal.user);
const wrong = person(facts.portal.wrong_user);
const desk = await sitDown(browser, bic);
const page = desk.page;
const lost = facts.portal.project;
const answer = 'Shift the tendon group 4 in. east; see the sketch. Ramp slab thickness is unchanged.';

const fromPortal = seen && await story('portal', [
	['without a password nothing is shown', async () => {
		const stranger = await sitDown(browser, null);
		const refused = await stranger.page.goto(access.portal).catch((e) => e);
		assert.match(String(refused.message ?? refused.status()), /ERR_INVALID_AUTH_CREDENTIALS|401/);
		await stranger.context.close();
	}],
	['the BIC user sees Connection Lost with the account named', async () => {
		await page.goto(access.portal);
		await reloadUntil(page, 'Connection Lost', async () => /Connection Lost/.test(await row(page, lost).innerText()));
		assert.match(await row(page, lost).innerText(), new RegExp(bic.procore_login.replace(/[.+]/g, '\\$&')));
	}],
	['projects of others are neither listed nor reachable', async () => {
		assert.equal(await row(page, facts.foreign).count(), 0);
		const other = await desk.context.newPage();
		for (const id of [facts.foreign.id, 999999])
			assert.equal((await other.goto(`${access.portal}/edit?project=${id}`)).status(), 404);
		await other.close();
	}],
	['Edit shows the full error and Reconnect under it', async () => {
		await row(page, lost).getByRole('link', { name: /Edit/ }).click();
		await page.getByRole('heading', { name: 'Edit Project' }).waitFor();
		assert.match(await main(page).innerText(), /Connection Lost/);
		await page.getByRole('button', { name: 'Reconnect' }).first().waitFor();
		await picture(page, 'edit-lost');
	}],
	['Reconnect leads to Procore; the wrong account is refused with both names', async () => {
		await page.getByRole('button', { name: 'Reconnect' }).first().click();
		await signInAtProcore(page, wrong);
		const text = await main(page).innerText();
		assert.ok(text.includes(bic.procore_login) && text.includes(wrong.procore_login), text);
		await picture(page, 'wrong-account');
	}],
	['nothing was changed by it', async () => {
		const back = await desk.context.newPage();
		await back.goto(access.portal);
		assert.match(await row(back, lost).innerText(), /Connection Lost/);
		await back.close();
	}],
	['the page tells the way out: sign out of Procore, try again', async () => {
		const out = page.getByRole('link', { name: /sign out/i }).or(page.getByRole('button', { name: /sign out/i }));
		const other = await desk.context.newPage();
		await other.goto(await out.first().getAttribute('href'));
		await signOutOfProcore(other);
		await other.close();
		await page.getByRole('button', { name: 'Try again' }).click();
		await signInAtProcore(page, bic);
	}],
	['back on the page: Connected', async () => {
		await page.getByRole('heading', { name: 'Edit Project' }).waitFor();
		await reloadUntil(page, 'Connected', async () => {
			const text = await main(page).innerText();
			return /Connected/.test(text) && !/Connection Lost/.test(text);
		});
		await picture(page, 'edit-connected');
	}],
	['the item that waited arrives in Project Center, with its files', async () => {
		const npc = await desk.context.newPage();
		await openInProjectCenter(npc, lost, facts.portal.item.subject);
		const text = await main(npc).innerText();
		for (const name of facts.portal.item.files)
			assert.ok(text.includes(name), `${name} is missing in: ${text}`);
		await respondAndClose(npc, bic, answer, facts.portal.item.action);
		await npc.close();
	}],
	['its answer stands in Procore under the name of the BIC user', async () => {
		await syncNow(page, lost);
		const procore = await desk.context.newPage();
		await openInProcore(procore, lost, facts.portal.item.subject);
		await reloadUntil(procore, 'the answer', async () => (await procore.locator('body').innerText()).includes(answer));
		const text = await procore.locator('body').innerText();
		assert.ok(text.includes(bic.full_name), text);
		assert.ok(text.includes('answer sketch.pdf'), text);
		assert.equal(text.split(answer).length, 2, 'the answer stands there once');
		await procore.close();
	}],
	['no page complained', async () => assert.deepEqual(desk.complaints, [])],
]);
await desk.context.close();

async function signOutOfProcore(p) {
	const button = p.getByRole('button', { name: /sign out/i });
	if (await button.count())
		await button.first().click();
}

// ---- from the mail

const other = person(facts.mail.user);
const second = await sitDown(browser, other);
const project = facts.mail.project;

const fromMail = fromPortal && await story('mail', [
	['the person finds one mail that names the account', async () => {
		await second.page.goto(access.mail);
		await reloadUntil(second.page, 'the mail', async () =>
			await second.page.getByRole('row').filter({ hasText: other.mail }).count() > 0);
		const rows = second.page.getByRole('row').filter({ hasText: other.mail });
		assert.equal(await rows.count(), 1);
		await rows.getByRole('link').click();
		assert.ok((await second.page.locator('pre').innerText()).includes(other.procore_login));
	}],
	['its link leads to a page that changes nothing until a button is pressed', async () => {
		await second.page.locator('pre').getByRole('link', { name: /reconnect\?account=/ }).first().click();
		await second.page.getByRole('button', { name: 'Reconnect' }).waitFor();
		assert.ok((await main(second.page).innerText()).includes(other.procore_login));
		await picture(second.page, 'reconnect');
	}],
	['Reconnect, Procore, back: Connected', async () => {
		await second.page.getByRole('button', { name: 'Reconnect' }).click();
		await signInAtProcore(second.page, other);
		await second.page.goto(access.portal);
		await reloadUntil(second.page, 'Connected', async () => {
			const text = await row(second.page, project).innerText();
			return /Connected/.test(text) && !/Connection Lost/.test(text);
		});
	}],
	['the submittal that waited arrives; its answer goes back through the response map', async () => {
		const npc = await second.context.newPage();
		await openInProjectCenter(npc, project, facts.mail.item.subject);
		await respondAndClose(npc, other, 'Reviewed for general conformance.', facts.mail.item.action);
		await npc.close();
		await syncNow(second.page, project);
		const procore = await second.context.newPage();
		await openInProcore(procore, project, facts.mail.item.subject);
		await reloadUntil(procore, 'the response', async () =>
			(await procore.locator('body').innerText()).includes('Reviewed for general conformance.'));
		assert.ok((await procore.locator('body').innerText()).includes(facts.mail.item.response));
		await procore.close();
	}],
	['no page complained', async () => assert.deepEqual(second.complaints, [])],
]);
if (!fromMail)
	process.exitCode = 1;
await browser.close();
finish();
