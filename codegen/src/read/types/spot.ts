// Where a value stands: what messages call it, what a type without a name is called there, and the type as written.

import type { ts } from "ts-morph";
import { upperCamelOf } from "../../model/names.js";
import type { NumberForm, ValueType } from "../../model/types.js";

export interface Spot {
  /** For messages: "the input of Signup.run", "member email of User". */
  readonly what: string;
  /** The name that a type without one gets here, in UpperCamelCase. */
  readonly name: string;
  /** Where complaints point to. */
  readonly node: ts.Node;
  /** The type as written there, if it is written. It may say less than the type: of generics, their parameters. */
  readonly typeNode?: ts.TypeNode | undefined;
  /** Nobody wrote the type: an `any` is no decision. */
  readonly isInferred?: boolean;
  /** What `@protoType` asks of numbers here. */
  readonly numberForm?: NumberForm | undefined;
}

export interface ValueRead {
  readonly type: ValueType;
  /** May be undefined. */
  readonly optional: boolean;
}

/** Nothing: a value that can only be undefined. */
export type Nothing = undefined;

/** The spot of a part of the value. */
export function partOf(
  spot: Spot,
  what: string,
  { name, typeNode }: { readonly name?: string; readonly typeNode?: ts.TypeNode | undefined } = {},
): Spot {
  return {
    ...spot,
    what: `${what} of ${spot.what}`,
    name: name === undefined ? spot.name : spot.name + upperCamelOf(name),
    typeNode,
  };
}
