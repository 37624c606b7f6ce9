// docs/npc-gateway.yaml and recorded exchanges, before public validators of OpenAPI.
//   node contract.mjs SPEC RECORDING...
// A recording is a JSON file {side, exchanges} (tests/tools/recorder.py). Each line that is printed is a case.
import fs from 'node:fs';
import formats from 'ajv-formats/dist/formats.js';
import { Validator } from '@seriousme/openapi-schema-validator';
import requests from 'openapi-request-validator';
import responses from 'openapi-response-validator';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const [specFile, ...recordings] = process.argv.slice(2);
let passed = 0;
let failed = 0;

function report(name, problems) {
	if (problems.length === 0) {
		passed++;
		console.log(`ok   ${name}`);
	} else {
		failed++;
		console.log(`FAIL ${name}\n     ${problems.slice(0, 10).join('\n     ')}`);
	}
}

const copy = (value) => JSON.parse(JSON.stringify(value));

// Both sides are held to the members that the file names: allOf becomes one object, no object takes more. (In life
// unknown members are ignored; in a test they would be slips of the pen.)
function strict(schema) {
	if (schema === null || typeof schema !== 'object')
		return schema;
	if (Array.isArray(schema))
		return schema.map(strict);
	const out = {};
	for (const [key, value] of Object.entries(schema))
		if (key === 'properties')
			out.properties = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, strict(v)]));
		else
			out[key] = typeof value === 'object' && key !== 'enum' && key !== 'required' ? strict(value) : value;
	if (out.allOf) {
		const parts = out.allOf;
		delete out.allOf;
		out.type = 'object';
		out.properties = Object.assign({}, ...parts.map((p) => p.properties));
		out.required = parts.flatMap((p) => p.required || []);
		if (out.required.length === 0)
			delete out.required;
	}
	if (out.properties)
		out.additionalProperties = false;
	return out;
}

const customFormats = Object.fromEntries(Object.entries(formats.fullFormats).map(([name, f]) => {
	const check = f.validate || f;
	return [name, check instanceof RegExp ? (text) => check.test(text) : check];
}).filter(([, f]) => typeof f === 'function'));
// The contract's own rule: UTC with milliseconds.
customFormats['date-time'] = (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !isNaN(Date.parse(text));

// One operation with its validators.
function makeOperation(spec, path, item, method) {
	const op = item[method];
	const parameters = [...(item.parameters || []), ...(op.parameters || [])];
	const json = op.requestBody?.content['application/json'];
	const RequestValidator = requests.default;
	const ResponseValidator = responses.default;
	return {
		id: op.operationId, method, path, op, json,
		pattern: new RegExp('^' + path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)') + '$'),
		query: parameters.filter((p) => p.in === 'query').map((p) => p.name),
		signed: (op.security || spec.security).length > 0,
		body: json && strict(json.schema),
		// numbers of a query are text on the way, members of a body are not
		parameters: new RequestValidator({ parameters, additionalQueryProperties: false, customFormats, ajvOptions: { coerceTypes: true } }),
		request: json && new RequestValidator({ customFormats,
			requestBody: { required: true, content: { 'application/json': { schema: strict(json.schema) } } } }),
		response: new ResponseValidator({ responses: strict(copy(op.responses)), customFormats }),
	};
}

const said = (what, result) => (result?.errors || []).map((e) => `${what}: ${e.path || e.location || ''} ${e.message}`);

function requestProblems(op, x) {
	const url = new URL(x.url);
	const query = Object.fromEntries(url.searchParams);
	const out = said('request', op.parameters.validateRequest({ headers: {}, query, params: { ...op.pattern.exec(url.pathname).groups } }));
	for (const name of Object.keys(query))
		if (!op.query.includes(name))
			out.push(`request: the parameter ${name} is not documented`);
	const authorization = x.request_headers.authorization || '';
	if (op.signed !== authorization.startsWith('AWS4-HMAC-SHA256 '))
		out.push(`request: ${op.signed ? 'is not signed' : 'carries a signature, which the file does not want'}`);
	if (op.json)
		out.push(...said('request', op.request.validateRequest({ headers: x.request_headers, body: parse(x.request_body) })));
	else if (op.op.requestBody && !(x.request_headers['content-type'] in op.op.requestBody.content))
		out.push(`request: Content-Type ${x.request_headers['content-type']} is not documented`);
	else if (!op.op.requestBody && x.request_body !== '')
		out.push('request: a body where the file has none');
	return out;
}

function parse(text) {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function responseProblems(op, x) {
	const answer = op.op.responses[x.status];
	if (!answer)
		return [`answer: status ${x.status} is not documented`];
	const type = (x.headers['content-type'] || '').split(';')[0];
	if (answer.content?.['application/json'])
		return type !== 'application/json' ? [`answer: Content-Type ${type}`]
			: said('answer', op.response.validateResponse(x.status, parse(x.body)));
	return [];
}

// ---- messages that must be refused

// A request's and an answer's mutants: each required member missing, each member of another type, one member more.
function* mutants(value, schema) {
	if (schema.oneOf)
		schema = schema.oneOf.find((s) => (s.required || []).every((k) => k in value)) || schema.oneOf[0];
	for (const name of schema.required || []) {
		const bad = copy(value);
		delete bad[name];
		yield [`without ${name}`, bad];
	}
	for (const [name, member] of Object.entries(schema.properties || {}))
		if (member.type)
			yield [`${name} of another type`, { ...copy(value), [name]: member.type === 'string' ? 17 : 'seventeen' }];
	yield ['with a member that nobody knows', { ...copy(value), nobodyKnows: 1 }];
}

function refusals(op, x) {
	const missed = [];
	let n = 0;
	const expect = (what, problems) => {
		n++;
		if (problems.length === 0)
			missed.push(`${op.id}: ${what} was taken`);
	};
	const sent = op.json && parse(x.request_body);
	for (const [what, bad] of sent ? mutants(sent, op.body) : [])
		expect(`a request ${what}`, requestProblems(op, { ...x, request_body: JSON.stringify(bad) }));
	if (op.op.responses[x.status].content?.['application/json']) {
		const schema = strict(op.op.responses[x.status].content['application/json'].schema);
		for (const [what, bad] of mutants(parse(x.body), schema))
			expect(`an answer ${what}`, responseProblems(op, { ...x, body: JSON.stringify(bad) }));
		expect('an answer that is no JSON', responseProblems(op, { ...x, headers: { 'content-type': 'text/html' }, body: '<p>' }));
	}
	expect('an undocumented status', responseProblems(op, { ...x, status: 418 }));
	expect('an undocumented parameter', requestProblems(op, { ...x, url: x.url + (x.url.includes('?') ? '&' : '?') + 'nobodyKnows=1' }));
	const headers = { ...x.request_headers, authorization: op.signed ? '' : 'AWS4-HMAC-SHA256 Credential=x' };
	expect('the wrong signature', requestProblems(op, { ...x, request_headers: headers }));
	return [n, missed];
}

// ---- the run

const validator = new Validator();
const checked = await validator.validate(specFile);
report('the file is valid OpenAPI', checked.valid ? [] : [JSON.stringify(checked.errors)]);
const broken = copy(validator.specification);
delete broken.info.title;
broken.paths['/v1/login'].post.responses['200'].content['application/json'].schema = 'text';
report('a broken file is refused', (await new Validator().validate(broken)).valid ? ['it was taken'] : []);

const spec = validator.resolveRefs();
const operations = Object.entries(spec.paths).flatMap(([path, item]) =>
	METHODS.filter((m) => item[m]).map((m) => makeOperation(spec, path, item, m)));

for (const file of recordings) {
	const { side, exchanges } = JSON.parse(fs.readFileSync(file, 'utf8'));
	const problems = [];
	const seen = new Map();
	for (const x of exchanges) {
		const path = new URL(x.url).pathname;
		const op = operations.find((o) => o.method === x.method.toLowerCase() && o.pattern.test(path));
		if (!op) {
			if (x.status < 400)
				problems.push(`${x.method} ${path} is not documented and was answered ${x.status}`);
			continue;
		}
		// What the other side refuses need not be right; the refusal must be.
		const found = [...(x.status < 300 || side === 'client' ? requestProblems(op, x) : []), ...responseProblems(op, x)];
		problems.push(...found.map((p) => `${op.id} ${x.status} ${path}: ${p}`));
		if (x.status < 300 && found.length === 0)
			seen.set(op, x);
	}
	report(`${side}: ${exchanges.length} exchanges are as the file says`, exchanges.length ? problems : ['nothing was recorded']);
	report(`${side}: each of the ${operations.length} operations was used`,
		operations.filter((o) => !seen.has(o)).map((o) => `${o.id} was not`));
	let n = 0;
	const missed = [];
	for (const [op, x] of seen) {
		const [tried, taken] = refusals(op, x);
		n += tried;
		missed.push(...taken);
	}
	report(`${side}: ${n} wrong messages were refused`, n ? missed : ['none was tried']);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
