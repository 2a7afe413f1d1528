import { handler, service, type Context } from "@perdure/sdk";

interface Open {
  name: string;
  [other: string]: string;
}

@service()
export class Opens {
  @handler()
  async put(_: Context, value: Open): Promise<Open> {
    return value;
  }

  @handler()
  async inline(_: Context, value: { id: number; [key: string]: number }): Promise<{ id: number; [key: string]: number }> {
    return value;
  }
}
