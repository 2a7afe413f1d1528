// Small sources for the checks. A line that ends in `//! PDR6201` is found to break that rule, and a line without it
// breaks none; `//? PDR6214` is the same as a warning.

/** The body of a handler, behind code of the module. */
export interface Case {
  readonly module?: string;
  /** Of the service's class. */
  readonly members?: string;
  readonly body: string;
}

/** Cases by what they are about, and by what they say of it. */
export type Groups = Readonly<Record<string, Readonly<Record<string, Case>>>>;

/** Packages that are not installed here, as their types declare them. */
export const packages: string = `
  declare module "dayjs" { export default function dayjs(at?: unknown): { unix(): number }; }
  declare module "moment" { export default function moment(at?: unknown): { unix(): number }; }
  declare module "uuid" { export function v4(): string; export function v5(name: string, space: string): string; }
  declare module "nanoid" { export function nanoid(): string; }
  declare module "pg" { export class Pool { query(sql: string): Promise<unknown[]>; } }
  declare module "axios" {
    const axios: { get(url: string): Promise<unknown>; isAxiosError(error: unknown): boolean };
    export default axios;
  }
  declare module "drizzle-orm" {
    interface Query extends PromiseLike<unknown[]> { from(table: string): Query; where(filter: object): Query; }
    export const db: { select(): Query };
    export function eq(column: string, value: unknown): object;
  }
  declare module "better-sqlite3" {
    export default class Database { constructor(file: string); prepare(sql: string): { get(): unknown }; }
  }
`;

export function sourceOf({ module = "", members = "", body }: Case): string {
  return `
  import { DurablePromise, handler, isTerminalError, service, type Context } from "@perdure/sdk";
${module}
@service()
export class Other {
  @handler()
  async echo(_ctx: Context, value: number): Promise<number> {
    return value;
  }
}
@service()
export class Case {
  ${members}
  @handler()
  async check(ctx: Context, input: any): Promise<unknown> {
    ${body}
    return undefined;
  }
}
`;
}

/** "12 error PDR6201" for each marked line. */
export function marksOf(source: string): string[] {
  return source
    .split("\n")
    .flatMap((line, at) =>
      [...line.matchAll(/\/\/([!?]) (PDR\d{4})/g)].map(
        ([, mark, code]) => `${at + 1} ${mark === "!" ? "error" : "warning"} ${code ?? ""}`,
      ),
    );
}
