// The server SDK with its OFREP provider, as it is: asks for what standard input lists, prints what it was told.
// node server.mjs URL API_KEY < [[type, key, default, context], ...]
import { OpenFeature } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';

const [url, apiKey] = process.argv.slice(2);
let asked = '';
for await (const part of process.stdin) asked += part;

await OpenFeature.setProviderAndWait(
  new OFREPProvider({ baseUrl: url, headers: [['Authorization', `Bearer ${apiKey}`]] }),
);
const client = OpenFeature.getClient();
const told = [];
for (const [type, key, fallback, context] of JSON.parse(asked)) {
  told.push(await client[`get${type}Details`](key, fallback, context));
}
console.log(JSON.stringify(told));
await OpenFeature.close();
