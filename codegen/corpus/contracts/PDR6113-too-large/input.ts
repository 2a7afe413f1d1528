import { handler, service, type Context } from "@perdure/sdk";

type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

export type Wide = { [K in `m${Digit}x${Digit}x${Digit}`]: string } & { oneMore: string };

@service()
export class Large {
  @handler()
  async put(_: Context, value: Wide): Promise<Wide> {
    return value;
  }
}
