// Asks the registry whether a known vulnerability is in what users install with Perdure (no development tools), and
// fails for one that is high or critical. A registry that has no such service is said so, and passes: mirrors often
// have none. Anything else that keeps the question from being answered fails.
//
//   node --import tsx scripts/audit.ts
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";

/** The part of npm's answer that is read here. */
interface Report {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>;
  readonly metadata?: { readonly vulnerabilities?: Readonly<Record<string, number>> };
  readonly error?: { readonly code?: string; readonly summary?: string };
  readonly statusCode?: number;
}

export interface Verdict {
  readonly passed: boolean;
  readonly text: string;
}

const refused: readonly string[] = ["high", "critical"];
/** What registries answer that don't know the route. */
const noService: readonly number[] = [404, 405, 501];

/**
 * @param output  what `npm audit --json` has written
 * @param errors  what it has written beside that
 */
export function verdictOf(output: string, errors: string): Verdict {
  let report: Report;
  try {
    report = JSON.parse(output) as Report;
  } catch {
    return failed("npm audit did not answer in JSON");
  }
  if (report.metadata?.vulnerabilities !== undefined) return verdictOfCounts(report);
  const status =
    report.statusCode ?? Number(/\b([45]\d\d) [A-Z][A-Za-z ]+ - POST\b/.exec(errors)?.[1]);
  if (noService.includes(status)) {
    return {
      passed: true,
      text: `not audited: the registry has no service for it (${String(status)})`,
    };
  }
  return failed(`npm audit has no answer (${report.error?.code ?? "no code"})`);
}

function verdictOfCounts({ vulnerabilities = {}, metadata }: Report): Verdict {
  const bad = Object.entries(vulnerabilities)
    .filter(([, { severity }]) => refused.includes(severity))
    .map(([name, { severity }]) => `${name} (${severity})`);
  const counted = refused.reduce(
    (sum, level) => sum + (metadata?.vulnerabilities?.[level] ?? 0),
    0,
  );
  if (bad.length === 0 && counted === 0) return { passed: true, text: "nothing high or critical" };
  return failed(`known vulnerabilities: ${bad.join(", ") || String(counted)}. See npm audit`);
}

function failed(text: string): Verdict {
  return { passed: false, text };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { stdout, stderr } = spawnSync("npm", ["audit", "--omit=dev", "--json"], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const { passed, text } = verdictOf(stdout, stderr);
  console.log(text);
  process.exitCode = passed ? 0 : 1;
}
