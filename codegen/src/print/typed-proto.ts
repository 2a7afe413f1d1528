// The options that generated .proto files import, as text: what stands in proto/perdure/typed/v1/typed.proto of Perdure's
// own contracts. A test holds the two together.

export const typedProtoPath = "perdure/typed/v1/typed.proto";

export const typedProto: string = `syntax = "proto3";

// What a generated .proto says beyond protobuf: the names that services and handlers have in Perdure, and how its
// messages look as the JSON that handlers read and write. Imported by every generated .proto, so it imports nothing
// of Perdure itself.
//
// Without a form, a message is a JSON object: members by json_name; a field without presence is always written; a
// message field without \`optional\` and every other field but \`optional\` ones must be there (a Value aside, which may be
// what TypeScript calls undefined: then it is absent, and unset); an unset \`optional\` field is an absent member. Scalars,
// bytes, Timestamp, Value and int64 are as in protobuf's own JSON.
package perdure.typed.v1;

import "google/protobuf/descriptor.proto";

extend google.protobuf.ServiceOptions {
  ServiceContract service = 50611;
}

extend google.protobuf.MethodOptions {
  MethodContract method = 50611;
}

extend google.protobuf.MessageOptions {
  MessageForm message = 50611;
}

extend google.protobuf.FieldOptions {
  FieldForm field = 50611;
}

extend google.protobuf.EnumValueOptions {
  EnumValueForm enum_value = 50611;
}

// What the service is in Perdure.
message ServiceContract {
  // The name that it is registered and invoked by, such as "user-signup".
  string name = 1;
}

// What a method does.
message MethodContract {
  // The handler's own name, such as "verifyEmail". "run" for Submit, Attach and Output.
  string handler = 1;
  Operation operation = 2;
}

enum Operation {
  OPERATION_UNSPECIFIED = 0;
  // Runs the handler and waits for its result; only submits it where the request has a delay.
  OPERATION_CALL = 1;
  // Submits a workflow's run.
  OPERATION_SUBMIT = 2;
  // Waits for the result of a workflow's run.
  OPERATION_ATTACH = 3;
  // The result of a workflow's run, if it has one.
  OPERATION_OUTPUT = 4;
}

// How a message looks as JSON, where it is not an object with its fields as members.
message MessageForm {
  Shape shape = 1;
  // Members that the JSON object always has, which are no fields: what tells the variants of a union apart.
  repeated Constant constants = 2;
}

enum Shape {
  // An object.
  SHAPE_UNSPECIFIED = 0;
  // The message's only field is repeated: JSON has the array alone.
  SHAPE_LIST = 1;
  // The message's only field is a map: JSON has the object alone.
  SHAPE_MAP = 2;
  // An array with the fields as items, in the order of their numbers.
  SHAPE_TUPLE = 3;
  // The message's only oneof is set: JSON has the value of the field alone. Which field a JSON value is for shows by
  // its JSON type, and for objects by the constants of the field's message.
  SHAPE_UNION = 4;
  // The message's only field is \`optional\`: JSON has its value, or null where it is unset.
  SHAPE_NULLABLE = 5;
}

// A member of a JSON object that is always the same.
message Constant {
  string name = 1;
  // JSON text: "\\"circle\\"", "3", "true".
  string json = 2;
}

// How a field looks as JSON.
message FieldForm {
  // Unset stands for null, not for absence.
  bool nullable = 1;
  // A 64-bit integer that is a number in JSON, not a decimal string. Of the field's elements where it is repeated, of
  // its values where it is a map.
  bool number = 2;
}

// What an enum's value is in JSON.
message EnumValueForm {
  oneof value {
    string text = 1;
    double number = 2;
  }
}
`;
