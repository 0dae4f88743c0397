// The gateway's own contract with the resolvers of two queries: what hangs on many parents goes through a loader.
import { readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { bookingsBySale, listedBookings, openSales, salesByKey } from './desk.js';
import { keyOf, status } from './mapping.js';

const FEDERATION = `
directive @key(fields: String!) repeatable on OBJECT
directive @shareable on OBJECT
`;

// Federation's link names the directives, and graphql-js brings @oneOf itself.
const contract = readFileSync(new URL('../../../schema/schema.graphql', import.meta.url), 'utf8')
  .replace(/^schema @link[^{]*\{[^}]*\}/m, '')
  .replace(/^directive @oneOf.*$/m, '');

export const typeDefs = FEDERATION + contract;

const joined = (sale, booked) => ({ ...booked, ...sale, erpKey: booked.key, number: booked.number });

async function orders(_, { first, filter }) {
  // Nothing in one list depends on the other, so both are asked at once.
  const to = filter?.orderedTo ?? '9999-12-31';
  const [open, booked] = await Promise.all([openSales(to, first + 1), listedBookings(to, first + 1)]);
  const page = booked.slice(0, first);
  const heads = new Map((await salesByKey(page.map((one) => one.sale))).map((sale) => [sale.key, sale]));
  const nodes = page.map((one) => joined(heads.get(one.sale), one));
  return { nodes: open.length ? merged(nodes, open).slice(0, first) : nodes };
}

const merged = (nodes, open) => [...nodes, ...open].sort((a, b) => (a.orderedAt < b.orderedAt ? 1 : -1));

async function order(_, { by }) {
  const key = keyOf(by.id, 'Order');
  const [[sale], [booked]] = await Promise.all([salesByKey([key]), bookingsBySale([key])]);
  return sale && booked ? joined(sale, booked) : null;
}

export const resolvers = {
  Query: { orders, order },
  Order: {
    shipments: (one, _, { load }) => load.shipments.load(one.erpKey),
    invoices: (one, _, { load }) => load.invoices.load(one.erpKey),
    status: async (one, _, { load }) =>
      status(one, ...(await Promise.all([load.shipments.load(one.erpKey), load.invoices.load(one.erpKey)]))),
  },
  Invoice: { payments: (one, _, { load }) => load.payments.load(one.key) },
};

export const schema = makeExecutableSchema({ typeDefs, resolvers });
