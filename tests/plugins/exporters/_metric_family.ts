/** Decodes the messages of a scrape by the schema of Prometheus, with a library of its own. */
import protobuf from "protobufjs";

/** The part of Prometheus' schema that a scrape uses, from github.com/prometheus/client_model. */
const SCHEMA = `
syntax = "proto2";
package io.prometheus.client;
message LabelPair { optional string name = 1; optional string value = 2; }
enum MetricType { COUNTER = 0; GAUGE = 1; SUMMARY = 2; UNTYPED = 3; HISTOGRAM = 4; GAUGE_HISTOGRAM = 5; }
message Gauge { optional double value = 1; }
message Counter { optional double value = 1; optional Exemplar exemplar = 2; optional Timestamp created_timestamp = 3; }
message Quantile { optional double quantile = 1; optional double value = 2; }
message Summary { optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Quantile quantile = 3; optional Timestamp created_timestamp = 4; }
message Untyped { optional double value = 1; }
message Histogram {
  optional uint64 sample_count = 1; optional double sample_count_float = 4; optional double sample_sum = 2;
  repeated Bucket bucket = 3; optional Timestamp created_timestamp = 15;
  optional sint32 schema = 5; optional double zero_threshold = 6; optional uint64 zero_count = 7; optional double zero_count_float = 8;
  repeated BucketSpan negative_span = 9; repeated sint64 negative_delta = 10; repeated double negative_count = 11;
  repeated BucketSpan positive_span = 12; repeated sint64 positive_delta = 13; repeated double positive_count = 14;
  repeated Exemplar exemplars = 16;
}
message Bucket { optional uint64 cumulative_count = 1; optional double cumulative_count_float = 4; optional double upper_bound = 2; optional Exemplar exemplar = 3; }
message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
message Exemplar { repeated LabelPair label = 1; optional double value = 2; optional Timestamp timestamp = 3; }
message Metric {
  repeated LabelPair label = 1; optional Gauge gauge = 2; optional Counter counter = 3; optional Summary summary = 4;
  optional Untyped untyped = 5; optional Histogram histogram = 7; optional int64 timestamp_ms = 6;
}
message MetricFamily { optional string name = 1; optional string help = 2; optional MetricType type = 3; repeated Metric metric = 4; optional string unit = 5; }
message Timestamp { optional int64 seconds = 1; optional int32 nanos = 2; }
`;

const FAMILY = protobuf.parse(SCHEMA, { keepCase: true }).root
  .lookupType("io.prometheus.client.MetricFamily");

/** A pair of a label set. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** An exemplar. */
export interface DecodedExemplar {
  readonly label: readonly Pair[];
  readonly value: number;
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
}

/** A histogram with classic buckets, native ones, or both. */
export interface DecodedHistogram {
  readonly sample_count: number;
  readonly sample_sum: number;
  readonly bucket: readonly {
    readonly cumulative_count: number;
    readonly upper_bound: number;
    readonly exemplar?: DecodedExemplar;
  }[];
  readonly schema?: number;
  readonly zero_threshold?: number;
  readonly zero_count?: number;
  readonly positive_span: readonly {
    readonly offset: number;
    readonly length: number;
  }[];
  readonly positive_delta: readonly number[];
}

/** One series of a family. */
export interface DecodedMetric {
  readonly label: readonly Pair[];
  readonly gauge?: { readonly value: number };
  readonly counter?: { readonly value: number };
  readonly untyped?: { readonly value: number };
  readonly summary?: {
    readonly sample_count: number;
    readonly sample_sum: number;
    readonly quantile: readonly {
      readonly quantile: number;
      readonly value: number;
    }[];
  };
  readonly histogram?: DecodedHistogram;
}

/** A metric. */
export interface DecodedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metric: readonly DecodedMetric[];
}

/**
 * Decodes delimited messages.
 *
 * @throws Error if the bytes do not follow the schema
 */
export function decodeFamilies(bytes: Uint8Array): DecodedFamily[] {
  const reader = protobuf.Reader.create(bytes);
  const families: DecodedFamily[] = [];
  while (reader.pos < reader.len) {
    families.push(
      FAMILY.toObject(FAMILY.decodeDelimited(reader), {
        longs: Number,
        enums: String,
        arrays: true,
      }) as DecodedFamily,
    );
  }
  return families;
}

/** Counts of the positive buckets of a native histogram, by the index of the bucket. */
export function nativeBuckets(
  { positive_span, positive_delta }: Pick<
    DecodedHistogram,
    "positive_span" | "positive_delta"
  >,
): Map<number, number> {
  const buckets = new Map<number, number>();
  let index = 0;
  let next = 0;
  let count = 0;
  for (const { offset, length } of positive_span) {
    index += offset;
    for (let n = 0; n < length; n++) {
      count += positive_delta[next++];
      buckets.set(index++, count);
    }
  }
  return buckets;
}
