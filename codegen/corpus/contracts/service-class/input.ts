import { handler, service, type Context } from "@perdure/sdk";

/** Says hello. */
@service()
export class Greeter {
  readonly #greeting = "Hello";

  /** By name. */
  @handler()
  async greet(_: Context, name: string): Promise<string> {
    return this.text(name);
  }

  private text(name: string): string {
    return `${this.#greeting} ${name}`;
  }

  async notAHandler(_: Context): Promise<void> {}
}
