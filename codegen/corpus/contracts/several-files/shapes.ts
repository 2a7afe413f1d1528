export interface Dot {
  kind: "dot";
  note: string;
}
export interface Line {
  kind: "line";
  length: number;
}
export type Shape = Dot | Line;
