/** Takes out what differs from run to run: run ids, times, hashes, version ids, ETags, sizes, ports. */
export function shape(text: string): string {
  return text
    .replaceAll(/\d{8}T\d{6}Z/g, '<run>')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, '<time>')
    .replaceAll(/\d{4}-\d\d-\d\d/g, '<date>')
    .replaceAll(/\d\d:\d\d:\d\dZ/g, '<clock>')
    .replaceAll(/\b[0-9a-f]{40}([0-9a-f]{24})?\b/g, '<hash>')
    .replaceAll(/VersionId=\S+/g, 'VersionId=<version>')
    .replaceAll(/ETag=\S+/g, 'ETag=<etag>')
    .replaceAll(/version [A-Za-z0-9._]{32}/g, 'version <version>')
    .replaceAll(/\b\d+(\.\d+)?K\)/g, '<size>K)')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>');
}
