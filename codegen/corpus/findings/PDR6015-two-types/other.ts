export interface Shared {
  a: string;
}
