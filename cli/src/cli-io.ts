// What a command sees of its process. Data goes to stdout, talk to stderr, so that
// `perdure … --json | jq` gets nothing but data.

export interface CliIo {
  /** One or more lines of data; a line break is added. */
  readonly out: (text: string) => void;
  /** One or more lines for people; a line break is added. */
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export function processIo(): CliIo {
  return {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    env: process.env,
    cwd: process.cwd(),
  };
}
