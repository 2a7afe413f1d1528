import type { Context } from "@perdure/sdk";

/** Declared elsewhere. */
export async function greet(_: Context, name: string): Promise<string> {
  return `Hello ${name}`;
}

export const tools = {
  /** A tool. */
  sharpen: async (_: Context, strokes: number): Promise<void> => void strokes,
};
