// Keys of LMDB: partition (2 bytes, so that a partition is one range), table (1 byte), key (its code units,
// all below 256).

/** Bytes before the table's own key. */
const prefixBytes = 3;

export function rowKey(partition: number, table: number, key: string): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes + key.length);
  bytes.writeUInt16BE(partition, 0);
  bytes.writeUInt8(table, 2);
  bytes.write(key, prefixBytes, "latin1");
  return bytes;
}

export function tableKeyOf(rowKey: Buffer): string {
  return rowKey.toString("latin1", prefixBytes);
}
