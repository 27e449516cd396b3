import { declaredBody, receiveBody } from './request-body.js';
import { malformedXml } from './s3-error.js';
import type { S3Request } from './s3-request.js';
import { parseXml, type XmlNode } from './xml.js';

const largestDocument = 4 * 1024 * 1024;

/** The XML document in a request's body, its digests checked; undefined for an empty body. Throws 400 MalformedXML. */
export async function readXmlBody(request: S3Request): Promise<XmlNode | undefined> {
  const declared = declaredBody(request);
  if (declared.length > largestDocument) throw malformedXml();
  const pieces: Buffer[] = [];
  await receiveBody(request, declared, async (piece) => void pieces.push(piece));
  if (pieces.length === 0) return undefined;
  const root = parseXml(Buffer.concat(pieces).toString('utf8'));
  if (!root) throw malformedXml();
  return root;
}
