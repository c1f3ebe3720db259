/** A rule as text: 'api.example.com', '*.example.com', '10.0.0.0/8', each with an optional ':443'. */
export type Rule = string | { host?: string; cidr?: string; ports?: number[]; protocol?: 'tcp' | 'udp' };

/** 'none': no interface but lo; with ports, one that nothing leaves by. 'public': everything but private, loopback, link-local and the host itself. */
export type NetworkPolicy =
  | 'none'
  | 'public'
  | {
      allow: Rule[];
      deny?: Rule[];
      /** Resolvers of the allowed names, each an IPv4 address with an optional ':port'. Default: those of the host */
      dns?: string[];
      /** Asked once per host and port, 5 s at most, then denied. */
      onDeny?: (
        denied: EgressDenied,
      ) => 'deny' | 'allow-once' | 'allow-host' | Promise<'deny' | 'allow-once' | 'allow-host'>;
    };

/** `message` is one sentence that a model can act on. */
export interface EgressDenied {
  at: Date;
  host?: string;
  ip: string;
  port: number;
  protocol: 'tcp' | 'udp' | 'dns';
  rule: string;
  message: string;
}
