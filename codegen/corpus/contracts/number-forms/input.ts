import { handler, service, type Context } from "@perdure/sdk";

/** @protoType int32 */
export type Count = number;

export interface Numbers {
  plain: number;
  /**
   * How many.
   * @protoType int32
   */
  i32: number;
  /** @protoType uint32 */
  u32: number;
  /** @protoType int64 */
  i64: number;
  /** @protoType uint64 */
  u64: number;
  /** @protoType float */
  ratio: number;
  /** @protoType double */
  double: number;
  /** @protoType int64 */
  list: number[];
  /** @protoType uint64 */
  byName: Record<string, number>;
  /** @protoType int32 */
  matrix: number[][];
  /** @protoType int64 */
  maybe?: number;
  /** @protoType int64 */
  orNull: number | null;
  /** @protoType int64 */
  both?: number | null;
  /** @protoType uint32 */
  pair: [number, number];
  count: Count;
  counts: Count[];
  /** @protoType int64 */
  textOrNumber: string | number;
}

@service()
export class Sums {
  @handler()
  async add(
    _: Context,
    /** @protoType int64 */
    by: number,
  ): Promise<Numbers> {
    throw new Error(String(by));
  }

  @handler()
  async count(_: Context, value: Count): Promise<Count> {
    return value;
  }
}
