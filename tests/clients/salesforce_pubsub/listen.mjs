// Listens to one topic with a client that we did not write, and prints each event as a line of JSON.
//   node listen.mjs '{"endpoint", "instance", "token", "organization", "topic", "events", "replay"?}'
import PubSubApiClient from 'salesforce-pubsub-api-client';

const told = JSON.parse(process.argv[2]);
const Client = PubSubApiClient.default ?? PubSubApiClient;
const quiet = { debug() {}, info() {}, warn: console.error, error: console.error };
const client = new Client(
    {
        authType: 'user-supplied',
        accessToken: told.token,
        instanceUrl: told.instance,
        organizationId: told.organization,
        pubSubEndpoint: told.endpoint,
        rejectUnauthorizedSsl: false
    },
    quiet
);
await client.connect();

let seen = 0;
const heard = (_subscription, kind, data) => {
    if (kind === 'event') {
        console.log(JSON.stringify({ replayId: data.replayId, payload: data.payload }));
        seen += 1;
    } else if (kind === 'error') {
        console.log(JSON.stringify({ error: String(data.message ?? data) }));
    }
    if (kind === 'error' || seen >= told.events) {
        client.close();
        process.exit(0);
    }
};
if (told.replay) {
    await client.subscribeFromReplayId(told.topic, heard, told.events, told.replay);
} else {
    await client.subscribeFromEarliestEvent(told.topic, heard, told.events);
}
