/** What S3 answered, or what the SDK met instead of an answer. */
export interface Answered {
  readonly status?: number;
  /** S3's code, from the body of its answer. */
  readonly code?: string;
  /** What the SDK calls it: from the body too, or from the status where there is no body. */
  readonly name?: string;
  readonly message?: string;
  readonly requestId?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error as the SDK throws it. Source: its ServiceException, and `$response` as its deserializers attach it. */
export function sdkError({ status, code, name, message = 'said S3', requestId, headers }: Answered): Error {
  return Object.assign(new Error(message), {
    ...(name === undefined && code === undefined ? {} : { name: name ?? code }),
    ...(code === undefined ? {} : { Code: code }),
    $metadata: { ...(status === undefined ? {} : { httpStatusCode: status }), ...(requestId === undefined ? {} : { requestId }) },
    ...(headers === undefined ? {} : { $response: { statusCode: status, headers } }),
  });
}

/** An error that never reached S3, or whose answer never came: Node's, with its code, or the SDK's, with its name. */
export function networkError(message: string, fields: { readonly name?: string; readonly code?: string } = {}): Error {
  return Object.assign(new Error(message), fields);
}
