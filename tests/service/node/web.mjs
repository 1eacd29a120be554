// The web SDK with its OFREP provider, as it is: prints one line of JSON after each step.
// node web.mjs URL API_KEY
import './browser.mjs';
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';

const [url, apiKey] = process.argv.slice(2);
const statuses = [];
const counted = async (request, options) => {
  const answer = await fetch(request, options);
  statuses.push(answer.status);
  return answer;
};
let opened;
const listening = new Promise((resolve) => (opened = resolve));
globalThis.EventSource = class extends globalThis.EventSource {
  constructor(where) {
    super(where);
    this.addEventListener('open', opened);
  }
};

const provider = new OFREPWebProvider({
  baseUrl: url,
  headers: [['Authorization', `Bearer ${apiKey}`]],
  fetchImplementation: counted,
  cacheMode: 'disabled',
});
const client = OpenFeature.getClient();
const say = (step) =>
  console.log(
    JSON.stringify({
      step,
      statuses: statuses.splice(0),
      banner: client.getBooleanDetails('web-banner', false),
      share: client.getNumberDetails('web-share', 0),
      shape: client.getObjectDetails('web-shape', {}),
      regional: client.getStringDetails('web-regional', 'mine'),
      unserved: client.getStringDetails('web-unserved', 'mine'),
      missing: client.getStringDetails('web-missing', 'mine'),
    }),
  );

await OpenFeature.setContext({ targetingKey: 'web-1', country: 'DE' });
await OpenFeature.setProviderAndWait(provider);
say('ready');

await OpenFeature.setContext({ targetingKey: 'web-1', country: 'DE' });
say('same context');

await OpenFeature.setContext({ targetingKey: 'web-1', country: 'NL' });
say('other context');

await listening;
const changed = new Promise((resolve) => client.addHandler(ProviderEvents.ConfigurationChanged, resolve));
console.log(JSON.stringify({ step: 'listening' }));
const { flagsChanged } = await changed;
console.log(JSON.stringify({ step: 'flags changed', flagsChanged }));
say('changed');
await OpenFeature.close();
