// The desk of desk.ts as its next version has it: a person has a title, and leaves as well.

import { handler, service, type Context } from "@perdure/sdk";

export interface Person {
  name: string;
  title?: string;
}

/** Greets, and says goodbye. */
@service({ name: "front-desk" })
export class Desk {
  /** Greets a person by title and name. */
  @handler()
  async greet(_ctx: Context, { title, name }: Person): Promise<string> {
    return title === undefined ? `Hello ${name}` : `Hello ${title} ${name}`;
  }

  /** Says goodbye. */
  @handler()
  async leave(_ctx: Context, person: Person): Promise<string> {
    return `Bye ${person.name}`;
  }
}
