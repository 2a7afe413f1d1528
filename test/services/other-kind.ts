// A service that takes the name of an object (first-version.ts).

import { handler, service } from "@perdure/sdk";

@service({ name: "Shelf" })
export class Shelf {
  @handler()
  async put(): Promise<void> {}
}
