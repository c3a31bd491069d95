// Does what mandrill-welcome does: authenticates the caller, renders the mail, sends it, reports
// the outcome.
import { createHash, timingSafeEqual } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets';

const logger = new Logger({ serviceName: 'mandrill-welcome' });
const metrics = new Metrics({ namespace: 'OryActions', serviceName: 'mandrill-welcome' });
const secrets = new SecretsProvider();
const SECRET_TTL_SECONDS = 300;
const GREETABLE = /^[^/:@.\u0000-\u001f\u007f-\u009f]{1,40}$/;

export const secret = (id) => secrets.get(id, { maxAge: SECRET_TTL_SECONDS });
const digest = (text) => createHash('sha256').update(text).digest();
const answer = (statusCode, body) => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const escape = (text) =>
  text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);

export function mail({ identity }) {
  const text = 'Welcome to Ory! Have fun and happy hacking!';
  const name = identity.traits.name?.first ?? identity.traits.name;
  const greeting = GREETABLE.test(name ?? '') ? `Hello ${escape(name)},` : 'Hello,';
  return {
    from_email: 'hello@example.com',
    subject: 'Hello from Ory',
    text,
    html: `<p>${greeting}</p><p>${escape(text)}</p>`,
    to: [{ email: identity.verifiable_addresses?.[0]?.value ?? identity.traits.email, type: 'to' }],
    tags: ['welcome'],
  };
}

/** Sends the mail of one event; what Mandrill said. */
export async function send({ ctx, key }) {
  const vendorKey = await secret(process.env.MANDRILL_SECRET_ID);
  const message = { ...mail(ctx), metadata: { ory_key: key } };
  const response = await fetch(`${process.env.MANDRILL_URL}/messages/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message, key: vendorKey }),
    redirect: 'error',
    signal: AbortSignal.timeout(15_000),
  });
  const said = await response.json();
  if (!response.ok) throw new Error(`Mandrill answered ${response.status}`);
  const [{ status, _id: message_id }] = said;
  return { status, message_id };
}

/** The handler, with this way of sending. */
export const handler = (sending) => async (event, context) => {
  const started = Date.now();
  const [ours, theirs] = [await secret(process.env.WEBHOOK_SECRET_ID), event.headers.authorization ?? ''];
  if (!timingSafeEqual(digest(ours), digest(theirs))) return answer(401, { error: 'unauthorized' });
  const body = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body;
  const parsed = JSON.parse(body);
  const ctx = parsed.ctx ?? parsed;
  if (!ctx.identity) return answer(400, { error: 'no identity' });
  const key = event.headers['ory-webhook-trigger-id'];
  const vendor = await sending({ ctx, key }, context);
  metrics.addMetric('Delivered', MetricUnit.Count, 1);
  metrics.addMetric('VendorLatency', MetricUnit.Milliseconds, Date.now() - started);
  metrics.publishStoredMetrics();
  logger.info('request', { key, outcome: 'delivered', duration_ms: Date.now() - started });
  return answer(200, { status: 'delivered', id: key, vendor });
};
