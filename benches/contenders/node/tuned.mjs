// Fetches both secrets while the module is loaded, which Lambda does at full speed. Powertools
// keeps them for the first event.
import { serve } from './runtime.mjs';
import { handler, secret, send } from './welcome.mjs';

const { MANDRILL_SECRET_ID, WEBHOOK_SECRET_ID } = process.env;

Promise.all([secret(WEBHOOK_SECRET_ID), secret(MANDRILL_SECRET_ID)]).then(() => serve(handler(send)));
