// Answers in YAML: the JSON that would have been sent, written as Go's library writes it.
import { toYaml } from '../api/schema/encode-yaml.ts';
import type { Json } from '../api/schema/json.ts';
import { EncodedBytes } from './encoded.ts';
import type { ApiResponse, Encoded } from './request.ts';

export const YAML_TYPE = 'application/yaml';

export function yamlResponse(status: number, body: Encoded, warnings: readonly string[]): ApiResponse {
  // What JSON.parse answers is JSON.
  const value = JSON.parse(Buffer.from(body.bytes).toString('utf8')) as Json;
  const bytes = Buffer.from(toYaml(value));
  return { form: 'object', status, body: new EncodedBytes(bytes), contentType: YAML_TYPE, warnings };
}
