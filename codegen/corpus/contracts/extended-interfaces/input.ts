import { handler, service, type Context } from "@perdure/sdk";

interface Base {
  /** Given by the database. */
  id: string;
}

interface Dated extends Base {
  at: Date;
}

/** An order. */
export interface Order extends Dated {
  lines: Line[];
}

interface Line extends Pick<Base, "id"> {
  count: number;
}

interface Merged {
  a: string;
}
interface Merged {
  b: number;
}

@service()
export class Orders {
  @handler()
  async put(_: Context, value: Order): Promise<Order> {
    return value;
  }

  @handler()
  async merged(_: Context, value: Merged): Promise<Merged> {
    return value;
  }
}
