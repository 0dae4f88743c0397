// The desk's questions, and one loader a kind of document: keys of one request are asked together.
import DataLoader from 'dataloader';
import { Agent, request } from 'undici';
import { bill, booking, delivery, receipt, sale } from './mapping.js';

const desk = process.env.DESK;
const dispatcher = new Agent({ connections: 64, keepAliveTimeout: 30_000 });

async function ask(path) {
  const { statusCode, body } = await request(desk + path, { dispatcher });
  if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
  return body.json();
}

export const openSales = async (to, first) =>
  (await ask(`/crm/orders?open=true&to=${to}&first=${first}`)).rows.map(sale);
export const listedBookings = async (to, first) =>
  (await ask(`/erp/orders?to=${to}&first=${first}`)).rows.map(booking);
export const salesByKey = async (keys) => (await ask(`/crm/orders?keys=${keys.join(',')}`)).map(sale);
export const bookingsBySale = async (keys) => (await ask(`/erp/orders?refs=${keys.join(',')}`)).map(booking);

function grouped(path, map, owner) {
  return () =>
    new DataLoader(async (keys) => {
      const found = new Map();
      for (const row of await ask(`${path}=${keys.join(',')}`)) {
        const held = found.get(row[owner]);
        if (held) held.push(map(row));
        else found.set(row[owner], [map(row)]);
      }
      return keys.map((key) => found.get(key) ?? []);
    });
}

const shipments = grouped('/erp/shipments?orders', delivery, 'order');
const invoices = grouped('/erp/invoices?orders', bill, 'order');
const payments = grouped('/erp/payments?invoices', receipt, 'invoice');

// New for every request: what one caller read is never another's.
export const loaders = () => ({ shipments: shipments(), invoices: invoices(), payments: payments() });
