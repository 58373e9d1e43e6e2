// A JSON value, as far as the type system can say it. Used where Kubernetes' schema leaves a field open.

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}
