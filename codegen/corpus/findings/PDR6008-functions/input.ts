import { service, type Context } from "@perdure/sdk";

function make() {
  return async (_: Context): Promise<void> => {};
}

async function two(_: Context, a: string): Promise<void>;
async function two(_: Context, a: number): Promise<void>;
async function two(): Promise<void> {}

declare const given: (ctx: Context) => Promise<void>;

export const made = service({ name: "Makes", handlers: { made: make(), two, given } });
