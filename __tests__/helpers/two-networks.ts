import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type OtherProgram, scriptProgram } from './programs';

const ours = '198.51.100.2';
/** The router of the other network, with its name server. */
export const router = '198.51.100.1';

/** Two networks with a wire between them, which nobody else sees: one for a box's processes, one for the servers that it may reach or not. */
export interface TwoNetworks {
  /** A command that runs the rest of its arguments in the network of the box. */
  readonly within: readonly string[];
  /** The address of the box's host in it. */
  readonly own: string;
  /** Sets the records of the name server; resolves with the names that it was asked for since the last time. */
  resolve(records: Record<string, string[]>): Promise<string[]>;
  close(): Promise<void>;
}

/** Why this user cannot have networks of its own; null where it can. */
export function whyNoNetworks(): string | null {
  const tried = spawnSync('unshare', ['--net', 'ip', 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'end']);
  if (tried.status === 0) return null;
  return `unshare --net and a veth pair: ${tried.error?.message ?? tried.stderr.toString().trim()}`;
}

/** Servers on each of the addresses: HTTP on ports 80 and 81, which says where it was reached, and an echo over UDP on 99. */
export async function twoNetworks(addresses: readonly string[]): Promise<TwoNetworks> {
  const inside = await network();
  const outside = await network();
  const [within, without] = [inside, outside].map(({ pid }) => ['nsenter', '-t', String(pid), '-n']) as [
    string[],
    string[],
  ];
  run(within, `link add wire type veth peer name wire netns ${outside.pid}`);
  for (const [side, own] of [
    [within, `${ours}/24`],
    [without, `${router}/24`],
  ] as const) {
    run(side, `addr add ${own} dev wire`);
    run(side, 'link set wire up');
  }
  for (const address of addresses) run(without, `addr add ${address}/32 dev wire`);
  run(within, `route add default via ${router}`);
  const servers = serversIn(without, addresses);
  await expectLine(servers, 'up');
  return {
    within,
    own: ours,
    async resolve(records) {
      servers.say(JSON.stringify(records));
      return JSON.parse(await servers.line()) as string[];
    },
    async close() {
      servers.process.kill('SIGKILL');
      for (const holder of [inside, outside]) holder.stdin?.end();
      await Promise.all([servers.ended, ...[inside, outside].map((holder) => once(holder, 'exit'))]);
    },
  };
}

/** A network lives as long as a process in it, and this one no longer than its standard input. */
async function network(): Promise<ChildProcess> {
  const script = 'ip link set lo up; echo up; exec cat';
  const holder = spawn('unshare', ['--net', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return holder;
}

function run(within: readonly string[], command: string): void {
  const [file = '', ...args] = within;
  execFileSync(file, [...args, 'ip', ...command.split(' ')]);
}

function serversIn(within: readonly string[], addresses: readonly string[]): OtherProgram {
  const prelude = `
    const { nameServer } = require(${JSON.stringify(join(__dirname, 'names.ts'))});
    const { createServer } = require('node:http');
    const { createSocket } = require('node:dgram');`;
  const body = `
    const records = {};
    const asked = [];
    await nameServer(records, 0, { at: '${router}', port: 53, asked }).listening;
    for (const port of [80, 81]) {
      const answer = ({ socket }, response) => response.end(socket.localAddress + ':' + port + '\\n');
      await new Promise((resolve) => createServer(answer).listen(port, '0.0.0.0', resolve));
    }
    // Each address has a socket of its own, so that an echo comes from where it was asked of.
    for (const address of ${JSON.stringify(addresses)}) {
      const echo = createSocket('udp4');
      echo.on('message', (data, from) => echo.send(data, from.port, from.address));
      await new Promise((resolve) => echo.bind(99, address, resolve));
    }
    say('up');
    for (let line = await next(); line !== undefined; line = await next()) {
      for (const name of Object.keys(records)) delete records[name];
      Object.assign(records, JSON.parse(line));
      say(JSON.stringify(asked.splice(0)));
    }`;
  return scriptProgram(prelude, body, within);
}

async function expectLine(program: OtherProgram, expected: string): Promise<void> {
  const line = await program.line();
  if (line !== expected) throw new Error(`Expected '${expected}' but the servers said '${line}'`);
}
