// The answer to one question as data: records, response code, and what still has to be looked up elsewhere. Pure.

export type DnsRecord =
  | {
      readonly type: 'A' | 'AAAA' | 'CNAME' | 'PTR' | 'NS' | 'TXT';
      readonly name: string;
      readonly ttl: number;
      readonly data: string;
    }
  | {
      readonly type: 'SRV';
      readonly name: string;
      readonly ttl: number;
      readonly data: { priority: number; weight: number; port: number; target: string };
    }
  | {
      readonly type: 'SOA';
      readonly name: string;
      readonly ttl: number;
      readonly data: {
        mname: string;
        rname: string;
        serial: number;
        refresh: number;
        retry: number;
        expire: number;
        minimum: number;
      };
    };

export type ResponseCode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

export interface Question {
  /** As asked, without the last dot. */
  readonly name: string;
  /** `A`, `SRV`, ... or `UNKNOWN_<number>`. */
  readonly type: string;
}

export type Answer =
  /** Not a name of the cluster's: ask upstream. */
  | { readonly from: 'elsewhere' }
  | {
      readonly from: 'cluster';
      readonly code: ResponseCode;
      readonly answers: readonly DnsRecord[];
      readonly authorities: readonly DnsRecord[];
      readonly additionals: readonly DnsRecord[];
      /** The target of the last CNAME, whose addresses are still to be added. */
      readonly chase?: string;
    };
