import { handler, service, type Context } from "@perdure/sdk";

/** @protoName not-a-name */
interface Misnamed {
  /** @protoType int8 */
  small: number;
  /** @protoType int32 */
  text: string;
  /** @protoType int32 */
  texts: string[];
  a: number; /** @protoType int32 */ b: number;
}

@service()
export class Tags {
  @handler()
  async put(_: Context, value: Misnamed): Promise<Misnamed> {
    return value;
  }
}
