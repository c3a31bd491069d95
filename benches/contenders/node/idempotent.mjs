import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { serve } from './runtime.mjs';
import { handler, send } from './welcome.mjs';

const persistenceStore = new DynamoDBPersistenceLayer({ tableName: process.env.RECORDS_TABLE });
const config = new IdempotencyConfig({ eventKeyJmesPath: 'key' });
const once = makeIdempotent(send, { persistenceStore, config });

serve(handler((event, context) => {
  config.registerLambdaContext(context);
  return once(event);
}));
