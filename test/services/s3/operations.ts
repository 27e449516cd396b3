import { getBucketLocation, getBucketVersioning, getObjectLockConfiguration, headBucket } from './bucket-settings.js';
import { completeMultipartUpload } from './complete-upload.js';
import { createBucket, createBucketNeeds } from './create-bucket.js';
import { deleteObject } from './delete-object.js';
import { listObjectsV2, listObjectVersions } from './list-objects.js';
import { listMultipartUploads, listParts } from './list-uploads.js';
import { abortMultipartUpload, createMultipartUpload, uploadPart } from './multipart-upload.js';
import { getObjectLegalHold, getObjectRetention, putObjectRetention } from './object-lock.js';
import type { Operation } from './operation.js';
import { putObject } from './put-object.js';
import { getObject, getObjectAttributes, headObject } from './read-object.js';
import { notImplemented } from './s3-error.js';
import type { S3Request } from './s3-request.js';

/** The operation that a request asks for, by method, path and query; throws 501 NotImplemented for all that is not in the table. */
export function operationOf(request: S3Request): Operation {
  const target = request.key === '' ? 'bucket' : 'object';
  const names = [...request.query.keys()].filter((name) => name !== 'x-id');
  const candidates = operations.filter((operation) => operation.method === request.method && operation.target === target);
  const found =
    candidates.find(({ subresource }) => subresource !== undefined && names.includes(subresource)) ??
    candidates.find(({ subresource }) => subresource === undefined);
  const what = `${request.method} of ${request.bucket === '' ? 'the service' : `a ${target}`}`;
  if (!found || request.bucket === '') throw notImplemented(`${what} with the query "${names.join('&')}"`);
  const strange = names.find((name) => name !== found.subresource && !found.parameters?.includes(name));
  if (strange !== undefined) throw notImplemented(`the query parameter "${strange}" in a ${what}`);
  if (request.header('x-amz-copy-source') !== undefined) throw notImplemented('CopyObject');
  return found;
}

/** Reading a named version is a permission of its own. */
const read = (request: S3Request) => [request.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion'];

const operations: readonly Operation[] = [
  { name: 'CreateBucket', method: 'PUT', target: 'bucket', needs: createBucketNeeds, run: createBucket },
  { name: 'HeadBucket', method: 'HEAD', target: 'bucket', needs: () => ['s3:ListBucket'], run: headBucket },
  {
    name: 'GetBucketLocation',
    method: 'GET',
    target: 'bucket',
    subresource: 'location',
    needs: () => ['s3:GetBucketLocation'],
    run: getBucketLocation,
  },
  {
    name: 'GetBucketVersioning',
    method: 'GET',
    target: 'bucket',
    subresource: 'versioning',
    needs: () => ['s3:GetBucketVersioning'],
    run: getBucketVersioning,
  },
  {
    name: 'GetObjectLockConfiguration',
    method: 'GET',
    target: 'bucket',
    subresource: 'object-lock',
    needs: () => ['s3:GetBucketObjectLockConfiguration'],
    run: getObjectLockConfiguration,
  },
  {
    name: 'ListObjectVersions',
    method: 'GET',
    target: 'bucket',
    subresource: 'versions',
    parameters: ['prefix', 'max-keys', 'key-marker', 'version-id-marker', 'encoding-type'],
    needs: () => ['s3:ListBucketVersions'],
    run: listObjectVersions,
  },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    target: 'bucket',
    subresource: 'list-type',
    parameters: ['prefix', 'max-keys', 'continuation-token', 'start-after', 'encoding-type'],
    needs: () => ['s3:ListBucket'],
    run: listObjectsV2,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    target: 'bucket',
    subresource: 'uploads',
    parameters: ['prefix', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
    needs: () => ['s3:ListBucketMultipartUploads'],
    run: listMultipartUploads,
  },
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    target: 'object',
    subresource: 'uploads',
    needs: () => ['s3:PutObject'],
    run: createMultipartUpload,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    target: 'object',
    subresource: 'uploadId',
    parameters: ['partNumber'],
    needs: () => ['s3:PutObject'],
    run: uploadPart,
  },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    target: 'object',
    subresource: 'uploadId',
    needs: () => ['s3:PutObject'],
    run: completeMultipartUpload,
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    target: 'object',
    subresource: 'uploadId',
    needs: () => ['s3:AbortMultipartUpload'],
    run: abortMultipartUpload,
  },
  {
    name: 'ListParts',
    method: 'GET',
    target: 'object',
    subresource: 'uploadId',
    parameters: ['max-parts', 'part-number-marker'],
    needs: () => ['s3:ListMultipartUploadParts'],
    run: listParts,
  },
  { name: 'PutObject', method: 'PUT', target: 'object', needs: () => ['s3:PutObject'], run: putObject },
  { name: 'HeadObject', method: 'HEAD', target: 'object', parameters: ['versionId'], needs: read, run: headObject },
  { name: 'GetObject', method: 'GET', target: 'object', parameters: ['versionId'], needs: read, run: getObject },
  {
    name: 'GetObjectAttributes',
    method: 'GET',
    target: 'object',
    subresource: 'attributes',
    parameters: ['versionId'],
    needs: (request) => [
      ...read(request),
      request.versionId === undefined ? 's3:GetObjectAttributes' : 's3:GetObjectVersionAttributes',
    ],
    run: getObjectAttributes,
  },
  {
    name: 'GetObjectRetention',
    method: 'GET',
    target: 'object',
    subresource: 'retention',
    parameters: ['versionId'],
    needs: () => ['s3:GetObjectRetention'],
    run: getObjectRetention,
  },
  {
    name: 'PutObjectRetention',
    method: 'PUT',
    target: 'object',
    subresource: 'retention',
    parameters: ['versionId'],
    needs: () => ['s3:PutObjectRetention'],
    run: putObjectRetention,
  },
  {
    name: 'GetObjectLegalHold',
    method: 'GET',
    target: 'object',
    subresource: 'legal-hold',
    parameters: ['versionId'],
    needs: () => ['s3:GetObjectLegalHold'],
    run: getObjectLegalHold,
  },
  {
    name: 'DeleteObject',
    method: 'DELETE',
    target: 'object',
    parameters: ['versionId'],
    needs: (request) => [request.versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion'],
    run: deleteObject,
  },
];
