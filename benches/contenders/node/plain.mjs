import { serve } from './runtime.mjs';
import { handler, send } from './welcome.mjs';

serve(handler(send));
