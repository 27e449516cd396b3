/**
 * As much of Kubernetes' protobuf encoding as an access review needs: kubectl 1.32 sends `auth can-i` in it, and nothing else
 * that the stand-in serves.
 *
 * Field numbers are those of `generated.proto` in k8s.io/apimachinery/pkg/runtime and k8s.io/api/authorization/v1.
 */
import { badRequest } from './status.js';
import type { JsonObject } from './objects.js';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Four bytes that precede every message, and tell it from JSON. */
const MAGIC = Buffer.from('k8s\0', 'latin1');

const ENVELOPE = { raw: 2 };
const REVIEW = { spec: 2 };
const SPEC = { resourceAttributes: 1 };
const ATTRIBUTES = { namespace: 1, verb: 2, group: 3, version: 4, resource: 5, subresource: 6, name: 7 };

/** The review as its JSON form would be. @throws StatusError 400 for bytes that are no such message */
export function decodeAccessReview(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw badRequest('the protobuf body does not begin with its magic number');
  let message = bytes.subarray(MAGIC.length);
  for (const field of [ENVELOPE.raw, REVIEW.spec, SPEC.resourceAttributes]) {
    message = fieldsOf(message).get(field) ?? Buffer.alloc(0);
  }
  const fields = fieldsOf(message);
  const attributes = Object.entries(ATTRIBUTES).map(([name, number]) => [name, fields.get(number)?.toString('utf8') ?? '']);
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: {},
    spec: { resourceAttributes: Object.fromEntries(attributes) as JsonObject },
  };
}

/** The length-delimited fields (strings and messages) of a message; the messages on the way hold no others. */
function fieldsOf(message: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[offset++];
      if (byte === undefined || shift > 28) throw badRequest('the protobuf body is cut off');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (offset < message.length) {
    const tag = varint();
    if ((tag & 7) !== 2) throw badRequest(`the protobuf body has a field of wire type ${tag & 7}, which is not expected here`);
    const length = varint();
    fields.set(tag >> 3, message.subarray(offset, offset + length));
    offset += length;
  }
  return fields;
}
