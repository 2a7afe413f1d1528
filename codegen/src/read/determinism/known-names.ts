// What is known to differ from one execution to the next: globals, Node's modules, packages that people use. Found by
// where a name is declared, so that shadowed names and methods of one's own are never meant.

import { ts } from "ts-morph";
import type { RuleName } from "./rules.js";

/** Members of globals, by the type that declares them. Naming them is enough, for somebody will call them. */
const globalNames: Readonly<Record<string, RuleName>> = {
  "DateConstructor.now": "clock",
  "Performance.now": "clock",
  "Process.hrtime": "clock",
  "HRTime.bigint": "clock",
  "Process.uptime": "clock",
  "Now.instant": "clock",
  "Now.plainDateISO": "clock",
  "Now.plainDateTimeISO": "clock",
  "Now.zonedDateTimeISO": "clock",
  "Math.random": "random",
  "Crypto.randomUUID": "random",
  "Crypto.getRandomValues": "random",
  "SubtleCrypto.generateKey": "random",
  setTimeout: "timer",
  setInterval: "timer",
  setImmediate: "timer",
  requestAnimationFrame: "timer",
  "AbortSignal.timeout": "timer",
  fetch: "io",
  WebSocket: "io",
  EventSource: "io",
  XMLHttpRequest: "io",
  "Process.env": "process",
  "Process.argv": "process",
  "Process.pid": "process",
  "Process.ppid": "process",
  "Process.cwd": "process",
  "Process.memoryUsage": "process",
  "Process.cpuUsage": "process",
  "Process.resourceUsage": "process",
};

const randomOfCrypto = new Set([
  "randomBytes",
  "randomFill",
  "randomFillSync",
  "randomInt",
  "randomUUID",
  "getRandomValues",
  "generateKey",
  "generateKeySync",
  "generateKeyPair",
  "generateKeyPairSync",
]);

/** Modules of Node whose functions are all of one sort. */
const modules: Readonly<Record<string, RuleName>> = {
  fs: "io",
  "fs/promises": "io",
  http: "io",
  https: "io",
  http2: "io",
  net: "io",
  tls: "io",
  dgram: "io",
  dns: "io",
  "dns/promises": "io",
  child_process: "io",
  cluster: "io",
  readline: "io",
  "readline/promises": "io",
  sqlite: "io",
  worker_threads: "io",
  "timers/promises": "timer",
  os: "process",
};

interface KnownPackage {
  readonly rule: RuleName;
  /** Only these functions; absent: all. */
  readonly names?: ReadonlySet<string>;
  /** "waited": what gives something to wait for; "any": every call; "bare": without arguments. */
  readonly calls: "waited" | "any" | "bare";
}

const client: KnownPackage = { rule: "io", calls: "waited" };
const blocking: KnownPackage = { rule: "io", calls: "any" };
const chance: KnownPackage = { rule: "random", calls: "any" };
const now: KnownPackage = { rule: "clock", calls: "bare" };

const clients = `
  pg pg-promise postgres mysql mysql2 mariadb mssql oracledb tedious mongodb mongoose redis
  ioredis @redis/client @upstash/redis memcached @prisma/client .prisma drizzle-orm knex kysely
  typeorm sequelize sqlite3 @mikro-orm/core @libsql/client @planetscale/database
  @neondatabase/serverless @supabase/supabase-js @vercel/postgres @vercel/kv cassandra-driver
  neo4j-driver @elastic/elasticsearch @opensearch-project/opensearch @clickhouse/client axios got
  ky undici node-fetch cross-fetch superagent needle request graphql-request @apollo/client
  @grpc/grpc-js @connectrpc/connect nodemailer @sendgrid/mail resend postmark mailgun.js twilio
  stripe openai @anthropic-ai/sdk ai @octokit/rest octokit @slack/web-api aws-sdk kafkajs amqplib
  nats bullmq bull mqtt ws firebase-admin fs-extra execa @perdure/clients
  @restatedev/restate-sdk-clients
`
  .trim()
  .split(/\s+/);

const packages: ReadonlyMap<string, KnownPackage> = new Map([
  ...clients.map((name): [string, KnownPackage] => [name, client]),
  ["better-sqlite3", blocking],
  ["shelljs", blocking],
  ["uuid", { ...chance, names: new Set(["v1", "v4", "v6", "v7"]) }],
  ["nanoid", chance],
  ["cuid", chance],
  ["@paralleldrive/cuid2", { ...chance, names: new Set(["createId"]) }],
  ["ulid", { ...chance, names: new Set(["ulid"]) }],
  ["ulidx", { ...chance, names: new Set(["ulid"]) }],
  ["uid", chance],
  ["shortid", chance],
  ["moment", now],
  ["dayjs", now],
  ["luxon", { rule: "clock", calls: "bare", names: new Set(["now", "local", "utc"]) }],
  ["delay", { rule: "timer", calls: "any" }],
  ["sleep-promise", { rule: "timer", calls: "any" }],
]);

/** Scopes all of whose packages are clients. */
const clientScopes = ["@aws-sdk/", "@google-cloud/", "@azure/", "@smithy/"];

function knownPackage(name: string): KnownPackage | undefined {
  const known = packages.get(name);
  if (known !== undefined) return known;
  return clientScopes.some((scope) => name.startsWith(scope)) ? client : undefined;
}

/** A quick look at a name, before anything is looked up. */
const lastNames = new Set(Object.keys(globalNames).map((name) => name.split(".").at(-1) ?? name));

export function mayBeGlobal(name: string): boolean {
  return lastNames.has(name);
}

/** What a global, or a member of one, breaks. */
export function ruleOfGlobal(declaration: ts.Declaration): RuleName | undefined {
  const name = ts.getNameOfDeclaration(declaration)?.getText();
  if (name === undefined) return undefined;
  const holder = holderOf(declaration);
  if (holder !== undefined) return ruleOfGlobalName(`${holder}.${name}`);
  return isGlobal(declaration) ? ruleOfGlobalName(name) : undefined;
}

export function ruleOfGlobalName(name: string): RuleName | undefined {
  return Object.hasOwn(globalNames, name) ? globalNames[name] : undefined;
}

export interface CallFacts {
  readonly name: string;
  readonly argumentCount: number;
  /** Whether it gives a promise, or something that nothing is known of. */
  isWaited(): boolean;
}

/** What a call of something that a module or a package exports breaks. */
export function ruleOfCall(from: string, facts: CallFacts): RuleName | undefined {
  const builtin = from.startsWith("node:") ? from.slice("node:".length) : from;
  if (builtin === "crypto") return randomOfCrypto.has(facts.name) ? "random" : undefined;
  if (Object.hasOwn(modules, builtin)) return modules[builtin];
  const known = knownPackage(packageName(from));
  if (known === undefined) return undefined;
  if (known.names !== undefined && !known.names.has(facts.name)) return undefined;
  if (known.calls === "bare" && facts.argumentCount > 0) return undefined;
  if (known.calls === "waited" && !facts.isWaited()) return undefined;
  return known.rule;
}

/** "@aws-sdk/client-s3" of "@aws-sdk/client-s3/commands". */
function packageName(specifier: string): string {
  const [first = "", second = ""] = specifier.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}

/** The module of Node, or the package, that `declare module "…"` around a declaration names. */
export function declaredModule(declaration: ts.Node): string | undefined {
  for (let node: ts.Node = declaration; !ts.isSourceFile(node); node = node.parent) {
    if (!ts.isModuleDeclaration(node)) continue;
    if (augmentsGlobals(node)) return undefined;
    if (ts.isStringLiteral(node.name)) return node.name.text;
  }
  return undefined;
}

/** The interface, class or variable whose member a declaration is. */
function holderOf(declaration: ts.Declaration): string | undefined {
  for (let node: ts.Node = declaration.parent; !ts.isSourceFile(node); node = node.parent) {
    if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) return node.name?.text;
    if (ts.isTypeAliasDeclaration(node)) return node.name.text;
    if (ts.isVariableDeclaration(node)) {
      return ts.isIdentifier(node.name) ? node.name.text : undefined;
    }
    if (ts.isModuleDeclaration(node)) {
      // `namespace Now { function instant(): … }`
      return node.name.text === "Now" ? "Now" : undefined;
    }
  }
  return undefined;
}

/** Whether a declaration is in the global scope. */
function isGlobal(declaration: ts.Node): boolean {
  for (let node: ts.Node = declaration.parent; !ts.isSourceFile(node); node = node.parent) {
    if (ts.isModuleDeclaration(node)) return augmentsGlobals(node);
  }
  return true;
}

/** `declare global { … }` */
function augmentsGlobals({ flags }: ts.ModuleDeclaration): boolean {
  return (flags & ts.NodeFlags.GlobalAugmentation) !== 0;
}
