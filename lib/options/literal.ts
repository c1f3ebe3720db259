const longestText = 60;

/** A value as an error message shows it: short, with its type, without touching what is inside an object. */
export function literal(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `${quoted(value)} (string)`;
    case 'number':
    case 'boolean':
    case 'bigint':
      return `${Object.is(value, -0) ? '-0' : String(value)} (${typeof value})`;
    default:
      return kindOf(value);
  }
}

/** The type of a value alone, for one that may hold a secret. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Single quotes, escapes for what does not print, cut where it is long. */
export function quoted(text: string): string {
  const short = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  return `'${JSON.stringify(short).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** 'a', 'b' or 'c' */
export function listed(names: readonly string[], conjunction = 'or'): string {
  const all = names.map(quoted);
  const last = all.pop() ?? '';
  return all.length === 0 ? last : `${all.join(', ')} ${conjunction} ${last}`;
}

/** The path of a member: env.HOME, labels['my label'] */
export function member(path: string, name: string): string {
  return /^[A-Za-z_$][\w$]{0,63}$/.test(name) ? `${path}.${name}` : `${path}[${quoted(name)}]`;
}
