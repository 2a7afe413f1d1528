import { handler, service, type Context } from "@perdure/sdk";

type Nested = Nested[];
type Table = { [name: string]: Table };
interface Deep<T> {
  next: Deep<T[]> | null;
}

@service()
export class Endless {
  @handler()
  async nested(_: Context, value: Nested): Promise<Nested> {
    return value;
  }

  @handler()
  async table(_: Context, value: Table): Promise<Table> {
    return value;
  }

  @handler()
  async deep(_: Context, value: Deep<string>): Promise<Deep<string>> {
    return value;
  }
}
