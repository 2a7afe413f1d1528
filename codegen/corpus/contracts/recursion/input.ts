import { handler, service, type Context } from "@perdure/sdk";

export interface Tree {
  value: string;
  children: Tree[];
  byName: Record<string, Tree>;
  parent?: Tree;
  best: Tree | null;
}

export interface Author {
  name: string;
  books: Book[];
}

export interface Book {
  title: string;
  author: Author;
}

export type Expression =
  | { op: "value"; value: number }
  | { op: "add"; left: Expression; right: Expression }
  | { op: "all"; of: Expression[] };

export type List = { head: string; tail: List | null };

@service()
export class Forests {
  @handler()
  async tree(_: Context, value: Tree): Promise<Tree> {
    return value;
  }

  @handler()
  async author(_: Context, value: Author): Promise<Author> {
    return value;
  }

  @handler()
  async evaluate(_: Context, value: Expression): Promise<Expression> {
    return value;
  }

  @handler()
  async list(_: Context, value: List): Promise<List> {
    return value;
  }
}
