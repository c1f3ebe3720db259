import { execFileSync } from 'node:child_process';

/** The lines of a sources.list for a suite and its updates, as this machine has them; empty when it has none. */
export function machineSources(suite) {
  const format = 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const lines = apt('apt-get', ['indextargets', '--format', `$(ORIGIN)|$(CODENAME)|${format}`, 'Created-By: Packages']);
  return lines
    .map((line) => line.split('|'))
    .filter(([origin, codename]) => origin === 'Debian' && codename.startsWith(suite))
    .map(([, , source]) => source);
}

/** How this machine reaches its mirrors: proxies, retries and the like, as lines of an apt.conf. */
export function machineSettings() {
  return apt('apt-config', ['dump']).filter((line) => /^Acquire::(http|https|Retries)\b.* "[^"]/.test(line));
}

function apt(program, args) {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n');
}
