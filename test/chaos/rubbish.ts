import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectSecure } from 'node:tls';
import { createRandom, type Random } from '../fuzz/random.ts';
import { startGate, type Gate } from './gate.ts';
import { labelledReviews } from './labelled-reviews.ts';
import { trialOf, unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const RATE = 100;

export const rubbish: Scenario = {
  id: 'GARBAGE',
  title: 'rubbish on the port, callers that hang up or half close',
  goal: 'every other review is answered correctly and in time',
  run: (chaos) => throwRubbish(chaos, chaos.quick ? 400 : 10_000),
  control: {
    title: 'errors of clients end the process',
    run: (chaos) => throwRubbish(chaos, 100, UNGUARDED),
  },
};

const UNGUARDED = `
import { Server } from 'node:net';
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  for (const event of ['clientError', 'tlsClientError']) this.on(event, (error) => { throw error; });
  return listen.apply(this, args);
};
`;

async function throwRubbish({ stand, seed }: Chaos, times: number, preload?: string): Promise<Trial> {
  await using gate = await startGate(stand, preload === undefined ? {} : { preload, args: ['--drain=0'] });
  const tally = new Tally();
  using traffic = new Traffic({ gate, tally, seed, rate: RATE });
  const random = createRandom(seed);
  await delay(500);
  for (let count = 0; count < times; count += 1) {
    const [kind, way] = random.pick(WAYS);
    await way(gate, random, kind).catch(() => undefined);
  }
  await delay(500);
  await traffic.stop();
  const ways = WAYS.map(([kind]) => kind).join(', ');
  return trialOf(tally, `${times} times one of: ${ways}`, [
    ...tally.faults([]),
    unless(gate.ending() === undefined, `the gate ended with ${gate.ending()}`),
  ]);
}

type Way = (gate: Gate, random: Random, kind: string) => Promise<void>;

const WAYS: readonly [readonly [string, Way], ...(readonly [string, Way])[]] = [
  ['bytes before the handshake', (gate, random) => say(connectPlain(gate.port, '127.0.0.1'), bytes(random))],
  ['a handshake cut off', (gate) => say(connectPlain(gate.port, '127.0.0.1'), CLIENT_HELLO)],
  [
    'HTTP without TLS',
    (gate) => say(connectPlain(gate.port, '127.0.0.1'), Buffer.from('GET / HTTP/1.1\r\n\r\n')),
  ],
  ['bytes in place of a request', async (gate, random) => say(await secure(gate), bytes(random))],
  [
    'a body cut off',
    async (gate, random) => say(await secure(gate), request(random).subarray(0, -random.below(200))),
  ],
  [
    'a reset in the middle of a body',
    async (gate, random) => reset(await secure(gate), request(random).subarray(0, -9)),
  ],
  ['a request of which only half is open', halfClose],
];

/** Record and handshake headers with a length that is longer than the data. */
const CLIENT_HELLO = Buffer.from('16030102000100', 'hex');

async function say(socket: Socket, content: Buffer): Promise<void> {
  socket.on('error', () => undefined);
  socket.write(content);
  await delay(2);
  socket.destroy();
}

async function reset(socket: Socket, content: Buffer): Promise<void> {
  socket.on('error', () => undefined);
  socket.write(content);
  await delay(1);
  socket.resetAndDestroy();
}

/** The client half-closes the connection and still gets its answer. */
async function halfClose(gate: Gate, random: Random): Promise<void> {
  const socket = await secure(gate);
  socket.on('error', () => undefined);
  socket.end(request(random));
  socket.resume();
  await once(socket, 'close');
}

async function secure({ port, authority }: Gate): Promise<Socket> {
  const socket = connectSecure({ port, host: '127.0.0.1', servername: 'localhost', ca: authority });
  await once(socket, 'secureConnect');
  return socket;
}

function request(random: Random): Buffer {
  const [review] = labelledReviews(random.below(1000), 1);
  const body = review?.body ?? Buffer.alloc(0);
  const head = `POST ${review?.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function bytes(random: Random): Buffer {
  return Buffer.from(Array.from({ length: 1 + random.below(400) }, () => random.below(256)));
}
