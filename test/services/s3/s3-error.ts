/** An error as S3 answers it: an HTTP status, a code from S3's list of error codes, and a message for people. */
export class S3Error extends Error {
  override readonly name = 'S3Error';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
    /** Extra elements of the error document, for instance `Condition`. */
    readonly details: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** The connection ended before the request was read whole: nobody is left to answer. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

export const noSuchKey = (key: string, headers: Record<string, string> = {}) =>
  new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', headers, { Key: key });

export const noSuchVersion = (key: string, versionId: string) =>
  new S3Error(404, 'NoSuchVersion', 'The specified version does not exist.', {}, { Key: key, VersionId: versionId });

export const noSuchUpload = (uploadId: string) =>
  new S3Error(
    404,
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    {},
    { UploadId: uploadId },
  );

export const notImplemented = (what: string) =>
  new S3Error(501, 'NotImplemented', `This stand-in does not model ${what}; it refuses rather than pretends.`);

export const invalidRequest = (message: string) => new S3Error(400, 'InvalidRequest', message);

export const invalidArgument = (message: string, name?: string, value?: string) =>
  new S3Error(400, 'InvalidArgument', message, {}, name ? { ArgumentName: name, ArgumentValue: value ?? '' } : {});

export const malformedXml = () =>
  new S3Error(400, 'MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema');

export const accessDenied = (message = 'Access Denied') => new S3Error(403, 'AccessDenied', message);

export const permanentRedirect = (bucket: string, region: string) =>
  new S3Error(
    301,
    'PermanentRedirect',
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
    { 'x-amz-bucket-region': region },
    { Bucket: bucket, Endpoint: `${bucket}.s3.${region}.amazonaws.com` },
  );

export const protectedByLock = () => accessDenied('Access Denied because object protected by object lock.');

export const preconditionFailed = () =>
  new S3Error(
    412,
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    {},
    { Condition: 'If-None-Match' },
  );

export const conditionalConflict = (key: string) =>
  new S3Error(
    409,
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    {},
    { Condition: 'If-None-Match', Key: key },
  );

export const missingLockConfiguration = () => invalidRequest('Bucket is missing Object Lock Configuration');

export const incompleteBody = () =>
  new S3Error(400, 'IncompleteBody', 'You did not provide the number of bytes specified by the Content-Length HTTP header');
