import { X509Certificate } from 'node:crypto';

/** The certificates of a PEM file, in DER; null when it holds none, or one that cannot be read. */
export function certificatesIn(text: string): readonly Uint8Array[] | null {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.length === 0 ? null : blocks.map((pem) => new X509Certificate(pem).raw);
  } catch {
    return null;
  }
}
